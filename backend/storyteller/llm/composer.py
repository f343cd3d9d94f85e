"""Writes token after token from n-grams: what may come next, how likely it is, and what wins."""

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storyteller.llm.base import Sampling
from storyteller.llm.ngrams import Ids, KnownRuns, Ngrams, Vocabulary, interpolate
from storyteller.llm.prose import ENDS, PARAGRAPH

# The part of the found passages in the choice of a word, where they know the context. Enough to
# hear them, too little to recite them.
LEANING = 0.4
# A sentence this long (in words) takes the first end it can get, and this long is ended.
LONG_SENTENCE, LONGEST_SENTENCE = 24, 40
# With fewer tokens left than this, no sentence is begun.
SHORTEST_SENTENCE = 8
LONGEST_QUOTATION = 8
LONGEST_PARAGRAPH = 6
# Words that are compared for repetition, and how far back: function words must repeat.
REPEAT_LAST_N = 300
SHORTEST_COUNTED = 4
# Five words may not come in the same order twice in one story.
OWN_RUN = 5


@dataclass(frozen=True)
class Sources:
    """What a story is composed from: the corpus, and what was found in it for this story."""

    vocabulary: Vocabulary
    corpus: Ngrams
    passages: Ngrams | None
    known_runs: Sequence[KnownRuns]
    # Of every number of the vocabulary; 0 for a mark.
    fingerprints: NDArray[np.uint64]


