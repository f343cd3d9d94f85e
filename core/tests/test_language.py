"""Small facts about Russian, and the promise that nothing ends in mid-sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storycore.language import (
    CARDINALS,
    count_words,
    ends_with_sentence,
    trim_to_sentence,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), ("— Да.", 1), ("Кое-кто, в 19:00 — пришёл!", 5), ("...", 0), ("Д’Артаньян", 1)],
)
def test_words_are_counted_as_a_reader_does(text, words):
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Она пришла. Он вст", "Она пришла."),
        ("Она пришла.", "Она пришла."),
        ("Она пришла.  \n\n", "Она пришла."),
        ("Она пришла!\n\n— Да, — сказал", "Она пришла!"),
        ("— Да?\n\n— Нет, пожал", "— Да?"),
        ("Он сказал: «Да!» И выш", "Он сказал: «Да!»"),
        ("Она ушла… А он жил в г. Моск", "Она ушла…"),
        ("Она ушла. Он жил в г.", "Она ушла."),
        ("Она ушла. Его звали А. С. Волк", "Она ушла."),
        ("Она ушла. Его звали А.", "Она ушла."),
        ("Она ушла.\n\n* * *\n\nНаутро он", "Она ушла."),
        ("Она ушла.\n\n***", "Она ушла."),
        ("Без конца и без края", ""),
        ("", ""),
    ],
)
def test_an_unfinished_sentence_is_cut(text, kept):
    assert trim_to_sentence(text) == kept


@pytest.mark.parametrize("text", ["Да.", "Да!", "Да?..", "Да…", "«Да.»", "(Да.)", "„Да!“ "])
def test_an_end_is_known_by_its_sign(text):
    assert ends_with_sentence(text)


@pytest.mark.parametrize("text", ["", "Да", "Да,", "Да:", "Да —", "в 1990 г.", "***"])
def test_what_has_no_end_is_known_too(text):
    assert not ends_with_sentence(text)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="аБ .!?…»«—\nг", max_size=80))
def test_what_is_kept_is_a_beginning_that_ends(text):
    kept = trim_to_sentence(text)

    assert text.startswith(kept)
    assert kept == "" or ends_with_sentence(kept)


@pytest.mark.parametrize("run", ["а", "а. ", ". ", "\n", "«", "г. "])
def test_a_long_tail_is_walked_once(run):
    assert isinstance(trim_to_sentence(run * 100_000 + "а"), str)


@pytest.mark.parametrize(
    ("word", "number"),
    [("шестнадцать", 16), ("семнадцати", 17), ("двадцатью", 20), ("сорока", 40), ("двумя", 2)],
)
def test_a_cardinal_is_known_in_every_case(word, number):
    assert CARDINALS[word] == number
