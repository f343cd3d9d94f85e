"""One sorted array must answer as a table of counts would."""

from collections import Counter

import numpy as np
import pytest

from storyteller.llm.ngrams import KnownRuns, Ngrams, Vocabulary, interpolate

CORPUS = np.random.default_rng(7).integers(0, 12, 3000).astype(np.int32)


def counted(context: tuple[int, ...]) -> Counter[int]:
    tokens, size = CORPUS.tolist(), len(context)
    return Counter(
        tokens[place + size]
        for place in range(len(tokens) - size)
        if tuple(tokens[place : place + size]) == context
    )


def test_knows_what_followed_every_context() -> None:
    ngrams = Ngrams(CORPUS)

    for start in range(0, 2000, 37):
        context = CORPUS[start : start + 3].tolist()
        levels = ngrams.continuations(context)

        for order, level in enumerate(levels, start=1):
            assert Counter(level.tolist()) == counted(tuple(context[-order:]))


def test_backs_off_to_the_longest_context_it_knows() -> None:
    ngrams = Ngrams(np.array([1, 2, 3, 1, 2, 4], np.int32))

    assert [sorted(level.tolist()) for level in ngrams.continuations([9, 1, 2])] == [[3, 4], [3, 4]]
    assert ngrams.continuations([9]) == []
    assert ngrams.continuations([]) == []


def test_looks_at_a_common_context_evenly() -> None:
    half = np.tile(np.array([0, 1], np.int32), 2000)
    other = np.tile(np.array([0, 2], np.int32), 2000)

    (level,) = Ngrams(np.concatenate([half, other])).continuations([0])[:1]

    assert len(level) < 1100
    assert np.mean(level == 1) == pytest.approx(0.5, abs=0.02)


def test_chances_sum_to_one_and_trust_the_longer_context() -> None:
    short, long = np.array([0, 0, 0, 1], np.int32), np.array([1, 1], np.int32)
    inverse = np.concatenate([short, long]).astype(np.intp)

    chances = interpolate([short, long], inverse, 2)

    assert chances.sum() == pytest.approx(1)
    # Two of two, one kind: 2/3 of the mass to the longer, a third to (3/4, 1/4).
    assert chances.tolist() == pytest.approx([0.25, 0.75])


def test_finds_the_word_that_would_complete_a_known_run() -> None:
    # 0 is a mark and doesn't count.
    corpus = np.array([1, 2, 0, 3, 4, 5], np.int32)
    prints = np.array([0, 11, 12, 13, 14, 15], np.uint64)
    runs = KnownRuns(corpus, prints, length=4)

    assert runs.completed_by([11, 12, 13], prints).tolist() == [False] * 4 + [True, False]
    assert runs.completed_by([12, 13], prints).tolist() == [False] * 6
    assert not KnownRuns(corpus[:2], prints, length=4).completed_by([11, 12, 13], prints).any()


def test_a_vocabulary_can_stand_on_another_and_leaves_it_alone() -> None:
    base = Vocabulary()
    sea, wind = base.id("море"), base.id("ветер")
    own = Vocabulary(base)

    lamp = own.id("лампа")

    assert (own.id("море"), own.id("ветер"), lamp) == (sea, wind, 2)
    assert [own.word(number) for number in range(len(own))] == ["море", "ветер", "лампа"]
    assert base.find("лампа") is None
    assert list(own.own_words()) == ["лампа"]
