"""Composes a story sentence by sentence: drafts several, keeps the one that fits best."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from storyteller.llm.base import Sampling
from storyteller.llm.choice import Bounds, Chooser, Marks, Sources

# As many drafts as are looked at, and as many as are made in search of one without a flaw.
DRAFTS, MOST_DRAFTS = 6, 24
# A sentence this long (in words) takes the first end it can get, and this long is ended.
LONG_SENTENCE, LONGEST_SENTENCE = 20, 36
# With fewer tokens left than this, no sentence is begun.
SHORTEST_SENTENCE = 8
LONGEST_QUOTATION = 8
LONGEST_PARAGRAPH = 6
MOST_REPLIES = 3
# Words that are compared for repetition, and how far back: function words must repeat.
REPEAT_LAST_N = 300
SHORTEST_COUNTED = 4
# So many words may not come in the same order twice in one story.
OWN_RUN = 4
# What an opening of a word says of its meaning, in characters: a poor man's stem.
STEM = 5


@dataclass(slots=True)
class Draft:
    """A sentence in the making."""

    tokens: list[int] = field(default_factory=list)
    # Fingerprints.
    words: list[int] = field(default_factory=list)
    surprise: float = 0.0
    # Marks set for want of a word.
    flaws: int = 0
    in_quotation: bool = False
    quoted: int = 0


class Composer:
    """One story in the making; the same seed makes the same story."""

    def __init__(
        self,
        sources: Sources,
        sampling: Sampling,
        chance: random.Random,
        *,
        before: Sequence[int] = (),
        topic: frozenset[str] = frozenset(),
    ) -> None:
        """Begin after the tokens `before`, or from nothing; `topic` holds stems worth meeting."""
        self._sources = sources
        self._chance = chance
        self._topic = topic
        self._marks = Marks.of(sources.vocabulary)
        self._chooser = Chooser(sources, self._marks, sampling)
        self._history = [self._marks.full_stop, self._marks.paragraph]
        self._words: list[int] = []
        self._recent: Counter[int] = Counter()
        self._counted: list[int] = []
        self._own_runs: dict[tuple[int, ...], set[int]] = {}
        self._said: set[tuple[int, ...]] = set()
        self._names: set[int] = set()
        self._sentences = self._replies = 0
        for token in before:
            self._take(token)

    def word(self, token: int) -> str:
        """Return what a token stands for."""
        return self._sources.vocabulary.word(token)

    def is_word(self, token: int) -> bool:
        """Return whether a token is a word, not a mark."""
        return bool(self._sources.fingerprints[token])

    def sentence(self, words: int, tokens: int) -> list[int]:
        """Return the next sentence, whole, of at most `tokens` tokens; nothing if too few are left.

        When less than a sentence of `words` words is wanted, it ends as soon as it can.
        """
        if tokens < SHORTEST_SENTENCE:
            return []
        drafts = [self._draft(words, tokens) for _ in range(DRAFTS)]
        while all(draft.flaws for draft in drafts) and len(drafts) < MOST_DRAFTS:
            drafts.append(self._draft(words, tokens))
        best = max(drafts, key=self._worth)
        self._said.add(tuple(best.words))
        for token in best.tokens:
            self._take(token)
        return best.tokens

    # -- a draft --------------------------------------------------------------------------------

    def _draft(self, words: int, limit: int) -> Draft:
        draft = Draft()
        if self._sentences >= LONGEST_PARAGRAPH:
            draft.tokens.append(self._marks.paragraph)
        while not draft.tokens or draft.tokens[-1] not in self._marks.ends:
            left = limit - len(draft.tokens)
            hurry = len(draft.words) >= min(LONG_SENTENCE, words) or left < LONG_SENTENCE
            self._extend(draft, left, hurry)
        return draft

    def _extend(self, draft: Draft, left: int, hurry: bool) -> None:
        context = [*self._history[-3:], *draft.tokens[-3:]]
        token = self._due(draft, left, context[-1])
        if token is None:
            bounds = self._bounds(draft, context[-1], hurry)
            chosen = self._chooser.next(context, bounds, self._recent, self._chance)
            if chosen is None:
                token = self._way_out(draft, context[-1])
                draft.flaws += 1
            else:
                token, surprise = chosen
                draft.surprise += surprise
        else:
            draft.flaws += 1
        draft.tokens.append(token)
        draft.quoted += 1
        if self.is_word(token):
            draft.words.append(int(self._sources.fingerprints[token]))
        elif token == self._marks.opening:
            draft.in_quotation, draft.quoted = True, 0
        elif token == self._marks.closing:
            draft.in_quotation = False

    def _due(self, draft: Draft, left: int, last: int) -> int | None:
        """Return the mark that must come now, if one must."""
        if not self._may_close(last):
            return None
        if draft.in_quotation and (draft.quoted >= LONGEST_QUOTATION or left <= 2):  # noqa: PLR2004
            return self._marks.closing
        if not draft.in_quotation and (len(draft.words) >= LONGEST_SENTENCE or left <= 1):
            return self._marks.full_stop
        return None

    def _bounds(self, draft: Draft, last: int, hurry: bool) -> Bounds:
        marks = self._marks
        if draft.in_quotation:
            forbidden = {*marks.ends, marks.opening, marks.paragraph}
        else:
            forbidden = {marks.closing}
        if last == marks.paragraph and self._replies >= MOST_REPLIES:
            forbidden.add(marks.dash)
        words = [*self._words[-8:], *draft.words]
        return Bounds(
            words=words,
            repeating=self._repeating(tuple(words[1 - OWN_RUN :]), draft.words),
            forbidden=forbidden,
            hurry=hurry and not draft.in_quotation,
        )

    def _repeating(self, start: tuple[int, ...], written: list[int]) -> set[int]:
        """Return the words that followed `start` already, in the story or in this sentence."""
        again = {
            written[place + OWN_RUN - 1]
            for place in range(len(written) - OWN_RUN + 1)
            if tuple(written[place : place + OWN_RUN - 1]) == start
        }
        return again | self._own_runs.get(start, set())

    def _way_out(self, draft: Draft, last: int) -> int:
        if self._may_close(last):
            return self._marks.closing if draft.in_quotation else self._marks.full_stop
        return self._chooser.any_word(last, self._chance)

    def _may_close(self, last: int) -> bool:
        return self.is_word(last) or last == self._marks.closing

    # -- its worth ------------------------------------------------------------------------------

    def _worth(self, draft: Draft) -> float:
        """Return how well a draft goes on: likely, on the topic, with known names, and new."""
        texts = [self.word(token) for token in draft.tokens if self.is_word(token)]
        long = [text.lower()[:STEM] for text in texts if len(text) >= STEM]
        on_topic = sum(stem in self._topic for stem in long) / max(1, len(long))
        names = self._names_in(draft.tokens)
        strangers = len(names - self._names) if self._names else 0
        return (
            -0.5 * draft.surprise / len(draft.tokens)
            + 0.8 * on_topic
            + 0.4 * len(names & self._names)
            - 0.6 * strangers
            - 2.0 * draft.flaws
            - 3.0 * (tuple(draft.words) in self._said)
            - 0.1 * max(0, 5 - len(draft.words))
        )

    def _names_in(self, tokens: Sequence[int]) -> set[int]:
        # Capitals at a sentence's start were undone when the corpus was learnt.
        return {token for token in tokens if self.is_word(token) and self.word(token)[0].isupper()}

    # -- what is written ------------------------------------------------------------------------

    def _take(self, token: int) -> None:
        marks, last = self._marks, self._history[-1]
        self._history.append(token)
        if self.is_word(token):
            self._take_word(token)
        elif token == marks.paragraph:
            self._sentences = 0
        elif token in marks.ends:
            self._sentences += 1
        if last == marks.paragraph:
            self._replies = self._replies + 1 if token == marks.dash else 0

    def _take_word(self, token: int) -> None:
        fingerprint = int(self._sources.fingerprints[token])
        if len(self._words) >= OWN_RUN - 1:
            start = tuple(self._words[1 - OWN_RUN :])
            self._own_runs.setdefault(start, set()).add(fingerprint)
        self._words.append(fingerprint)
        word = self.word(token)
        if len(word) < SHORTEST_COUNTED:
            return
        if word[0].isupper():
            # People may be named again.
            self._names.add(token)
            return
        self._recent[token] += 1
        self._counted.append(token)
        if len(self._counted) > REPEAT_LAST_N:
            self._recent -= Counter([self._counted[-REPEAT_LAST_N - 1]])
