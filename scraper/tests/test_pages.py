from datetime import date
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from sefan_scraper import pages

PAGES = Path(__file__).parent / "pages"
LIST = "https://sefan.ru/stories/ru/2/drama/"


def saved(name: str, url: str) -> HtmlResponse:
    return HtmlResponse(url, body=(PAGES / name).read_bytes(), encoding="utf-8")


def html(body: str, url: str = f"{LIST}chitat_most_1.html") -> HtmlResponse:
    return HtmlResponse(url, body=body.encode(), encoding="utf-8")


STORY = saved("story.html", f"{LIST}chitat_most_1.html")
BARE = saved("bare.html", f"{LIST}chitat_dozhd_1.html")


def test_categories_are_the_children_of_the_start_page():
    found = pages.categories(saved("start.html", "https://sefan.ru/stories/ru/2/"))

    assert [(one.slug, one.name) for one in found] == [
        ("drama", "Драма"),
        ("izmena", "Измена и верность"),
    ]
    assert found[1].url == "https://sefan.ru/stories/ru/2/izmena/"


def test_a_list_names_first_pages_of_stories_once_each():
    found = pages.story_links(saved("list.html", f"{LIST}page-341.html"))

    assert found == [f"{LIST}chitat_most_1.html", f"{LIST}chitat_dva_slova_1.html"]


def test_a_list_goes_on_with_the_older_page():
    assert pages.older_list(saved("list.html", f"{LIST}page-341.html")) == f"{LIST}page-340.html"
    assert pages.older_list(saved("list.html", LIST)) == f"{LIST}page-340.html"


@pytest.mark.parametrize(
    "buttons",
    [
        '<a class="but" rel="prev" href="page-5.html">Старые >></a>',
        '<a class="but" rel="prev" href="page-6.html">Старые >></a>',
        '<a class="but" rel="prev" href="/stories/ru/2/izmena/page-4.html">Старые >></a>',
        '<a class="but" rel="prev" href="javascript:back()">Старые >></a>',
        "",
    ],
)
def test_a_list_ends_where_no_link_leads_downwards(buttons: str):
    assert pages.older_list(html(buttons, f"{LIST}page-5.html")) is None


def test_without_rel_the_next_lower_number_is_the_older_page():
    numbers = "".join(f'<a class="but" href="page-{n}.html">{n}</a>' for n in (1, 7, 6, 4, 2))

    assert pages.older_list(html(numbers, f"{LIST}page-5.html")) == f"{LIST}page-4.html"


def test_every_line_of_a_story_is_kept_however_short():
    """The first public attempt dropped text nodes of ten characters and fewer."""
    assert pages.page_text(STORY) == (
        "Мост развели, и Вера осталась.\n\n— Опоздали?\n\n— Да.\n\n— Я.\n\n"
        "Она не расстроилась.\n"
        "3 марта 1999 они уже встречались. Рейтинг: 2. Автор: неизвестен.\n"
        "Новый абзац.\n\nЕщё один.\n"
    )


@pytest.mark.parametrize(
    "body", ["<p>Нет такой страницы</p>", '<div id="rsz"> <br> <!-- нет --></div>']
)
def test_a_page_without_a_text_has_none(body: str):
    assert pages.page_text(html(body)) is None


def test_a_text_nested_deeper_than_python_recurses_is_read():
    deep = "<div>" * 20_000 + "Текст." + "</div>" * 20_000

    assert pages.page_text(html(f'<div id="rsz">{deep}</div>')) == "Текст." + "\n" * 20_000


def test_the_facts_of_a_story_are_read_by_their_labels():
    assert pages.story_facts(STORY) == pages.StoryFacts(
        title="Мост – он и она",
        author="Вера К.",
        category="Драма",
        tags=("город", "ночная прогулка", "мост"),
        published=date(2024, 1, 12),
        rating=4.5,
        views=1234,
    )


