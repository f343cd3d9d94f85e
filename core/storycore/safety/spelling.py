"""Tells which cue word a strange spelling stands for: in foreign letters, digits, doubled."""

import re
from functools import cache

from storycore.language import CARDINALS
from storycore.safety.grammar import forms
from storycore.safety.lexicon import BIRTHDAY_VERBS, DATIVE_PEOPLE, MINOR_NOUNS, listed

# Shorter words are told inside too many others.
_LONG = 4


def cue_word(word: str) -> str | None:
    """Return the cue word that this spelling stands for, if it stands for one."""
    words = _by_signature()
    readings = (word.translate(_AS_SEEN), _as_said(word, "ц"), _as_said(word, "к"))
    for spelled in (*readings, word.replace("1", "л")) if "1" in word else readings:
        if found := words.get(_signature(spelled)):
            return found
    return None


_AS_SEEN = str.maketrans("aeopcxykmhtbnurgils", "аеорсхукмнтвпигдилс")
_SYLLABLES = {
    "shch": "ш", "sch": "ш", "sh": "ш", "ch": "ч", "zh": "ж", "kh": "х", "ts": "ц", "tz": "ц",
    "ya": "я", "ja": "я", "ia": "я", "yu": "ю", "ju": "ю", "iu": "ю", "yo": "е", "jo": "е",
    "ye": "е", "je": "е", "'": "",
}  # fmt: skip
_SYLLABLE = re.compile("|".join(_SYLLABLES))
_SOUNDS = str.maketrans("abdefghijklmnopqrstuvwxyz", "абдефгхийклмнопкрстуввхиз")


def _as_said(word: str, c: str) -> str:
    """Return a Latin spelling in Russian letters; the letter c is read as told."""
    said = _SYLLABLE.sub(lambda found: _SYLLABLES[found[0]], word)
    return said.replace("c", c).translate(_SOUNDS)


# Letters, digits and signs that are written for one another fall together.
_FALL = str.maketrans(
    {
        **dict.fromkeys("ьъ'_", ""),
        **dict.fromkeys("а@4ч", "а"),
        **dict.fromkeys("езэє3", "е"),
        **dict.fromkeys("иыйії1", "и"),
        **dict.fromkeys("о0", "о"),
        **dict.fromkeys("с5$", "с"),
        **dict.fromkeys("т7", "т"),
        **dict.fromkeys("б6", "б"),
        **dict.fromkeys("в8", "в"),
        **dict.fromkeys("шщ", "ш"),
    }
)
_DOUBLES = re.compile(r"(.)\1+")


def _signature(word: str) -> str:
    return _DOUBLES.sub(r"\1", word.translate(_FALL))


@cache
def _by_signature() -> dict[str, str]:
    """Return every cue word by its signature, built from the lexicon when first needed."""
    return {_signature(word): word for word in sorted(_cue_words(), key=len)}


@cache
def long_cues() -> tuple[frozenset[str], list[int], frozenset[str]]:
    """Return the cue words told inside other letters, their lengths, long first, and beginnings."""
    known = frozenset(word for word in _cue_words() if len(word) >= _LONG) | {"лет"}
    lengths = sorted({len(word) for word in known}, reverse=True)
    return known, lengths, frozenset(word[:2] for word in known)


@cache
def _cue_words() -> frozenset[str]:
    endings = listed("ий яя ее ие его ей ему ую юю им ем их ими")
    numbers = listed(
        "пяти шести семи восьми девяти десяти одиннадцати двенадцати тринадцати четырнадцати "
        "пятнадцати шестнадцати семнадцати"
    )
    return frozenset(
        {
            *(word for word, number in CARDINALS.items() if number != 1),
            *(form for noun in MINOR_NOUNS for form in forms(noun)),
            *(f"{stem}летн{ending}" for stem in ("", *numbers) for ending in endings),
            *(DATIVE_PEOPLE - {"той", "тому", "ней", "кому"}),
            *BIRTHDAY_VERBS,
            *listed("лет год года годика годиков класс класса классе классница школе школу"),
            *listed("младше моложе возраст совершеннолетия совершеннолетняя ученица школьная"),
        }
    )
