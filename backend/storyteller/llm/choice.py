"""The choice of the next token: what may come, how likely it is, and what the dice say."""

import math
import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storyteller.llm.base import Sampling
from storyteller.llm.ngrams import Ids, KnownRuns, Ngrams, Vocabulary, interpolate
from storyteller.llm.prose import ENDS, PARAGRAPH

Chances = NDArray[np.float64]

# The part of the found passages in the choice of a word, where they know the context. Enough to
# hear them, too little to recite them.
LEANING = 0.15


@dataclass(frozen=True)
class Sources:
    """What a story is composed from: the corpus, and what was found in it for this story."""

    vocabulary: Vocabulary
    corpus: Ngrams
    passages: Ngrams | None
    known_runs: Sequence[KnownRuns]
    # Of every number of the vocabulary; 0 for a mark.
    fingerprints: NDArray[np.uint64]


@dataclass(frozen=True)
class Marks:
    """The numbers of the tokens that have a rule of their own."""

    paragraph: int
    full_stop: int
    dash: int
    opening: int
    closing: int
    ends: tuple[int, ...]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "Marks":
        """Return the marks of a vocabulary."""
        paragraph, full_stop, dash, opening, closing = map(vocabulary.id, (PARAGRAPH, *".—«»"))
        ends = tuple(sorted(map(vocabulary.id, ENDS)))
        return cls(paragraph, full_stop, dash, opening, closing, ends)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the place in the story asks for."""

    # The fingerprints of the words so far, and those that would repeat a run of them.
    words: Sequence[int]
    repeating: Collection[int]
    forbidden: Collection[int]
    # Take the end of the sentence if there is one.
    hurry: bool


class Chooser:
    """Draws tokens; each draw returns the token and its surprise in nats."""

    def __init__(self, sources: Sources, marks: Marks, sampling: Sampling) -> None:
        self._sources = sources
        self._sampling = sampling
        self._ends = np.array(marks.ends)
        self._fallback = [marks.paragraph]

    def next(
        self,
        context: Sequence[int],
        bounds: Bounds,
        recent: Counter[int],
        chance: random.Random,
    ) -> tuple[int, float] | None:
        """Return a token after `context` and its surprise; None when nothing is allowed."""
        corpus, passages = self._sources.corpus, self._sources.passages
        levels = corpus.continuations(context)
        leaning = passages.continuations(context) if passages else []
        if not levels and not leaning:
            return None
        ids, chances = _mixed(levels, leaning)
        known = chances.copy()
        self._forbid(ids, chances, bounds)
        if not chances.any():
            return None
        place = self._draw(self._tired(ids, chances, recent), chance)
        return int(ids[place]), -math.log(known[place])

    def any_word(self, last: int, chance: random.Random) -> int:
        """Return a word that was seen after `last`, or at the start of a paragraph."""
        corpus = self._sources.corpus
        seen = corpus.continuations([last]) or corpus.continuations(self._fallback)
        words = seen[0][self._sources.fingerprints[seen[0]] != 0]
        return int(chance.choice(words))

    def _forbid(self, ids: Ids, chances: Chances, bounds: Bounds) -> None:
        prints = self._sources.fingerprints[ids]
        for runs in self._sources.known_runs:
            chances[runs.completed_by(bounds.words, prints)] = 0
        if bounds.repeating:
            chances[np.isin(prints, np.array(list(bounds.repeating), np.uint64))] = 0
        chances[np.isin(ids, list(bounds.forbidden))] = 0
        if bounds.hurry:
            ends = np.isin(ids, self._ends)
            if chances[ends].any():
                chances[~ends] = 0

    def _tired(self, ids: Ids, chances: Chances, recent: Counter[int]) -> Chances:
        """Return the chances with those of recent words divided by the penalty, once a time."""
        penalty = self._sampling.repeat_penalty
        if math.isclose(penalty, 1) or not recent:
            return chances
        seen = np.fromiter(recent, np.int64, len(recent))
        times = np.fromiter(recent.values(), np.float64, len(recent))
        places = np.minimum(np.searchsorted(ids, seen), len(ids) - 1)
        found = ids[places] == seen
        chances[places[found]] /= penalty ** times[found]
        return chances

    def _draw(self, chances: Chances, chance: random.Random) -> int:
        sampling = self._sampling
        if sampling.temperature <= 0:
            return int(np.argmax(chances))
        with np.errstate(divide="ignore"):
            logits = np.log(chances) / sampling.temperature
        chances = np.exp(logits - logits.max())
        chances[chances < sampling.min_p] = 0
        order = np.argsort(-chances, kind="stable")
        mass = np.cumsum(chances[order])
        # The smallest set that holds top_p of the mass (Holtzman et al. 2020).
        nucleus = min(int(np.searchsorted(mass, mass[-1] * sampling.top_p)), len(order) - 1)
        place = int(np.searchsorted(mass[:nucleus], chance.random() * mass[nucleus]))
        return int(order[place])


def _mixed(levels: list[Ids], leaning: list[Ids]) -> tuple[Ids, Chances]:
    ids, inverse = np.unique(np.concatenate([*levels, *leaning]), return_inverse=True)
    split = sum(map(len, levels))
    chances = interpolate(levels, inverse[:split], len(ids))
    if leaning:
        heard = interpolate(leaning, inverse[split:], len(ids))
        chances = LEANING * heard + (1 - LEANING) * chances if levels else heard
    return ids, chances