def test_a_fact_the_page_does_not_state_is_none():
    """The first public attempt took any number for the rating and today for a missing date."""
    assert pages.story_facts(BARE) == pages.StoryFacts(title="Дождь")


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Дождь", "Дождь"),
        ("Дождь – Драма в рассказах", "Дождь"),
        ("Дождь — Случайная встреча в рассказах про любовь", "Дождь"),
        ("Дождь в рассказах соседа", "Дождь в рассказах соседа"),
        ("Кто-то – или нет", "Кто-то – или нет"),
        ("  Два\n слова ", "Два слова"),
    ],
)
def test_a_title_loses_the_tail_the_site_puts_to_it(heading: str, title: str):
    assert pages.story_facts(html(f"<h1>{heading}</h1>")).title == title


@pytest.mark.parametrize(
    ("bold", "published"),
    [
        ("1 мая 2009", date(2009, 5, 1)),
        ("Добавлено 31 декабря 2023 г.", date(2023, 12, 31)),
        ("31 февраля 2024", None),
        ("мая 2009", None),
    ],
)
def test_a_date_is_a_day_that_was(bold: str, published: date | None):
    facts = pages.story_facts(html(f'<div class="p"><b>{bold}</b></div>'))

    assert facts.published == published


@pytest.mark.parametrize(
    ("crumbs", "category", "tags"),
    [
        ("<a>Рассказы</a> / <a>Драма</a> + <a>море</a>, <a>осень</a>", "Драма", ("море", "осень")),
        ("<a>Рассказы 18+</a> / <a>Драма</a>", "Драма", ()),
        ("<a>Рассказы</a> + море", None, ("море",)),
        (
            "<a>Рассказы</a> / <a>Драма</a> + море, море,, осень<br>Автор: Я",
            "Драма",
            ("море", "осень"),
        ),
        ("просто строка", None, ()),
    ],
)
def test_the_breadcrumb_holds_category_and_tags(
    crumbs: str, category: str | None, tags: tuple[str, ...]
):
    facts = pages.story_facts(html(f'<div class="p" style="border-bottom: 1px">{crumbs}</div>'))

    assert (facts.category, facts.tags) == (category, tags)


def test_a_story_goes_on_with_its_own_next_page_only():
    assert pages.next_page(STORY) == f"{LIST}chitat_most_1-2.html"
    assert pages.next_page(BARE) is None


def test_a_next_page_may_be_named_in_the_head():
    link = '<link rel="next" href="chitat_most_1-3.html">'

    assert pages.next_page(html(link, f"{LIST}chitat_most_1-2.html")) == (
        f"{LIST}chitat_most_1-3.html"
    )


def test_the_same_slug_in_another_category_is_another_story():
    button = '<a class="but" href="/stories/ru/2/izmena/chitat_most_1-2.html">Далее</a>'

    assert pages.next_page(html(button)) is None


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (["Раз.\n\nДва.\n\n", "Три."], "Раз.\n\nДва.\n\nТри."),
        (["Раз.\nДва.\n", "Три."], "Раз.\nДва.\nТри."),
        (["Раз.\n\nДва.", "Три.\n\nЧетыре."], "Раз.\n\nДва.\n\nТри.\n\nЧетыре."),
        (["Раз.\nДва.", "Три.\nЧетыре."], "Раз.\nДва.\nТри.\nЧетыре."),
        (["Она стояла у", "моста и молчала."], "Она стояла у моста и молчала."),
        (["Одна страница.\n"], "Одна страница."),
        ([], ""),
    ],
)
def test_pages_are_joined_as_they_were_before_the_cut(parts: list[str], whole: str):
    assert pages.join_pages(parts) == whole


def test_the_age_form_is_found_where_it_stands_instead_of_a_page():
    assert pages.age_form(saved("gate.html", LIST)) is not None
    assert pages.age_form(STORY) is None
    assert (
        pages.age_form(html('<form><input name="freed"></form><div id="rsz">Текст</div>')) is None
    )
