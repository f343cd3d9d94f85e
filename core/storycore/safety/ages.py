"""Tells the age of somebody from every other number: of years waited, of houses, of whisky."""

import re
from dataclasses import dataclass

from storycore.language import CARDINALS
from storycore.safety import grammar, lexicon
from storycore.safety.bystanders import is_bystander
from storycore.safety.words import Words, some

# The one number of this package. It is not a setting.
ADULT = 18
# Below this, "N лет" alone is far more often a span of time than somebody's age.
_SPAN_LIMIT = 10
# A bare number below this is a count of something.
_BARE_LIMIT = 5
# «ей тогда, кажется, едва-едва исполнилось шестнадцать»
_TO_WHOM_REACH = 9

_COMPOUND = frozenset(
    "двадцать двадцати тридцать тридцати сорок сорока пятьдесят пятидесяти шестьдесят шестидесяти "
    "семьдесят семидесяти восемьдесят восьмидесяти девяносто девяноста сто ста двести двухсот "
    "триста трехсот тысяча тысячи тысяч".split()
)
_ROMAN = {"vi": 6, "vii": 7, "viii": 8, "ix": 9, "xi": 11, "xii": 12, "xiii": 13, "xiv": 14}
_ROMAN |= {"xv": 15, "xvi": 16, "xvii": 17}
_SIGNS = frozenset("№#$€§")
_HYPHENS = frozenset("-—")
_SEPARATORS = frozenset(",(—-:/[|;\n")
_CLOSERS = frozenset({"", ",", ")", ".", ";", "\n", "—", "!", "?", "[", "]", "|", "/", "и", "с"})


@dataclass(frozen=True, slots=True)
class Age:
    """A number below eighteen, and where it stands: words [start, end), its unit included."""

    years: float
    start: int
    end: int
    has_unit: bool


def says_age(words: Words, place: int) -> bool:
    """Say whether the number at `place` is the age of a person under eighteen."""
    age = _read(words, place)
    if age is None or _counts_other_things(words, age):
        return False
    to_whom = _to_whom(words, age)
    if to_whom == "thing":
        return False
    if to_whom or _is_told(words, age):
        return not is_bystander(words, age.start, age.end)
    return False


def is_number(word: str) -> bool:
    """Say whether a word may begin an age under eighteen."""
    years = _value(word)
    return years is not None and years < ADULT


# --- reading ----------------------------------------------------------------------------------


def _value(word: str) -> float | None:
    if word.isdecimal():
        return float(int(word)) if len(word) <= 3 and word[0] != "0" else None
    if re.fullmatch(r"\d{1,2}[.,]\d", word):
        return float(word.replace(",", "."))
    return CARDINALS.get(word, _ROMAN.get(word))


def _read(words: Words, place: int) -> Age | None:
    years, before = _value(words.at(place)), words.at(place - 1)
    if years is None or not 1 <= years < ADULT or before in _COMPOUND or before in _SIGNS:
        return None
    if before in _HYPHENS and is_number(words.at(place - 2)):
        return None  # The second half of «15-16 лет» was read with the first.
    end = place + 1
    if words.at(end) == "-" and words.at(end + 1) in {"ти", "и", "ю", "х", "го", "й"}:
        end += 2
    elif words.at(end) in {"ти", "х"}:
        end += 1
    if words.at(end) in {"-", "—", "или"} and _value(words.at(end + 1)) is not None:
        end += 2
    if words.at(end) == "с" and words.at(end + 1) in {"половиной", "хвостиком", "лишним"}:
        end += 2
    if words.at(end) in lexicon.UNITS and not _is_initial(words, end):
        return Age(years, place, end + 1, has_unit=True)
    if words.at(place - 1) in lexicon.INVERTED_UNITS:
        return Age(years, place - 1, end, has_unit=True)
    if words.at(place) in _ROMAN:
        return None
    return Age(years, place, end, has_unit=False)


def _is_initial(words: Words, place: int) -> bool:
    """Say whether «г» or «л» is something else than a shortened year."""
    return words.at(place) in {"г", "л"} and words.at(place + 1) not in {".", ",", ")", "", "\n"}


# --- what is not an age -----------------------------------------------------------------------


def _counts_other_things(words: Words, age: Age) -> bool:
    following, preceding = words.at(age.end), words.at(age.start - 1)
    if preceding == "не":
        return True
    if following in lexicon.DURATION_AFTER:
        return True
    if age.has_unit:
        return _is_span(words, age)
    if preceding == "[" or following in {"%", "°", ":", "₽", "$", "€", "+", "№", "=", "*"}:
        return True
    if following in lexicon.AGE_COMPLEMENTS or following in lexicon.DATIVE_PEOPLE:
        return False
    return bool(following) and (
        grammar.is_genitive_plural(following)
        or following in {"раз", "раза", "тысяч", "миллионов", "сот", "человек", "ноль", "тридцать"}
        or (following == "-" and words.at(age.end + 1).startswith("летн"))
    )


def _is_span(words: Words, age: Age) -> bool:
    """Say whether "N лет" is how long something lasted."""
    following = words.at(age.end)
    if following in lexicon.AGE_COMPLEMENTS:
        return False
    if grammar.is_genitive_thing(following) and not lexicon.LIVELY_AGE.fullmatch(following):
        return True
    before = words.before(age.start, 6)
    nearest = before[-1] if before else ""
    if nearest in {"на", "до"}:
        looks = some(lexicon.APPARENT, before) or any(word.startswith("помолод") for word in before)
        after = words.after(age.end, 3)
        return not looks and (nearest == "на" or not after)
    return nearest in lexicon.DURATION_PREPOSITIONS and "не" not in before[-2:-1]


# --- whose age --------------------------------------------------------------------------------


