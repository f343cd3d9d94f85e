"""The whole road in a real browser: gate, wish, a story that streams, its sources, the library."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import Application, Visit
from tests.e2e.reading import (
    enter,
    expect_end,
    go,
    growth,
    open_tuning,
    story,
    text_of,
    watch_growth,
    wish_for,
)

pytestmark = pytest.mark.e2e

WISH = "Двое взрослых людей встречаются зимой и говорят о старых письмах"


def test_nothing_is_loaded_before_the_gate(base_url: str, visit: Visit):
    visitor = visit("about:blank")
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.base_url = base_url

    visitor.page.goto(base_url)

    expect(visitor.page.get_by_text("18+", exact=True)).to_be_visible()
    expect(visitor.page.get_by_text("Запрещено для детей")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Выйти")).to_be_visible()
    assert [url for url in asked if "/api/" in url] == [f"{base_url}/api/v1/age"]
    assert visitor.page.title() == "Тетрадь"
    assert visitor.page.get_by_role("textbox").count() == 0


def test_whoever_leaves_at_the_gate_is_gone(base_url: str, visit: Visit):
    page = visit(base_url).page

    page.get_by_role("button", name="Выйти").click()

    page.wait_for_url("about:blank")


def test_a_story_streams_with_its_sources_and_stays_in_the_library(
    base_url: str, own_application: Application | None, visit: Visit, screenshots: Path
):
    page = visit(base_url).page
    enter(page)
    line = page.get_by_role("contentinfo")
    # The application started here has no model; the stack in containers has an Ollama.
    if own_application is not None:
        expect(page.get_by_text("Сейчас пишет пробная модель")).to_be_visible()
        expect(line).to_contain_text("пробная модель (без загрузки)")
    expect(line).to_contain_text("поиск по словам: модель смысла не загружена")
    watch_growth(page)

    wish_for(page, WISH, words=450)
    expect_end(page, "История дописана.")

    text = text_of(page)
    words = re.findall(r"[А-Яа-яЁё]+", text)
    assert len(words) >= 300
    assert len(re.findall(r"[A-Za-z]", text)) < len(text) / 50
    assert text.rstrip()[-1] in ".!?…»"
    assert len(growth(page)) >= 5
    assert page.locator(".sources .card").count() >= 3
    expect(page.locator(".sources .card").first).to_contain_text("по словам №")
    page.screenshot(path=screenshots / "story-real.png", full_page=True)

    title = page.get_by_role("heading", level=1).inner_text()
    go(page, "Библиотека")
    expect(page.get_by_role("link", name=title, exact=True).first).to_be_visible()
    page.goto("about:blank")
    if own_application is not None:
        own_application.restart()
    page.goto(base_url)
    enter(page)
    go(page, "Библиотека")
    page.get_by_role("link", name=title, exact=True).first.click()
    expect(story(page).locator("p").first).to_be_visible()
    assert text_of(page) == text


def test_stop_stops_and_keeps_what_was_written(base_url: str, visit: Visit):
    page = visit(base_url).page
    enter(page)
    wish_for(page, WISH, words=30_000)
    expect(story(page).locator("p").nth(1)).to_be_visible()

    page.get_by_role("button", name="Остановить").click()
    expect_end(page, "Остановлено. Написанное сохранено в библиотеке.")

    text = text_of(page)
    assert text
    page.reload()
    enter(page)
    expect(story(page).locator("p").first).to_be_visible()
    assert text_of(page) == text
    expect(page.get_by_role("button", name="Продолжить")).to_be_visible()


def test_a_stopped_story_goes_on_where_it_was(base_url: str, visit: Visit):
    page = visit(base_url).page
    enter(page)
    wish_for(page, WISH, words=30_000)
    expect(story(page).locator("p").nth(1)).to_be_visible()
    page.keyboard.press("Escape")
    expect_end(page, "Остановлено.")
    before = text_of(page)

    page.get_by_role("button", name="Продолжить").click()
    expect(page.get_by_role("button", name="Остановить")).to_be_visible()
    expect(story(page)).not_to_have_text(before, use_inner_text=True)
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Остановить").click()
    expect_end(page, "Остановлено.")

    assert text_of(page).startswith(before)
    assert len(text_of(page)) > len(before)


def test_a_refused_wish_is_explained_and_kept(base_url: str, visit: Visit):
    visitor = visit(base_url)
    visitor.expected.append("status of 403")
    page = visitor.page
    enter(page)
    open_tuning(page)
    page.get_by_label("Жанр").fill("романтика")

    wish_for(page, "Ей семнадцать лет. [сцена]")

    expect(page.get_by_role("alert").filter(has_text="восемнадцать")).to_be_visible()
    expect(page.get_by_label("О чём написать?")).to_have_value("Ей семнадцать лет. [сцена]")
    expect(page.get_by_label("Жанр")).to_have_value("романтика")
    page.reload()
    enter(page)
    expect(page.get_by_label("О чём написать?")).to_have_value("Ей семнадцать лет. [сцена]")


def test_a_character_of_seventeen_is_stopped_in_the_form(base_url: str, visit: Visit):
    page = visit(base_url).page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    enter(page)
    open_tuning(page)
    page.get_by_role("button", name="Добавить героя").click()
    page.get_by_label("Имя").fill("Вера")
    page.get_by_label("Возраст").fill("17")
    sent.clear()

    wish_for(page, WISH)

    expect(page.get_by_text("от 18 лет")).to_be_visible()
    expect(page.get_by_label("Возраст")).to_be_focused()
    assert "POST" not in sent


def test_an_empty_wish_is_asked_for(base_url: str, visit: Visit):
    page = visit(base_url).page
    enter(page)

    page.get_by_role("button", name="Написать").click()

    expect(page.get_by_label("О чём написать?")).to_be_focused()
    expect(page.get_by_text("о чём история?")).to_be_visible()


def test_hiding_ends_the_session(base_url: str, visit: Visit):
    visitor = visit(base_url)
    # Chromium tells the console what it cleared; nobody looks at it over a covered page.
    visitor.expected.append("Clear-Site-Data")
    page = visitor.page
    enter(page)

    page.get_by_role("button", name="Спрятать").click()
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.get_by_role("button", name="Открыть").click()

    expect(page.get_by_role("button", name="Мне есть 18 лет")).to_be_visible()
    assert page.request.get(f"{base_url}/api/v1/status").status == 403


def test_a_passage_is_found_and_its_story_opened(base_url: str, visit: Visit):
    page = visit(base_url).page
    enter(page)
    go(page, "Корпус")
    expect(page.locator(".row").first).to_be_visible()

    page.get_by_role("button", name="Отрывки").click()
    page.get_by_label("О чём отрывок").fill("старое письмо зимой")
    page.get_by_role("button", name="Найти").click()
    card = page.locator(".cards.is-wide .card").first
    expect(card).to_contain_text("по словам №")
    title = card.get_by_role("link").first.inner_text()
    card.get_by_role("link").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(story(page).locator("p").first).to_be_visible()
