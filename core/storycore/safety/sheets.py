"""Reads an age set beside a person without a verb: «Аня (16)», «возраст: 16», «девушка лет 17»."""

# ruff: noqa: PLR0911 - a rule is a row of questions, and each of them may be the answer
import re

from storycore.safety import grammar, lexicon
from storycore.safety.numerals import Age
from storycore.safety.words import Words, some

# A bare number below this, beside a name, is more often a score or a count.
_BARE_LIMIT = 10
_SEPARATORS = frozenset(",([—-:/[|;\n+=")
_CLOSERS = frozenset({"", ",", ")", ".", ";", "\n", "—", "!", "?", "[", "]", "|", "/", "и", "+"})
_SEXES = frozenset({"f", "ж"})
_NAMED_AGE = re.compile(r"возраст\w*|age|aged")
_NAMED_REACH = 4


def is_sheet(words: Words, age: Age) -> bool:
    """Say whether the number is set beside a person as an age."""
    mark = words.at(age.start - 1)
    who_place = age.start - 2 if mark in _SEPARATORS else age.start - 1
    if age.has_unit:
        return _is_apposition(words, age, who_place)
    if _SEXES & {mark, words.at(age.end), words.at(who_place)}:
        return age.years >= _BARE_LIMIT
    if age.years < _BARE_LIMIT or words.at(age.end) not in _CLOSERS:
        return False
    if mark == "\n":
        return words.at(age.end) in {"", "\n"} and _is_name_line(words, who_place)
    if mark in _SEPARATORS and words.at(who_place) in lexicon.INVERTED_UNITS:
        return True  # «лет — 15»
    if grammar.is_nominative_pronoun(words.at(who_place)):
        return mark in {"—", ":", "(", "-"}  # «она — 15, он — 45»
    if mark not in _SEPARATORS and not grammar.is_name(words.at(who_place)):
        return False
    return _can_have_age(words, who_place)


def is_named_age(words: Words, age: Age) -> bool:
    """Say whether the number follows «возраст» or «на вид»."""
    mark = words.at(age.start - 1)
    if mark in {":", "—"} and some(_NAMED_AGE, words.before(age.start)):
        return True
    before = words.before(age.start, _NAMED_REACH)
    tail = [word for word in before if word not in lexicon.FILLERS]
    if tail and _NAMED_AGE.fullmatch(tail[-1]):
        return True
    if before[-2:] in (["на", "вид"], ["с", "виду"]):
        return True
    return before[-1:] == ["на"] and some(lexicon.APPARENT, before)


def _is_apposition(words: Words, age: Age, who_place: int) -> bool:
    """Say whether "N лет" describes the word before it rather than lasts."""
    who, following = words.at(who_place), words.at(age.end)
    if age.is_inverted and who in {"была", "был", "оказалась", "оказался", "казалась"}:
        who_place -= 1
        who = words.at(who_place)
    is_apart = who_place < age.start - 1 and words.at(age.start - 1) in _SEPARATORS
    number = words.at(age.end - 1 if age.is_inverted else age.start)
    is_genitive = number.endswith("и") or (age.is_inverted and number.isdecimal())
    if not is_apart and number.isdecimal() and grammar.is_done(following):
        is_genitive = True  # «девчушка 14 лет постучала»
    if following not in _CLOSERS and (is_apart or not is_genitive):
        return False
    if grammar.is_nominative_pronoun(who):
        return is_apart
    return _can_have_age(words, who_place)


def _is_name_line(words: Words, place: int) -> bool:
    """Say whether a line ends in a name: «Аня», «А.»."""
    if words.at(place) == ".":
        return len(words.at(place - 1)) == 1 and words.at(place - 1).isalpha()
    return _can_have_age(words, place)


def _can_have_age(words: Words, place: int) -> bool:
    who = words.at(place)
    near = words.all[max(0, place - 3) : place + 1]
    if some(lexicon.STREET, near) or some(lexicon.NOT_PEOPLE, near):
        return False
    if who.isascii() and who.isalpha():
        return len(who) > len("ok") and words.at(place + 1) not in {"-", "/"}
    return grammar.is_name(who) or grammar.is_person(who) or grammar.is_invented(who)
