"""Finds people who are children by their name: «школьница», «подросток», «десятиклассник»."""

# ruff: noqa: PLR0911 - a rule is a row of questions, and each of them may be the answer
import re

from storycore.safety import grammar, lexicon
from storycore.safety.bystanders import is_bystander
from storycore.safety.words import Words, some

_NEGATIONS = frozenset(
    {"не", "никакая", "никакой", "бывшая", "бывший", "бывшей", "бывшую", "бывшего"}
)
_CHILD = re.compile(
    r"ребен(?:ок|ка|ку|ком|ке)|дит[яею]\w*|девочк\w*|мальчик\w*|подрост\w*|школьни\w*|детск\w*"
)
_MADE = re.compile(r"\b(?:сдела\w+|обрати\w+)(?: \w+){1,2}$")
_STILL = lexicon.listed(
    "еще совсем почти сущий сущее сущим полным настоящим практически фактически сути лишь просто"
)


def names_minor(words: Words, place: int) -> bool:
    """Say whether the noun at `place` is a character: not denied, compared or passing by."""
    if _is_denied(words, place) or _is_simile(words, place) or _is_title(words, place):
        return False
    word = words.at(place)
    around = words.before(place) + words.after(place + 1)
    if some(lexicon.FRAME, around):
        return True
    if some(_CARE, words.before(place, 3)):
        return False
    if is_bystander(words, place, place + 1) or _is_notice(word, around):
        return False
    if _is_of_parent(words, place):
        return False
    plural = _is_plural(word)
    if plural and some(lexicon.CROWD, around):
        return False
    return not (some(lexicon.ADULT_ROLE, around) and (plural or _is_served(words, place)))


# What is done to a child that is then out of the way.
_CARE = re.compile(r"отве(?:л|з)\w*|забр(?:ал|ать)\w*|уложил\w*|накормил\w*|проводил\w*|провожа\w+")


def _is_denied(words: Words, place: int) -> bool:
    if words.at(place - 1) in _NEGATIONS or words.before(place, 2) == ["перестала", "быть"]:
        return True
    return words.before(place, 2)[:1] == ["не"] and grammar.is_adjective(words.at(place - 1))


def _is_simile(words: Words, place: int) -> bool:
    """Say whether somebody only blushes like one; looking like one is another thing."""
    before = words.before(place, 4)
    compares = any(word in lexicon.SIMILE for word in before[-2:])
    around = words.before(place, 10) + words.after(place, 6)
    return compares and not some(lexicon.LOOKS_LIKE, around)


def _is_title(words: Words, place: int) -> bool:
    """Say whether the noun is a whole title: «роман „Подросток“»."""
    if words.at(place - 1) not in _QUOTES or words.at(place + 1) not in _QUOTES:
        return False
    return some(_WORKS, words.before(place, 4))


_QUOTES = frozenset('«»„“”"')
_WORKS = re.compile(r"роман\w*|книг\w*|спектакл\w*|фильм\w*|повест\w*|пьес\w*|опер\w+|песн\w+")


def _is_plural(word: str) -> bool:
    tags = [tag for tag in grammar.readings(word) if "NOUN" in tag]
    return bool(tags) and any("plur" in tag for tag in tags)


def _is_served(words: Words, place: int) -> bool:
    """Say whether the noun is in a case of serving: «врач для подростка», «репетитор школьника»."""
    tags = [tag for tag in grammar.readings(words.at(place)) if "NOUN" in tag]
    return bool(tags) and all(tag.case not in {"nomn", "ablt"} for tag in tags)


def _is_of_parent(words: Words, place: int) -> bool:
    """Say whether the noun only tells whose parent a character is: «мать подростка»."""
    before = words.before(place, 4)
    nearest = [word for word in before if not word.isdigit()][-2:]
    return some(lexicon.PARENTS, nearest) and _is_served(words, place)


def _is_notice(word: str, around: list[str]) -> bool:
    return word.startswith("несовершеннолетн") and some(lexicon.FORBIDDING, around)


def names_grader(words: Words, place: int) -> bool:
    """Say whether «девятиклассница» is a character."""
    return names_minor(words, place)


def has_young_body(words: Words, place: int) -> bool:
    """Say whether an adjective of childhood describes a body or clothes worn for it."""
    following = words.after(place + 1, 2)
    if not following:
        return False
    if words.at(place).startswith("школьн"):
        wears = re.compile(r"форм[аеуоы]\w?|фартук\w*|юбк\w*|передник\w*|платьиц\w*")
        return some(wears, following[:1]) and not some(lexicon.ADULT_ROLE, words.before(place, 6))
    body = lexicon.CHILD_BODY if words.at(place).startswith("детск") else lexicon.BODY
    return some(body, following[:1])


def is_still_child(words: Words, place: int) -> bool:
    """Say whether somebody is called a child in body or in years: «она совсем еще ребенок»."""
    before = [word for word in words.before(place, 9) if word.isalpha()]
    if _is_denied(words, place):
        return False
    if before[-1:] and before[-1] in _STILL and "как" not in before[-3:]:
        near = before + words.after(place + 1, 5)
        whose = [w for w in near if grammar.is_nominative_pronoun(w) or grammar.is_name(w)]
        return bool(whose) and not is_bystander(words, place, place + 1)
    if (
        before[-1:]
        and before[-1] in {"будет", "будут", "стань", "была", "был"}
        and words.at(place).endswith("ом")
    ):
        return True
    text = " ".join(before)
    if _MADE.search(text) and words.at(place).endswith("ом"):
        return True
    if re.search(
        r"\b(?:в тел[еа]|с тел\w+|тел\w+|фигур\w+|внешност\w+|в облике|в обличье)(?: \w+)?$", text
    ):
        return True
    if re.search(
        r"\bпревра\w+(?: \w+){0,3} в(?: \w+)?$|\b(?:снова|опять) (?:стал\w*|станов\w+)(?: \w+)?$",
        text,
    ):
        return True
    if words.at(place).startswith(("девочк", "мальчик")):
        return False
    return bool(
        re.search(r"\b(?:похож\w+ на|выгляд\w+(?: \w+){0,2} (?:как|словно|точно))(?: \w+)?$", text)
    )


CHILD = r"ребен(?:ок|ка|ку|ком|ке)|дит[яею]|дитят\w+|девочк\w+|мальчик\w*|малышк[аиуе]"
