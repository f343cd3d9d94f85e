"""The clean form: one and the same however a text arrived, and never at the price of a word."""

import unicodedata
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storycore.text import clean, clean_line, fold

# Everything the rules look at, so that random texts meet them often.
MARKS = "аяЕйиы\u0306\u0301\u0300\u0308 -–—‑.…,!?\"“”„«»‹›\n\r\t\xa0\u200b\xade1/([)*'"


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [
        ("за\u0301мок и замо\u0301к", "замок и замок"),
        ("ѐль и Ѝва", "ель и Ива"),
        ("и\u0306од, е\u0308ж, и\u0301\u0306од", "йод, ёж, йод"),
        ("caf\u0065\u0301", "café"),
        ("по\xadездка\u200b к\ufeff мо\u2060рю\u202e", "поездка к морю"),
        ("в\xa0пять\u2009часов\tвечера", "в пять часов вечера"),
        ("раз\r\nдва\rтри\u2028четыре", "раз\nдва\nтри\nчетыре"),
        ("\x00тихо\x07\x7f", "тихо"),
        ("  Она   пришла.  \n", "Она пришла."),
        ("Раз.\n\n\n\n\n\nДва.", "Раз.\n\n\nДва."),
        ("\n\n \nРаз.\n \n", "Раз."),
    ],
)
def test_what_cannot_be_seen_is_gone(dirty, plain):
    assert clean(dirty) == plain


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [
        ("- Да.", "— Да."),
        ("– Да.", "— Да."),
        ("-Да.", "— Да."),
        ("—Да.", "— Да."),
        ("-- Да.", "— Да."),
        ("- Да, - сказала она.", "— Да, — сказала она."),
        ("- Да,- сказала она.", "— Да, — сказала она."),
        ("- Да, -сказала она.", "— Да, — сказала она."),
        ("Москва - Тверь", "Москва — Тверь"),
        ("кое‑кто", "кое-кто"),
        ("кто-то в 1941–1945", "кто-то в 1941–1945"),
        ("-5 градусов", "-5 градусов"),
        ("-----", "-----"),
        ("* * *", "* * *"),
    ],
)
def test_a_dash_is_a_dash_and_a_hyphen_is_a_hyphen(dirty, plain):
    assert clean(dirty) == plain


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [
        ('Он читал "Идиота".', "Он читал «Идиота»."),
        ("Он читал “Идиота”.", "Он читал «Идиота»."),
        ("Он читал „Идиота“.", "Он читал «Идиота»."),
        ('«Кафе "Ёж"»', "«Кафе „Ёж“»"),
        ("«Кафе «Ёж»»", "«Кафе „Ёж“»"),
        ("“Кафе “Ёж””", "«Кафе „Ёж“»"),
        ('("да")', "(«да»)"),
        ('Экран 5" и "да', 'Экран 5" и "да'),
        ("«Раз.", "«Раз."),
    ],
)
def test_marks_that_pair_up_are_russian_ones(dirty, plain):
    assert clean(dirty) == plain


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [("Да...", "Да…"), ("Да.....", "Да…"), ("Да…..", "Да…"), ("Что?..", "Что?..")],
)
def test_three_dots_are_one_sign(dirty, plain):
    assert clean(dirty) == plain


@pytest.mark.parametrize(
    "furniture",
    [
        "Читать далее",
        "Читать далее >>",
        "Рейтинг: 4.5",
        "Оценка: 4 из 5",
        "Просмотров: 1 234",
        "Поделиться с друзьями:",
        "Страница 2 из 7",
        "https://example.org/stories/1",
        "Добавить в избранное",
    ],
)
def test_a_line_of_site_furniture_goes(furniture):
    assert clean(f"Раз.\n{furniture}\nДва.") == "Раз.\nДва."


@pytest.mark.parametrize(
    "prose",
    [
        "— Да.",
        "— Нет!",
        "— А?",
        "Далее.",
        "Она стала читать далее.",
        "— Поделиться с тобой?",
        "Рейтинг упал.",
        "Следующая страница была пуста.",
        "Он записал: https://example.org и ушёл.",
        "1",
        "***",
    ],
)
def test_a_line_of_prose_stays(prose):
    assert clean(f"Раз.\n\n{prose}\n\nДва.") == f"Раз.\n\n{prose}\n\nДва."


@settings(deadline=None, max_examples=500)
@given(st.one_of(st.text(alphabet=MARKS, max_size=60), st.text(max_size=80)))
def test_cleaning_again_changes_nothing(text):
    once = clean(text)

    assert clean(once) == once


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(alphabet=MARKS, max_size=60), st.text(max_size=80)))
def test_a_name_is_one_line_and_cleaning_it_again_changes_nothing(text):
    once = clean_line(text)

    assert "\n" not in once
    assert clean_line(once) == once


def test_no_letter_of_sixty_classics_is_lost(ruslit):
    for work in islice(ruslit, 60):
        assert _letters(clean(work["text"])) == _letters(work["text"]), work["title"]


def test_a_clean_classic_is_already_clean(ruslit):
    for work in islice(ruslit, 20):
        once = clean(work["text"])
        assert clean(once) == once, work["title"]


@pytest.mark.parametrize("written", ["Ёлка", "ЕЛКА", "е\u0308лка", "Е\u0308ЛКА"])
def test_a_word_is_searched_for_however_it_is_written(written):
    assert fold(written) == "елка"


@pytest.mark.parametrize("mark", ['"', "«", "-", " - ", ".", "\n", "\u0301", "„“", "https://"])
def test_a_long_run_of_one_mark_is_walked_once(mark):
    assert isinstance(clean(mark * 200_000), str)


def _letters(text: str) -> list[str]:
    composed = unicodedata.normalize("NFC", text).replace("ѐ", "е").replace("ѝ", "и")
    return [character for character in composed if character.isalnum()]
