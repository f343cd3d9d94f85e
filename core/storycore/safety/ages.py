"""Tells the age of somebody from every other number: of years waited, of houses, of whisky."""

# ruff: noqa: PLR0911 - a rule is a row of questions, and each of them may be the answer
import re
from itertools import pairwise

from storycore.safety import grammar, lexicon
from storycore.safety.bystanders import is_bystander
from storycore.safety.numerals import Age, read_age
from storycore.safety.sheets import is_named_age, is_sheet
from storycore.safety.spans import DOUBT, counts_other_things
from storycore.safety.words import Words, some

# Below this, "N лет" alone is far more often a span of time than somebody's age.
_SPAN_LIMIT = 10
# A bare number below this is a count of something.
_BARE_LIMIT = 5
# «в одиннадцать» is an hour of the day; nobody says «в шестнадцать» of one without its minutes.
_HOURS = 12
# «ей тогда, кажется, едва-едва исполнилось шестнадцать»
_TO_WHOM_REACH = 10
# How far back the question stands that a bare number answers.
_QUESTION_REACH = 12

_BOUNDARIES = frozenset({"", "\n", ".", "!", "?", ",", "—"})
_LIVING = re.compile(r"прожи\w+|живет|жила?")
_AGE_WORD = re.compile(r"возраст\w*")
_SPAN_NOUN = re.compile(r"разниц\w*|срок\w*|стаж\w*|перерыв\w*")
_FIRST_TIME = re.compile(r"впервые|влюб\w+|замуж|родил\w+|сбежа\w+")


def says_age(words: Words, place: int) -> bool:
    """Say whether the number at `place` is the age of a person under eighteen."""
    age = read_age(words, place)
    if age is None or (not age.has_unit and age.years < _BARE_LIMIT):
        return False
    if _is_joined_to_adjective(words, age) or _is_form_of_class(words, age):
        return True
    if counts_other_things(words, age):
        return False
    to_whom = _to_whom(words, age)
    if to_whom == "thing" or (age.is_ordinal and not to_whom):
        return words.at(age.end) == "жизни"
    if to_whom or _is_told(words, age):
        return not is_bystander(words, age.start, age.end)
    return False


def _is_joined_to_adjective(words: Words, age: Age) -> bool:
    """Say whether this is the first half of «семнадцати- и сорокалетний»."""
    return (
        words.at(age.end) == "-"
        and words.at(age.end + 1) == "и"
        and "летн" in words.at(age.end + 2)
    )


def _is_form_of_class(words: Words, age: Age) -> bool:
    """Say whether this is a school class by its letter: «10 «А»»."""
    quoted = words.all[age.end : age.end + 3]
    if age.has_unit or age.years > 11 or "".join(quoted) not in _CLASS_LETTERS:  # noqa: PLR2004
        return False
    near = words.all[max(0, age.start - 3) : age.start] + words.after(age.end, 6)
    return not some(lexicon.STREET, near) and not some(lexicon.ADULT_ROLE, words.before(age.start))


_CLASS_LETTERS = frozenset(
    left + letter + right for letter in "абвгд" for left, right in ("«»", '""', "“”")
)


# --- whose age --------------------------------------------------------------------------------


def _to_whom(words: Words, age: Age) -> str:
    """Return "person" or "thing" for the dative beside the number, or an empty string."""
    following = words.at(age.end)
    if following in lexicon.DATIVE_PEOPLE:
        return "person"
    place = age.start - 1
    while age.start - place < _TO_WHOM_REACH and _is_filler(words, place):
        place -= 1
    who, between = words.at(place), words.all[place + 1 : age.start]
    if not age.has_unit and (between == [","] or some(lexicon.GIVING, words.before(place, 2))):
        return ""
    if who == "им" and age.is_inverted:
        return ""  # «написано им лет десять назад»: by him, not to them
    if age.has_unit and grammar.is_infinitive(following):
        return ""  # «ему еще два года платить»
    if lexicon.NOT_PEOPLE.fullmatch(words.at(place - 1)):
        return "thing"  # «кошке Мурке»
    if who in lexicon.DATIVE_PEOPLE or grammar.is_dative_person(who):
        return "person"
    if age.has_unit and grammar.is_dative_person(following):
        return "person"
    if words.at(age.start - 1) in {"было", "будет"} and _is_begun_with(words, age):
        return "person"
    is_thing = grammar.is_dative(who) and words.at(place - 1) not in {"на", "в", "по", "к"}
    return "thing" if is_thing else ""


