"""Word n-grams of a corpus without a table of n-grams: one sorted array answers every order.

Every place of the corpus is sorted by the three tokens before it. The places that follow a given
context are then one range of the array, the range of a longer context lies inside that of a
shorter one, and a million words take 30 MB. (The idea of a suffix array as a language model:
Zhang and Vogel 2006; Liu et al. 2024, "Infini-gram".)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]

# Tokens of context: the model is one of 4-grams.
ORDER = 3
# Two million different words are enough, and three of them fit into 63 bits.
_BITS = 21
# Of a common context so many places are looked at, evenly: the counts are proportions anyway.
_ENOUGH = 512


class Vocabulary:
    """Numbers words; may stand on another one, which it leaves as it is."""

    def __init__(self, base: "Vocabulary | None" = None) -> None:
        self._base = base
        self._offset = len(base) if base else 0
        self._ids: dict[str, int] = {}
        self._words: list[str] = []

    def __len__(self) -> int:
        return self._offset + len(self._words)

    def id(self, word: str) -> int:
        """Return the number of a word, a new one if need be."""
        known = self._base.find(word) if self._base else None
        if known is not None:
            return known
        number = self._ids.setdefault(word, len(self))
        if number == len(self):
            self._words.append(word)
        return number

    def find(self, word: str) -> int | None:
        """Return the number of a word, or None."""
        known = self._base.find(word) if self._base else None
        return self._ids.get(word) if known is None else known

    def word(self, number: int) -> str:
        """Return the word of a number."""
        if self._base and number < self._offset:
            return self._base.word(number)
        return self._words[number - self._offset]

    def own_words(self) -> Sequence[str]:
        """Return the words that the base doesn't have, in the order of their numbers."""
        return self._words


class Ngrams:
    """What followed what. Immutable once built; contexts are given oldest token first."""

    def __init__(self, corpus: Ids) -> None:
        """Sort a corpus of token numbers, each below 2 ** 21 - 1."""
        self._corpus = corpus
        keys = np.zeros(len(corpus), np.int64)
        for back in range(1, ORDER + 1):
            # One up: 0 stands for "before the beginning".
            keys[back:] |= (corpus[:-back].astype(np.int64) + 1) << (_BITS * (ORDER - back))
        self._order = np.argsort(keys).astype(np.int32)
        self._keys = keys[self._order]

    def __len__(self) -> int:
        return len(self._corpus)

    def continuations(self, context: Sequence[int]) -> list[Ids]:
        """Return what followed the last 1, 2, 3 tokens of `context`: token numbers, repeated.

        Each longer context has a list of its own; it ends with the longest that was ever seen.
        """
        found: list[Ids] = []
        low, high, key = 0, len(self._keys), 0
        for back, token in enumerate(reversed(context[-ORDER:]), start=1):
            shift = _BITS * (ORDER - back)
            key |= (token + 1) << shift
            window = self._keys[low:high]
            first, last = np.searchsorted(window, (key, key + (1 << shift)))
            if first == last:
                break
            low, high = low + int(first), low + int(last)
            step = max(1, (high - low) // _ENOUGH)
            found.append(self._corpus[self._order[low:high:step]])
        return found


def interpolate(levels: Sequence[Ids], inverse: NDArray[np.intp], size: int) -> NDArray[np.float64]:
    """Return the probabilities of `size` candidates from counts of ever longer contexts.

    `inverse` says for each token of the joined `levels` which candidate it is. Each level takes
    the share N / (N + T) with N tokens of T kinds and leaves the rest to the shorter context
    (Witten and Bell 1991, method C).
    """
    chances = np.zeros(size)
    start = 0
    for level in levels:
        counts = np.bincount(inverse[start : start + len(level)], minlength=size)
        start += len(level)
        kinds = np.count_nonzero(counts) if chances.any() else 0
        chances = (counts + kinds * chances) / (len(level) + kinds)
    return chances


class KnownRuns:
    """The runs of some words that a corpus holds: none of them may be written again.

    Marks, capitals and ё don't count. Kept as 64-bit sums, so one in some 10^13 innocent runs is
    refused for nothing.
    """

    _BASE = 0x9E3779B97F4A7C15

    def __init__(self, corpus: Ids, fingerprints: NDArray[np.uint64], length: int) -> None:
        """Take a corpus of token numbers and the fingerprint of each number, 0 for a mark.

        `length` is that of a run that may not be, in words.
        """
        self._before = length - 1
        weights = [pow(self._BASE, power, 1 << 64) for power in reversed(range(length))]
        self._weights = np.array(weights, np.uint64)
        words = fingerprints[corpus]
        words = words[words != 0]
        count = max(0, len(words) - self._before)
        runs = np.zeros(count, np.uint64)
        for place, weight in enumerate(self._weights):
            runs += words[place : place + count] * weight
        # Not np.unique: that keeps all other threads waiting.
        runs.sort()
        self._runs = runs

    def completed_by(
        self, recent: Sequence[int], candidates: NDArray[np.uint64]
    ) -> NDArray[np.bool_]:
        """Return which candidates' fingerprints complete a known run after `recent` ones."""
        if len(recent) < self._before or not len(self._runs):
            return np.zeros(len(candidates), np.bool_)
        last = np.array(recent[-self._before :], np.uint64)
        sums = (last * self._weights[:-1]).sum() + candidates
        places = np.minimum(np.searchsorted(self._runs, sums), len(self._runs) - 1)
        known: NDArray[np.bool_] = (self._runs[places] == sums) & (candidates != 0)
        return known
