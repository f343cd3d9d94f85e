"""Reads the corpus once and keeps what the offline model writes from."""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from storyteller.llm.choice import Sources
from storyteller.llm.ngrams import Ids, KnownRuns, Ngrams, Vocabulary
from storyteller.llm.prose import PUNCTUATION, sentences

# More words make the prose no better to read, only slower to learn.
MOST_WORDS = 1_500_000
# Below this the corpus is helped out with a text of the house.
FEW_WORDS = 50_000
# So many words in a row are a quotation (Russian answers of different models to one question share
# 3 % of their runs of seven), and of the passages, which pull, fewer.
CORPUS_RUN, PASSAGE_RUN = 8, 6
# A Russian word with its space and its share of marks, in characters.
_WORD_LENGTH = 6.5


@dataclass(frozen=True)
class Learned:
    """A corpus as the offline model knows it. Immutable: several stories may be written at once."""

    vocabulary: Vocabulary
    ngrams: Ngrams
    known_runs: KnownRuns
    fingerprints: NDArray[np.uint64]
    # How often each number of the vocabulary was met.
    counts: NDArray[np.int64]

    def sources(self, passages: Sequence[str], vocabulary: Vocabulary) -> Sources:
        """Return what a story leaning on `passages` is composed from.

        `vocabulary` stands on this one's, and takes the words that only the passages have.
        """
        reader = _Reader(vocabulary)
        for passage in passages:
            reader.read(passage)
        tokens = reader.tokens(self.counts)
        prints = np.concatenate([self.fingerprints, _fingerprints(vocabulary.own_words())])
        return Sources(
            vocabulary=vocabulary,
            corpus=self.ngrams,
            passages=Ngrams(tokens) if len(tokens) else None,
            known_runs=(self.known_runs, KnownRuns(tokens, prints, PASSAGE_RUN)),
            fingerprints=prints,
        )


def learn(texts: Callable[[], Iterable[str]], most_words: int = MOST_WORDS) -> Learned:
    """Learn a corpus: all of it, or about `most_words` words taken evenly from all its stories.

    Walks `texts()` twice and holds one story at a time.
    """
    share = most_words * _WORD_LENGTH / max(1, sum(map(len, texts())))
    reader = _Reader(Vocabulary())
    for text in texts():
        reader.read(text if share >= 1 else _thinned(text, share))
    if len(reader) < FEW_WORDS:
        reader.read(resources.files("storyteller.llm").joinpath("seed.txt").read_text("utf-8"))
    tokens = reader.tokens()
    prints = _fingerprints(reader.vocabulary.own_words())
    return Learned(
        vocabulary=reader.vocabulary,
        ngrams=Ngrams(tokens),
        known_runs=KnownRuns(tokens, prints, CORPUS_RUN),
        fingerprints=prints,
        counts=np.bincount(tokens, minlength=len(reader.vocabulary)),
    )


class _Reader:
    """Numbers the tokens of texts, and undoes the capitals that only a sentence's start gave."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._tokens = array("i")
        # Where the capitals at the start of a sentence stand.
        self._starts = array("i")

    def __len__(self) -> int:
        return len(self._tokens)

    def read(self, text: str) -> None:
        number, tokens = self.vocabulary.id, self._tokens
        for sentence in sentences(text):
            first = next(place for place, token in enumerate(sentence) if token not in PUNCTUATION)
            if sentence[first][0].isupper():
                self._starts.append(len(tokens) + first)
            tokens.extend([number(token) for token in sentence])

    def tokens(self, counts: NDArray[np.int64] | None = None) -> Ids:
        """Return all tokens; `counts` say how each word is commonly written, if not they do."""
        tokens = np.array(self._tokens, np.int32)
        starts = np.array(self._starts, np.int32)
        size = len(self.vocabulary)
        raised = np.bincount(tokens[starts], minlength=size)
        if counts is None:
            counts = np.bincount(tokens, minlength=size) - raised
        usual = np.arange(size, dtype=np.int32)
        for written in np.flatnonzero(raised).tolist():
            lower = self.vocabulary.find(self.vocabulary.word(written).lower())
            if lower is not None and _at(counts, lower) > _at(counts, written):
                usual[written] = lower
        tokens[starts] = usual[tokens[starts]]
        return tokens


def _at(counts: NDArray[np.int64], number: int) -> int:
    return int(counts[number]) if number < len(counts) else 0


def _thinned(text: str, share: float) -> str:
    """Return a share of the paragraphs of a text, spread evenly over it."""
    paragraphs = [paragraph for paragraph in text.split("\n") if paragraph.strip()]
    return "\n".join(
        paragraph
        for place, paragraph in enumerate(paragraphs)
        if int((place + 1) * share) > int(place * share)
    )


def _fingerprints(words: Iterable[str]) -> NDArray[np.uint64]:
    """Return a number for each word, the same in every process and for every spelling; marks: 0."""
    digests = (
        bytes(8)
        if word in PUNCTUATION
        else hashlib.blake2b(word.lower().replace("ё", "е").encode(), digest_size=8).digest()
        for word in words
    )
    return np.frombuffer(b"".join(digests), np.uint64)
