"""Several ranked lists become one."""

import pytest

from storyteller.retrieval.fusion import OFFLINE, SEMANTIC, Weights, fuse

EVEN = Weights(1, 1, 1)


def ids(*lists: str, weights: Weights = EVEN) -> list[str]:
    return [found.chunk_id for found in fuse(*(one.split() for one in lists), weights)]


def test_what_two_lists_agree_on_comes_first():
    assert ids("a b c", "x b y", "")[0] == "b"


def test_each_chunk_says_where_it_stood():
    (first, *_) = fuse(["a", "b"], ["c", "b"], ["b"], SEMANTIC)

    assert (first.semantic_rank, first.keyword_rank, first.trigram_rank) == (2, 2, 1)
    assert first.score == pytest.approx(1 / 62 + 1 / 62 + 0.5 / 61)


def test_a_chunk_of_one_list_has_no_place_in_the_others():
    (only,) = fuse([], [], ["a"], SEMANTIC)

    assert (only.semantic_rank, only.keyword_rank, only.trigram_rank) == (None, None, 1)


def test_equal_scores_always_stand_in_the_same_order():
    assert ids("b", "a", "") == ids("a", "b", "") == ["a", "b"]


def test_offline_vectors_cannot_reorder_what_words_found():
    words = [f"w{n:02}" for n in range(50)]

    assert ids(" ".join(reversed(words)), " ".join(words), "", weights=OFFLINE)[:20] == words[:20]


def test_nothing_found_is_nothing():
    assert fuse([], [], [], SEMANTIC) == []
