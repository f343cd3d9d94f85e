"""The text as the rules walk through it: words in order, and the sentence around each."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from storycore.safety.lexicon import listed
from storycore.safety.normalise import normalise

_WORD = re.compile(r"\d+(?:[.,:/]\d+)+|\d+|[^\W\d_]+|[^\w\s]|\n")
_ENDS = frozenset(".!?\n;")
_CLAUSE_ENDS = _ENDS | frozenset(',:()—«»"“”[]')
_CLAUSE_WORDS = listed("но а что чтобы когда если потому хотя пока которая который которые")
# How far a rule looks; longer sentences are rare and their ends say little of each other.
_REACH = 24


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text; `settled` of them may be judged, the rest only help to judge."""

    all: list[str]
    settled: int

    @classmethod
    def of(cls, text: str, lookahead: str = "") -> "Words":
        """Take a text apart. A cue that begins in `lookahead` is left for the next reading."""
        words = _WORD.findall(normalise(text))
        return cls(words + _WORD.findall(normalise(lookahead)), len(words))

    def at(self, place: int) -> str:
        """Return one word; an empty one beyond either end."""
        return self.all[place] if 0 <= place < len(self.all) else ""

    def before(self, place: int, count: int = _REACH) -> list[str]:
        """Return up to `count` words before a place, in order, within its sentence."""
        return self.all[self._sentence_start(place, count) : place]

    def after(self, place: int, count: int = _REACH) -> list[str]:
        """Return up to `count` words from a place on, within its sentence."""
        return self.all[place : self._sentence_end(place, count)]

    def clause(self, start: int, end: int) -> list[str]:
        """Return the words between commas around [start, end), without those words themselves."""
        first = start
        while first > 0 and start - first < _REACH and not _parts_clauses(self.all[first - 1]):
            first -= 1
        last = end
        while last < len(self.all) and last - end < _REACH and not _parts_clauses(self.all[last]):
            last += 1
        return self.all[first:start] + self.all[end:last]

    def _sentence_start(self, place: int, count: int) -> int:
        first = min(place, len(self.all))
        floor = max(0, first - count)
        while first > floor and self.all[first - 1] not in _ENDS:
            first -= 1
        return first

    def _sentence_end(self, place: int, count: int) -> int:
        last = place
        ceiling = min(len(self.all), place + count)
        while last < ceiling and self.all[last] not in _ENDS:
            last += 1
        return last


def _parts_clauses(word: str) -> bool:
    return word in _CLAUSE_ENDS or word in _CLAUSE_WORDS


def some(pattern: re.Pattern[str], words: Iterable[str]) -> bool:
    """Say whether any of the words is, as a whole, what the pattern tells."""
    return any(pattern.fullmatch(word) for word in words)
