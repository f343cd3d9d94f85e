"""Taking prose apart and setting it again must lose nothing that a reader sees."""

import pytest

from storyteller.llm.prose import PARAGRAPH, Typesetter, is_word, sentences, tokens

DIALOGUE = """— Ты вернулась! — сказал он тихо. — Я ждал.

Она кивнула: дождь кончился, и «старый маяк» снова горел… Разве не чудо?"""


def set_again(pieces: list[str]) -> str:
    typesetter = Typesetter()
    return "".join(map(typesetter.set, pieces)).strip()


def learnt(text: str) -> list[str]:
    return [token for sentence in sentences(text) for token in sentence]


def test_sets_dialogue_quotations_and_paragraphs_as_they_were() -> None:
    assert set_again(learnt(DIALOGUE)) == DIALOGUE


def test_every_dash_and_quotation_mark_has_one_form() -> None:
    text = '- Он сказал "да" -- и ушёл.'

    assert set_again(learnt(text)) == "— Он сказал «да» — и ушёл."


def test_a_reply_that_goes_on_is_one_sentence() -> None:
    first, second = sentences("— Да! — сказал он. Она ушла.")

    assert first == ["—", "Да", "!~", "—", "сказал", "он", "."]
    assert second == ["Она", "ушла", ".", PARAGRAPH]


@pytest.mark.parametrize(
    "text",
    [
        "В комнате стояло 3 стула.",
        "Он сказал hello и ушёл.",
        "Он ушёл (и не вернулся).",
        "ГЛАВА ПЕРВАЯ.",
        "Заголовок без точки",
        "Анна Лебедева.",
        "Кавычка «осталась открытой.",
        "Пришёл г. Иванов.",
    ],
)
def test_leaves_out_what_would_read_badly(text: str) -> None:
    assert learnt(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Ему было семнадцать.",
        "Прошло много лет.",
        "Во двор вышел мальчик.",
        "Она вспомнила школу.",
        "За стеной плакал ребёнок.",
        "Подросток промолчал.",
        "Пятнадцатилетняя героиня молчала.",
        "Её дочь уехала.",
    ],
)
def test_learns_no_word_that_could_hint_an_age(text: str) -> None:
    assert learnt(text) == []


def test_an_innocent_neighbour_is_learnt_all_the_same() -> None:
    text = "Шёл дождь и пахло липами. Ему было семнадцать. Сегодня погода была чудесной."

    assert learnt(text)[-1] == PARAGRAPH
    assert set_again(learnt(text)) == "Шёл дождь и пахло липами. Сегодня погода была чудесной."


@pytest.mark.parametrize(
    ("after", "pieces", "whole"),
    [
        ("Она открыла", ["окно", "."], "Она открыла окно."),
        ("Она ушла.", ["он", "остался", "."], "Она ушла. Он остался."),
        ("Она ушла.\n\n", ["он", "остался", "."], "Она ушла.\n\nОн остался."),
        ("Она ушла.", [PARAGRAPH, "—", "да", "."], "Она ушла.\n\n— Да."),
        ("Дом", [",", "где", "было", "тепло", "."], "Дом, где было тепло."),
        ("", ["—", "ты", "здесь", "?"], "— Ты здесь?"),
    ],
)
def test_goes_on_after_any_end(after: str, pieces: list[str], whole: str) -> None:
    typesetter = Typesetter(after)

    assert after + "".join(map(typesetter.set, pieces)) == whole


def test_reads_as_context_what_it_would_not_learn() -> None:
    found = tokens("Ему было 30. Он ждал")

    assert [token for token in found if is_word(token)] == ["Ему", "было", "Он", "ждал"]
