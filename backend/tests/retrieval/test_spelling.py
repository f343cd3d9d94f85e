"""Typing errors become the corpus's own words."""

import pytest

from storyteller.retrieval.spelling import repair

CORPUS = {"письмо": 9, "письма": 30, "сад": 5, "город": 12, "горох": 1}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("песьма", "письма"),  # another key
        ("псиьма", "письма"),  # two swapped
        ("пиьма", "письма"),  # one lost
        ("письмаа", "письма"),  # one doubled
        ("горо", "город"),  # the more frequent of two
        ("паровоз", "паровоз"),  # nothing near
        ("сат", "сат"),  # too short to guess
        ("pismo", "pismo"),
        ("1917", "1917"),
    ],
)
def test_an_unknown_word_becomes_the_nearest_known_one(typed: str, meant: str):
    assert repair(typed, lambda word: CORPUS.get(word, 0)) == meant
