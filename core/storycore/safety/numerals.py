"""Reads a number below eighteen, in digits or in words, with its unit when it has one."""

import re
from dataclasses import dataclass

from storycore.language import CARDINALS
from storycore.safety import lexicon
from storycore.safety.words import Words

# The one number of this package. It is not a setting.
ADULT = 18
# Longer digits are years, prices and telephones.
_AGE_DIGITS = 3

_COMPOUND = lexicon.listed(
    "двадцать двадцати тридцать тридцати сорок сорока пятьдесят пятидесяти шестьдесят шестидесяти "
    "семьдесят семидесяти восемьдесят восьмидесяти девяносто девяноста сто ста двести двухсот "
    "триста трехсот тысяча тысячи тысяч twenty thirty forty fifty"
)
_ROMAN = {"vi": 6, "vii": 7, "viii": 8, "ix": 9, "xi": 11, "xii": 12, "xiii": 13, "xiv": 14}
_ROMAN |= {"xv": 15, "xvi": 16, "xvii": 17}
_SIGNS = frozenset("№#$€§")
_HYPHENS = frozenset("-—")
_CASE_ENDINGS = frozenset({"ти", "и", "ю", "х"})
_ORDINAL_ENDINGS = frozenset({"й", "го", "му", "м", "е", "я", "ый"})
_FRACTIONS = frozenset({"половиной", "хвостиком", "лишним", "половинкой"})


@dataclass(frozen=True, slots=True)
class Age:
    """A number below eighteen, and where it stands: words [start, end), its unit included."""

    years: float
    start: int
    end: int
    has_unit: bool
    is_inverted: bool = False
    is_ordinal: bool = False


def is_number(word: str) -> bool:
    """Say whether a word may begin an age under eighteen."""
    years = value(word)
    return years is not None and years < ADULT


def value(word: str) -> float | None:
    """Return the number a word tells, if it tells one."""
    if word.isdecimal():
        return float(int(word)) if len(word) <= _AGE_DIGITS and word[0] != "0" else None
    if re.fullmatch(r"\d{1,2}[.,]\d", word):
        return float(word.replace(",", "."))
    if word == "семью":
        return None  # far oftener a family than seven of something
    return CARDINALS.get(word, _ROMAN.get(word))


def read_age(words: Words, place: int) -> Age | None:
    """Return the number at a place as a possible age; None when it is eighteen or more."""
    years, before = value(words.at(place)), words.at(place - 1)
    if years is None or not 1 <= years < ADULT or before in _COMPOUND or before in _SIGNS:
        return None
    if before in _HYPHENS and is_number(words.at(place - 2)):
        return None  # The second half of «15-16 лет» was read with the first.
    end = place + 1
    if words.at(end) in _HYPHENS and words.at(end + 1) in _ORDINAL_ENDINGS:
        # «17-й год»: a date or a count, or somebody's year of life; never a bare age.
        has_year = words.at(end + 2).startswith("год")
        return Age(years, place, end + 3, has_unit=True, is_ordinal=True) if has_year else None
    if words.at(end) == "-" and words.at(end + 1) in _CASE_ENDINGS and words.at(place).isdecimal():
        end += 2
    elif words.at(end) in {"ти", "х"}:
        end += 1
    if words.at(end) in {"-", "—", "или"} and value(words.at(end + 1)) is not None:
        end += 2
    if words.at(end) == "с" and words.at(end + 1) in _FRACTIONS:
        end += 2
    return _with_unit(words, place, end, years)


def _with_unit(words: Words, place: int, end: int, years: float) -> Age | None:
    if words.at(end) in lexicon.UNITS and not _is_initial(words, end):
        return Age(years, place, end + 1, has_unit=True)
    if words.at(place - 1) in lexicon.INVERTED_UNITS:
        return Age(years, place - 1, end, has_unit=True, is_inverted=True)
    if words.at(place) in _ROMAN:
        return None
    return Age(years, place, end, has_unit=False)


def _is_initial(words: Words, place: int) -> bool:
    """Say whether «г» or «л» is something else than a shortened year."""
    return words.at(place) in {"г", "л"} and words.at(place + 1) not in {".", ",", ")", "", "\n"}
