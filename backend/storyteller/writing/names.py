"""Takes the names out of other people's texts, so that no stranger walks into the reader's story."""

import re
from functools import cache, lru_cache

from pymorphy3 import MorphAnalyzer
from pymorphy3.analyzer import Parse

# A name with the surname or patronymic after it is one person.
_CAPITALISED = re.compile(r"[А-ЯЁ][а-яё]+(?:\s+[А-ЯЁ][а-яё]+)*")
_ROLES = {"masc": "герой", "femn": "героиня"}
# How sure pymorphy3 must be: «Марина» is a name, «Надежда» at the head of a line mostly isn't.
_SURE = 0.5
_STARTS = re.compile(r"(?:^|[.!?…«„\"—–-])\s*$")


def without_names(text: str) -> str:
    """Return the text with every person's name as «герой» or «героиня», in the same case."""
    return _CAPITALISED.sub(_replace, text)


def _replace(found: re.Match[str]) -> str:
    """Replace each run of names in a run of capitalised words; leave the other words alone."""
    words: list[str] = []
    after_name = False
    for word in found.group().split():
        role = _role(word)
        if role is None:
            after_name = False
            words.append(word)
        elif not after_name:
            after_name = True
            words.append(role)
    if _STARTS.search(found.string, max(0, found.start() - 3), found.start()):
        words[0] = words[0].capitalize()
    return " ".join(words)


@lru_cache(maxsize=20_000)
def _role(word: str) -> str | None:
    """Return the role in the case of a name, or None when the word is no name."""
    name = _name(word)
    if name is None:
        return None
    role: Parse = _analyser().parse(_ROLES["femn" if "femn" in name.tag else "masc"])[0]
    inflected = role.inflect({name.tag.case}) if name.tag.case else None
    return str((inflected or role).word)


def _name(word: str) -> Parse | None:
    parses = [parse for parse in _analyser().parse(word.lower()) if _is_name(parse)]
    if sum(parse.score for parse in parses) < _SURE:
        return None
    # Анне is Анна, and only then somebody whose name never changes.
    return min(parses, key=lambda parse: "Fixd" in parse.tag)


def _is_name(parse: Parse) -> bool:
    return any(mark in parse.tag for mark in ("Name", "Patr", "Surn"))


@cache
def _analyser() -> MorphAnalyzer:
    return MorphAnalyzer()
