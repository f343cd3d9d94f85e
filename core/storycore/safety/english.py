"""The same cues in English, which a Russian wish may be written in."""

import re

from storycore.safety.numerals import ADULT
from storycore.safety.words import Words, some

# Words that name a minor whatever stands around them.
MINOR = (
    r"underage|underaged|preteen\w*|pre|teen|teens|teenage\w*|schoolgirl\w*|schoolboy\w*|jailbait|"
    r"loli\w*|shota\w*|minors|highschooler\w*|sophomore|kindergart\w+|pubescent|prepubescent|tween\w*|teeny?"
)
YEARS = r"years?|yo|yrs?|year|y"
AGED = r"age|be|of|aged|turns?|turned|turning|is|s|am|im|was"
SCHOOL = r"school|grade|grader|graders"
LIMIT = r"under|below|younger"
MINOR_SINGLE = r"minor"

# "it is 3" is a time or a count.
_BARE_LIMIT = 10
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
}  # fmt: skip
_THINGS = re.compile(
    r"boat|ship|bike|truck|phone|computer|tree|bridge|whisky|whiskey|scotch|wine|marriage|car|house|building|company|dog|cat|horse|rum|brandy|port|"
    r"relationship|friendship|career|ago|of|together|later|experience|contract|sentence|laptop|bottle|mortgage"
)


_PERSON = re.compile(r"girl|boy|lad|lass|woman|man|maiden|kid|child|student|daughter|son")


def _years(word: str) -> int | None:
    number = int(word) if word.isdecimal() and len(word) < len("100") else _NUMBERS.get(word)
    return number if number is not None and 1 <= number < ADULT else None


def says_years_old(words: Words, place: int) -> bool:
    """Say whether "16-year-old", "sixteen years old" or "16 y.o." is a person's age."""
    before = [word for word in words.all[max(0, place - 2) : place] if word not in {"-", "—"}]
    if not before or _years(before[-1]) is None:
        return False
    after = [word for word in words.all[place + 1 : place + 7] if word not in {"-", "—"}]
    word = words.at(place)
    if word == "y":
        return after[:2] == [".", "o"] or after[:2] == ["/", "o"]
    if word == "yo":
        return True
    if some(_THINGS, words.before(place, 6)):
        return False
    return bool(after) and after[0] in {"old", "olds"} and not some(_THINGS, after[1:3])


def is_aged(words: Words, place: int) -> bool:
    """Say whether "aged 16", "she is sixteen" tells somebody's age."""
    word, number = words.at(place), words.at(place + 1)
    if number in {"only", "just", "barely", "almost", ":", "nearly", "of"}:
        number, following = words.at(place + 2), words.at(place + 3)
    else:
        following = words.at(place + 2)
    if word in {"age", "aged"} or word.startswith("turn"):
        return _years(number) is not None
    who = words.all[max(0, place - 3) : place]
    if word == "of":
        return _years(number) is not None and some(_PERSON, who[-1:])
    if some(_THINGS, who):
        return False
    is_somebody = some(re.compile(r"she|he|i|they|girl|boy|who|woman|man|[a-z]{3,}"), who[-2:])
    return (
        is_somebody
        and (_years(number) or 0) >= _BARE_LIMIT
        and following in {"", ".", ",", "!", "?", "and", "years", "\n", "but", "in", "soon", "next"}
    )


def is_at_school(words: Words, place: int) -> bool:
    """Say whether somebody is at high school or in a grade."""
    before = words.before(place, 4)
    after = words.after(place + 1, 3)
    if words.at(place).startswith("grade"):
        ordinal = re.compile(
            r"\d{1,2}(?:th|st|nd|rd)?|th|st|nd|rd|(?:fir|seco|thi|four|fif|six|seven|eigh|nin|ten|eleven|twelf)\w*"
        )
        return some(ordinal, before[-3:])
    return before[-1:] in (["high"], ["middle"], ["elementary"]) and some(
        re.compile(r"girls?|boys?|student\w*|freshman|senior\w*|kid\w*|sweetheart"),
        after[:1] + before[:-1],
    )


def is_under_limit(words: Words, place: int) -> bool:
    """Say whether "under 18" or "younger than eighteen" is told of somebody."""
    after = [word for word in words.after(place + 1, 4) if word not in {"than", "the", "age", "of"}]
    notice = re.compile(r"no|nobody|prohibited|forbidden|not|never")
    return (
        bool(after) and after[0] in {"18", "eighteen"} and not some(notice, words.before(place, 6))
    )


def is_a_minor(words: Words, place: int) -> bool:
    """Say whether "a minor" is a person: not a key in music, not a small matter."""
    before = words.before(place, 3)
    return (
        before[-1:] == ["a"]
        and some(re.compile(r"is|s|with|was|still"), before)
        and words.at(place + 1) in {"", ".", ",", "!", "?", "and", "who", "\n"}
    )


def names_minor(words: Words, place: int) -> bool:
    """Say whether an English noun of childhood stands undenied."""
    word = words.at(place)
    if word == "pre":
        return words.at(place + 1) == "-" and words.at(place + 2).startswith("teen")
    return words.before(place, 2)[-1:] != ["not"] and words.before(place, 2) != ["not", "a"]
