from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storycore.safety import rules
from storyteller.documents.writers import MARK, export, file_name
from storyteller.errors import RequestRefused, ServiceUnavailable


@dataclass(frozen=True)
class Scene:
    text: str
    title: str = ""


@dataclass(frozen=True)
class Book:
    title: str = "Свет маяка"
    scenes: list[Scene] = field(default_factory=list)


def exported(book: Book, file_format: str) -> str:
    return export(book, file_format).body.decode()  # type: ignore[arg-type]


def test_a_text_file_has_its_title_both_marks_and_the_story():
    book = Book(scenes=[Scene("Марина поднялась на маяк.\n\n— Ты здесь? — спросила она.")])

    assert exported(book, "txt") == (
        "Свет маяка\n\n18+ · Написано с помощью ИИ\n\n"
        "Марина поднялась на маяк.\n\n— Ты здесь? — спросила она.\n"
    )


def test_a_markdown_file_has_headings_and_paragraphs():
    book = Book(scenes=[Scene("Раз.\nДва.", "Утро"), Scene("Три.", "Вечер")])

    assert exported(book, "md") == (
        f"# Свет маяка\n\n*{MARK}*\n\n## Утро\n\nРаз.\n\nДва.\n\n## Вечер\n\nТри.\n"
    )


def test_scenes_without_names_are_parted_by_stars():
    book = Book(scenes=[Scene("Раз."), Scene(""), Scene("Два.")])

    assert exported(book, "txt").endswith("Раз.\n\n* * *\n\nДва.\n")
    assert exported(book, "md").endswith("Раз.\n\n* * *\n\nДва.\n")


def test_a_single_scene_needs_no_heading():
    book = Book(scenes=[Scene("Раз.", "Свет маяка")])

    assert exported(book, "md").count("Свет маяка") == 1


def test_soft_hyphens_and_what_cannot_be_seen_stay_at_home():
    book = Book(scenes=[Scene("По\u00adцелуй\u200b и ти\u00adши\u00adна.")])

    assert "Поцелуй и тишина." in exported(book, "txt")


@pytest.mark.parametrize(
    ("line", "escaped"),
    [
        ("# не заголовок", r"\# не заголовок"),
        ("1. не список", r"1\. не список"),
        ("- не список", "— не список"),
        ("*не курсив* и _не он_", r"\*не курсив\* и \_не он\_"),
        ("<b>не жирно</b>", r"\<b\>не жирно\</b\>"),
        ("[не ссылка](http://x)", r"\[не ссылка\](http://x)"),
        ("> не цитата", r"\> не цитата"),
    ],
)
def test_prose_is_never_read_as_markdown(line: str, escaped: str):
    assert escaped in exported(Book(scenes=[Scene(f"{line}.")]), "md")


@pytest.mark.parametrize(
    "book",
    [
        Book(scenes=[Scene("Ей шестнадцать лет. [сцена]")]),
        Book("Ей шестнадцать лет", [Scene("[сцена].")]),
        Book(scenes=[Scene("Раз."), Scene("Два.", "Ей шестнадцать лет")]),
    ],
)
def test_what_is_refused_today_leaves_in_no_file(book: Book):
    with pytest.raises(RequestRefused) as refused:
        exported(book, "txt")

    assert refused.value.code == "minor_content"


def test_a_guard_that_breaks_says_so_and_gives_no_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "RULES", ())

    with pytest.raises(ServiceUnavailable, match="Проверка текста не сработала") as broken:
        exported(Book(scenes=[Scene("Раз.")]), "md")

    assert broken.value.code == "safety_unavailable"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Марина вышла к морю. И тут она ска", "Марина вышла к морю."),
        ("— Ты здесь?\n\n— Да, — отве", "— Ты здесь?"),
        ("Марина вышла к мо", "Марина вышла к…"),
        ("Мари", "Мари…"),
    ],
)
@pytest.mark.parametrize("file_format", ["txt", "md"])
def test_a_story_that_was_broken_off_ends_with_a_sentence_and_says_so(
    text: str, kept: str, file_format: str
):
    assert exported(Book(scenes=[Scene(text)]), file_format).endswith(
        f"{kept}\n\n(история прервана)\n"
    )


@pytest.mark.parametrize("text", ["Марина вышла к морю.", "— Ты здесь?", "Она шла к…", ""])
def test_a_story_that_is_whole_says_nothing_of_an_end(text: str):
    assert "прервана" not in exported(Book(scenes=[Scene(text)]), "txt")


def test_an_empty_manuscript_is_still_a_marked_file():
    assert exported(Book(), "txt") == f"Свет маяка\n\n{MARK}\n"


def test_the_type_says_the_encoding():
    assert export(Book(), "txt").media_type == "text/plain; charset=utf-8"
    assert export(Book(), "md").media_type == "text/markdown; charset=utf-8"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Свет маяка", "Свет маяка"),
        ("../../etc/passwd", "etc passwd"),
        ('Кто: "я"? <да> | нет*', "Кто я да нет"),
        ("Вечер…", "Вечер…"),
        ("Конец.", "Конец"),
        ("CON", "_CON"),
        ("com1.старое", "_com1.старое"),
        ("", "Без названия"),
        ("...", "Без названия"),
        ("а\u202eб", "а б"),
    ],
)
def test_a_title_becomes_a_name_that_every_system_takes(title: str, name: str):
    assert file_name(title) == name


@given(st.text(max_size=400))
def test_no_title_makes_a_dangerous_name(title: str):
    name = file_name(title.encode("utf-8", "replace").decode())

    assert name
    assert len(name.encode()) <= 200
    assert not set(name) & set('/\\<>:"|?*\0\n')
    assert not name.startswith(".")
    assert not name.endswith((".", " "))


@given(st.lists(st.text(alphabet="аб.!— \n#*\u00ad", max_size=40), max_size=4))
def test_the_same_manuscript_is_the_same_bytes(texts: list[str]):
    book = Book(scenes=[Scene(text) for text in texts])

    for file_format in ("txt", "md"):
        body = exported(book, file_format)
        assert body == exported(book, file_format)
        assert MARK in body
        assert "\u00ad" not in body
