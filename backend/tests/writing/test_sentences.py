import pytest
from hypothesis import given
from hypothesis import strategies as st

from storycore.language import ends_with_sentence
from storyteller.writing.sentences import ending, finished


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Она ушла. Он ост", "Она ушла."),
        ("Она ушла.", "Она ушла."),
        ("Она ушла.\n\n", "Она ушла."),
        ("Она ушла в", "Она ушла…"),
        ("Она", "Она…"),
        ("— Да", "— Да…"),
        ("", ""),
        (" \n", ""),
    ],
)
def test_a_text_ends_with_a_sentence_or_trails_off(text: str, kept: str):
    assert finished(text) == kept


@given(st.text(alphabet="аб .!?…»«—\n,", max_size=80))
def test_the_replacement_makes_the_text_finished(text: str):
    cut = ending(text)

    if cut is None:
        assert finished(text) == text
    else:
        start, replacement = cut
        assert text[:start] + replacement == finished(text)
        assert start <= len(text)
    assert not text.strip() or ends_with_sentence(finished(text))