def _is_begun_with(words: Words, age: Age) -> bool:
    """Say whether the sentence set a person apart before: «Марине, как он узнал, было пятнадцать»."""
    before = words.before(age.start)
    return any(
        mark == "," and (who in lexicon.DATIVE_PEOPLE or grammar.is_dative_person(who))
        for who, mark in pairwise(before)
    )


def _is_filler(words: Words, place: int) -> bool:
    word = words.at(place)
    return word in lexicon.FILLERS or (word == "в" and words.at(place + 1) in lexicon.MONTHS)


# --- ages told without a dative ---------------------------------------------------------------


def _is_told(words: Words, age: Age) -> bool:
    if is_sheet(words, age) or is_named_age(words, age) or _is_answer(words, age):
        return True
    before = words.before(age.start, 8)
    nearest = before[-1] if before else ""
    if nearest in lexicon.BIRTHDAY_VERBS:
        return nearest != "минуло"
    if nearest in {"неполных", "неполные", "свои"}:
        return True
    if nearest in {"младше", "моложе"}:
        return "не" not in before
    if nearest in {"старше", "больше", "более"} and DOUBT & set(before):
        return nearest == "старше" or some(lexicon.APPARENT, before) or "ей" in before
    if not age.has_unit:
        if nearest != "в" or age.years <= _HOURS:
            return False
        is_opening = len(before) == 1 and grammar.is_nominative_pronoun(words.at(age.end))
        return is_opening or _is_first_time(words, age)
    return _is_told_with_unit(words, age, before)


def _is_answer(words: Words, age: Age) -> bool:
    """Say whether the number answers «Сколько тебе лет?»."""
    question = words.all[max(0, age.start - _QUESTION_REACH) : age.start]
    if "сколько" not in question or "?" not in question:
        return False
    asked = question[max(0, question.index("сколько") - 1) : question.index("?")]
    is_answer = words.at(age.start - 1) in {"?", "—", "-", "\n", "."}
    return is_answer and bool({"лет", "годков"} & set(asked) or set(asked) & lexicon.DATIVE_PEOPLE)


def _is_first_time(words: Words, age: Age) -> bool:
    return some(_FIRST_TIME, words.before(age.start, 8) + words.after(age.end, 8))


def _is_told_with_unit(words: Words, age: Age, before: list[str]) -> bool:
    around = words.before(age.start) + words.after(age.end)
    if "свете" in around and some(_LIVING, around):
        return True
    if age.years < _SPAN_LIMIT:
        return False
    nearest = before[-1] if before else ""
    if some(_AGE_WORD, words.after(age.end, 4)) or _is_possessed(words, age, before):
        return True
    is_genitive = words.at(age.start).endswith("и")
    if is_genitive and not nearest:
        return True  # «Тринадцати лет ее отдали в дом графа»
    match nearest:
        case "в":
            governor = before[-2] if len(before) > 1 else ""
            is_span = some(_SPAN_NOUN, before) or governor == "раз" or grammar.is_thing(governor)
            return not is_span
        case "с" | "со":
            return not some(lexicon.HABIT_SINCE, around)
        case "к" | "от" | "до":
            return True
    if grammar.is_person(words.at(age.end)):
        return is_genitive  # «семнадцати лет девушка»
    return _stands_alone(words, age, before)


def _is_possessed(words: Words, age: Age, before: list[str]) -> bool:
    """Say whether the years are somebody's: «в ее шестнадцать лет», «ее шестнадцать лет пахли»."""
    if not before or before[-1] not in {"ее", "его", "мои", "твои", "ваши"}:
        return False
    return "в" in before[-2:] or grammar.is_verb(words.at(age.end))


def _stands_alone(words: Words, age: Age, before: list[str]) -> bool:
    """Say whether nothing in the clause tells what lasted so long."""
    if age.is_inverted:
        # «Лет шестнадцати, не больше, она…»; «лет десять» is a guess at a span.
        is_genitive = words.at(age.end - 1).endswith("и")
        return is_genitive and words.at(age.start - 1) in _BOUNDARIES
    clause = words.clause(age.start, age.end) + words.after(age.end, 4)
    if some(lexicon.DURATION_CLAUSE, clause) or some(lexicon.RELATIVE, clause):
        return False
    if any(grammar.is_nominative_pronoun(word) for word in clause[-3:] + before[-2:]):
        return False
    if words.at(age.end) in {"раз", "и"} or grammar.is_preposition(words.at(age.end)):
        return False
    if words.at(age.start - 1) in {"—", ":", ","} and grammar.is_thing(words.at(age.start - 2)):
        return False
    others = [word for word in clause if word not in lexicon.FILLERS]
    return not any(grammar.is_verb(word) or grammar.is_thing(word) for word in others)
