import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyteller.writing.title import UNTITLED, make_title


@pytest.mark.parametrize(
    ("wish", "title"),
    [
        ("встреча на маяке", "Встреча на маяке"),
        ("Напиши историю о встрече на маяке.", "Встрече на маяке"),
        ("Хочу рассказ: осень, дождь и письмо", "Осень, дождь и письмо"),
        ("Пожалуйста, напиши мне рассказ про двух врачей. Они", "Двух врачей"),
        ("Расскажи", "Расскажи"),
        ("  \n ", UNTITLED),
        ("«Тихая вода»", "Тихая вода"),
        ("!!!", UNTITLED),
    ],
)
def test_a_title_is_what_was_wished_without_the_asking(wish: str, title: str):
    assert make_title(wish) == title


def test_a_long_wish_is_cut_at_a_word_and_not_before_a_preposition():
    title = make_title("Двое коллег застревают в лифте старого дома на набережной и в темноте")

    assert title == "Двое коллег застревают в лифте старого дома на набережной"


@given(st.text(max_size=500))
def test_every_wish_has_a_title(wish: str):
    title = make_title(wish)

    assert 0 < len(title) <= 61
    assert "\n" not in title