class Composer:
    """One story in the making; the same seed makes the same story."""

    def __init__(
        self, sources: Sources, sampling: Sampling, chance: random.Random, before: Sequence[int]
    ) -> None:
        """Begin after the tokens `before`: the end of a text, or nothing."""
        self._sources = sources
        self._sampling = sampling
        self._chance = chance
        word = sources.vocabulary.id
        self._paragraph = word(PARAGRAPH)
        self._open, self._close, self._full_stop = word("«"), word("»"), word(".")
        self._ends = np.array(sorted(word(end) for end in ENDS))
        self._history = [self._full_stop, self._paragraph]
        # Fingerprints of the words alone, oldest first.
        self._words: list[int] = []
        self._recent: Counter[int] = Counter()
        self._own_runs: dict[tuple[int, ...], set[int]] = {}
        self._words_in_sentence = self._sentences = self._quoted = 0
        self._in_quotation = False
        for token in before:
            self._take(token)

    def tokens(self, words: int, limit: int) -> Iterator[int]:
        """Yield tokens: at least `words` words and the rest of their sentence, at most `limit`.

        At the limit, too, the last sentence is whole: some tokens before it the story takes the
        first end it can get, or makes one.
        """
        written = 0
        for left in reversed(range(limit)):
            token = self._last(left) or self._next(written >= words or left < LONG_SENTENCE)
            self._take(token)
            written += self._is_word(token)
            yield token
            if self._at_rest() and (written >= words or left < SHORTEST_SENTENCE):
                return

    def word(self, token: int) -> str:
        """Return what a token stands for."""
        return self._sources.vocabulary.word(token)

    def _next(self, hurry: bool) -> int:
        forced = self._forced()
        if forced is not None:
            return forced
        levels = self._sources.corpus.continuations(self._history)
        leaning = (
            self._sources.passages.continuations(self._history) if (self._sources.passages) else []
        )
        if not levels and not leaning:
            return self._way_out()
        ids, chances = self._chances(levels, leaning)
        chances = self._allowed(ids, chances, hurry or self._words_in_sentence > LONG_SENTENCE)
        if not chances.any():
            return self._way_out()
        return self._pick(ids, chances)

    def _forced(self) -> int | None:
        """Return the mark that nothing can replace here, if there is one."""
        if self._in_quotation and self._quoted >= LONGEST_QUOTATION and self._may_close():
            return self._close
        if self._words_in_sentence >= LONGEST_SENTENCE and self._may_close():
            return self._close if self._in_quotation else self._full_stop
        if self._sentences >= LONGEST_PARAGRAPH and self._at_rest():
            return self._paragraph
        return None

    def _last(self, left: int) -> int | None:
        """Return the mark that must come now for the sentence to be whole at the limit."""
        if left > 1 + self._in_quotation or not self._may_close():
            return None
        return self._close if self._in_quotation else self._full_stop

    def _way_out(self) -> int:
        """Return something when everything is forbidden: an end, or any word after all."""
        if self._at_rest():
            return self._paragraph
        if self._may_close():
            return self._close if self._in_quotation else self._full_stop
        corpus = self._sources.corpus
        known = corpus.continuations(self._history[-1:]) or corpus.continuations([self._paragraph])
        words = known[0][self._sources.fingerprints[known[0]] != 0]
        return int(self._chance.choice(words))

    def _may_close(self) -> bool:
        last = self._history[-1]
        return self._is_word(last) or last == self._close

    def _chances(self, levels: list[Ids], leaning: list[Ids]) -> tuple[Ids, NDArray[np.float64]]:
        ids, inverse = np.unique(np.concatenate([*levels, *leaning]), return_inverse=True)
        split = sum(map(len, levels))
        chances = interpolate(levels, inverse[:split], len(ids))
        if leaning:
            heard = interpolate(leaning, inverse[split:], len(ids))
            chances = LEANING * heard + (1 - LEANING) * chances if levels else heard
        return ids, chances

    def _allowed(self, ids: Ids, chances: NDArray[np.float64], hurry: bool) -> NDArray[np.float64]:
        """Return the chances without what would copy, repeat, or leave a quotation open."""
        sources = self._sources
        prints = sources.fingerprints[ids]
        for runs in sources.known_runs:
            chances[runs.completed_by(self._words, prints)] = 0
        repeated = self._own_runs.get(tuple(self._words[1 - OWN_RUN :]), ())
        if repeated:
            chances[np.isin(prints, np.array(list(repeated), np.uint64))] = 0
        if self._in_quotation:
            chances[np.isin(ids, self._ends) | (ids == self._open)] = 0
            chances[ids == self._paragraph] = 0
        else:
            chances[ids == self._close] = 0
            ends = np.isin(ids, self._ends)
            if hurry and chances[ends].any():
                chances[~ends] = 0
        return chances

    def _pick(self, ids: Ids, chances: NDArray[np.float64]) -> int:
        sampling = self._sampling
        chances = self._tired_of_repetition(ids, chances)
        if sampling.temperature <= 0:
            return int(ids[np.argmax(chances)])
        with np.errstate(divide="ignore"):
            logits = np.log(chances) / sampling.temperature
        chances = np.exp(logits - logits.max())
        chances[chances < sampling.min_p] = 0
        order = np.argsort(-chances, kind="stable")
        mass = np.cumsum(chances[order])
        # The smallest set that holds top_p of the mass (Holtzman et al. 2020).
        nucleus = int(np.searchsorted(mass, mass[-1] * sampling.top_p)) + 1
        nucleus = min(nucleus, len(order))
        place = int(np.searchsorted(mass[:nucleus], self._chance.random() * mass[nucleus - 1]))
        return int(ids[order[min(place, nucleus - 1)]])

    def _tired_of_repetition(self, ids: Ids, chances: NDArray[np.float64]) -> NDArray[np.float64]:
        penalty = self._sampling.repeat_penalty
        if math.isclose(penalty, 1) or not self._recent:
            return chances
        seen = np.fromiter(self._recent, np.int64, len(self._recent))
        times = np.fromiter(self._recent.values(), np.float64, len(self._recent))
        places = np.minimum(np.searchsorted(ids, seen), len(ids) - 1)
        found = ids[places] == seen
        chances[places[found]] /= penalty ** times[found]
        return chances

    def _take(self, token: int) -> None:
        self._history.append(token)
        if self._is_word(token):
            self._take_word(token)
        elif token == self._open:
            self._in_quotation, self._quoted = True, 0
        elif token == self._close:
            self._in_quotation = False
        elif token == self._paragraph:
            self._sentences, self._words_in_sentence, self._in_quotation = 0, 0, False
        elif self._is_end(token):
            self._sentences, self._words_in_sentence = self._sentences + 1, 0

    def _take_word(self, token: int) -> None:
        self._words_in_sentence += 1
        self._quoted += 1
        fingerprint = int(self._sources.fingerprints[token])
        if len(self._words) >= OWN_RUN - 1:
            start = tuple(self._words[1 - OWN_RUN :])
            self._own_runs.setdefault(start, set()).add(fingerprint)
        self._words.append(fingerprint)
        if len(self._sources.vocabulary.word(token)) >= SHORTEST_COUNTED:
            self._recent[token] += 1
        if len(self._history) > REPEAT_LAST_N:
            gone = self._history[-REPEAT_LAST_N - 1]
            if self._recent[gone] > 1:
                self._recent[gone] -= 1
            else:
                del self._recent[gone]

    def _is_word(self, token: int) -> bool:
        return bool(self._sources.fingerprints[token])

    def _is_end(self, token: int) -> bool:
        return bool((self._ends == token).any())

    def _at_rest(self) -> bool:
        """Return whether a sentence has just ended."""
        *_, before, last = self._history
        return self._is_end(last) or (last == self._close and self._is_end(before))