def _to_whom(words: Words, age: Age) -> str:
    """Return "person" or "thing" for the dative beside the number, or an empty string."""
    following = words.at(age.end)
    if following in lexicon.DATIVE_PEOPLE:
        return "person"
    place = age.start - 1
    while age.start - place < _TO_WHOM_REACH and _is_filler(words, place):
        place -= 1
    who = words.at(place)
    if who in lexicon.DATIVE_PEOPLE:
        return "" if _is_governed(words, place, age) else "person"
    if age.years >= _BARE_LIMIT or age.has_unit:
        if grammar.is_dative_person(who) and not _is_governed(words, place, age):
            return "person"
        if age.has_unit and grammar.is_dative_person(following):
            return "person"
        if "datv" in str(grammar.readings(who)) and grammar.is_thing(who):
            return "thing"
    return ""


def _is_filler(words: Words, place: int) -> bool:
    word = words.at(place)
    return word in lexicon.FILLERS or (word == "в" and words.at(place + 1) in lexicon.MONTHS)


def _is_governed(words: Words, place: int, age: Age) -> bool:
    """Say whether the dative belongs to a verb of giving: «дал ей шестнадцать»."""
    before = words.before(place, 2)
    if not age.has_unit and age.years < _BARE_LIMIT:
        return True
    return not age.has_unit and some(lexicon.GIVING, before)


# --- ages told without a dative ---------------------------------------------------------------


def _is_told(words: Words, age: Age) -> bool:
    before = words.before(age.start, 8)
    nearest = before[-1] if before else ""
    if _is_sheet(words, age) or _is_named_age(before):
        return True
    if nearest in lexicon.BIRTHDAY_VERBS or nearest in {"неполных", "неполные"}:
        return True
    if nearest == "свои" or (nearest in {"младше", "моложе"} and "не" not in before):
        return True
    if nearest in {"старше", "больше", "более"} and before[-2:-1] == ["не"]:
        return some(lexicon.APPARENT, before) or nearest == "старше"
    if not age.has_unit:
        return nearest == "в" and age.years >= _SPAN_LIMIT and _is_first_time(words, age)
    return _is_told_with_unit(words, age, before, nearest)


def _is_named_age(before: list[str]) -> bool:
    """Say whether the number follows the word «возраст» or «на вид»."""
    tail = [word for word in before[-4:] if word not in lexicon.FILLERS]
    if tail and re.fullmatch(r"возраст\w*|age|aged", tail[-1]):
        return True
    return before[-2:] in (["на", "вид"], ["с", "виду"]) or (
        len(before) >= 2 and before[-1] == "на" and some(lexicon.APPARENT, before[-4:])
    )


def _is_first_time(words: Words, age: Age) -> bool:
    around = words.before(age.start, 8) + words.after(age.end, 8)
    return any(re.fullmatch(r"впервые|влюб\w+|замуж|родил\w+|первы[йм]", word) for word in around)


def _is_sheet(words: Words, age: Age) -> bool:
    """Say whether the number is set beside a person: «Аня (16)», «девушка лет семнадцати»."""
    following, mark = words.at(age.end), words.at(age.start - 1)
    place = age.start - 1
    if mark in _SEPARATORS:
        place -= 1
        if mark == "\n" and words.at(place) == ".":
            return len(words.at(place - 1)) == 1 and following in {"", "\n"}
    who = words.at(place)
    if not age.has_unit and {mark, following} & {"f", "ж"}:
        return True
    if age.has_unit:
        if mark in _SEPARATORS and following not in _CLOSERS:
            return False
        if who in _COMPOUND or not who:
            return False
        if grammar.is_nominative_pronoun(who):
            return mark in _SEPARATORS
        return _can_have_age(words, place, who)
    if age.years < _SPAN_LIMIT or following not in _CLOSERS or following == "с":
        return False
    if mark == "\n" and following not in {"", "\n"}:
        return False
    return _can_have_age(words, place, who)


def _can_have_age(words: Words, place: int, who: str) -> bool:
    if some(lexicon.STREET, words.all[max(0, place - 3) : place + 1]):
        return False
    if grammar.is_name(who):
        return True
    return grammar.is_person(who) or (who.isascii() and who.isalpha() and len(who) > 2)


def _is_told_with_unit(words: Words, age: Age, before: list[str], nearest: str) -> bool:
    around = words.before(age.start) + words.after(age.end)
    if nearest == "в":
        governor = before[-2] if len(before) > 1 else ""
        return governor != "раз" and not grammar.is_thing(governor)
    if nearest in {"с", "со"}:
        return age.years >= _SPAN_LIMIT and not some(lexicon.HABIT_SINCE, around)
    if nearest in {"к", "от", "до"}:
        return age.years >= _SPAN_LIMIT
    following = words.at(age.end)
    if grammar.is_person(following) and following not in lexicon.DURATION_AFTER:
        # «семнадцати лет девушка»
        return words.at(age.start).endswith("и")
    return age.years >= _SPAN_LIMIT and _stands_alone(words, age, before)


def _stands_alone(words: Words, age: Age, before: list[str]) -> bool:
    """Say whether nothing in the clause tells what lasted so long."""
    clause = words.clause(age.start, age.end)
    if some(lexicon.DURATION_CLAUSE, clause) or some(lexicon.RELATIVE, clause):
        return False
    if any(grammar.is_nominative_pronoun(word) for word in clause[-3:] + before[-2:]):
        return False
    if words.at(age.end) in {"раз", "и"} or grammar.is_preposition(words.at(age.end)):
        return False
    if words.at(age.start - 1) in _SEPARATORS and grammar.is_thing(words.at(age.start - 2)):
        return False
    others = [word for word in clause if word not in lexicon.FILLERS]
    return not any(grammar.is_verb(word) or grammar.is_thing(word) for word in others)
