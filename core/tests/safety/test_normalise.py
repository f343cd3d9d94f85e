"""However a word is hidden, the rules read it as a reader would."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storycore.safety.normalise import normalise


@pytest.mark.parametrize(
    "hidden",
    [
        "школьница",
        "ШКОЛЬНИЦА",
        "шкoльницa",  # Latin o and a
        "шк0льница",
        "ш к о л ь н и ц а",
        "ш.к.о.л.ь.н.и.ц.а",
        "ш-к-о-л-ь-н-и-ц-а",
        "ш_к_о_л_ь_н_и_ц_а",
        "шко.льни.ца",
        "шк*льница",
        "шкооооольница",
        "шкоольниица",
        "школь\u200bница",
        "школь\u00adница",
        "ш\u0336к\u0336о\u0336л\u0336ь\u0336н\u0336и\u0336ц\u0336а",
        "шко\u0301льница",
        "shkolnitsa",
        "shkol'nica",
        "Shkolnica",
    ],
)
def test_a_hidden_word_is_read(hidden):
    assert normalise(hidden).strip() == "школьница"


@pytest.mark.parametrize(
    ("hidden", "plain"),
    [
        ("⑯ лет", "16 лет"),
        ("１６ лет", "16 лет"),
        ("𝟏𝟔 лет", "16 лет"),
        ("1б лет", "16 лет"),
        ("l6 лет", "16 лет"),
        ("16лет", "16 лет"),
        ("е й 1 6 л е т", "ей 16 лет"),
        ("shestnadcat let", "шестнадцать лет"),
        ("шеснадцать", "шестнадцать"),
        ("пятнацать", "пятнадцать"),
        ("17-летняя", "17-летняя"),
    ],
)
def test_a_hidden_number_is_read(hidden, plain):
    assert normalise(hidden).split() == plain.split()


@pytest.mark.parametrize(
    "text",
    [
        "кто-то пришел в 19:00 и сел у окна.",
        "воображение, вообще, сообщить",
        "а. с. пушкин и м. ю. лермонтов",
        "длинный, ванна, сосна",
        "she put the kettle on",
    ],
)
def test_an_honest_text_is_left_alone(text):
    assert normalise(text) == text


def test_lines_stay_lines():
    assert normalise("Аня\n16\u202824\r25") == "аня\n16\n24\n25"


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text):
    assert isinstance(normalise(text), str)
