"""How the page looks to axe and to us: every view, light and dark, on a desk and on a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Visit
from tests.e2e.reading import enter, expect_end, go, open_tuning, story, wish_for

pytestmark = pytest.mark.e2e

SIZES = {"desktop": (1280, 860), "phone": (390, 844)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", SIZES)
def test_every_view_is_accessible(
    *,
    base_url: str,
    visit: Visit,
    axe: Callable[[Page], list[str]],
    screenshots: Path,
    device: str,
    scheme: str,
):
    page = visit(base_url, scheme=scheme, size=SIZES[device]).page
    problems: dict[str, list[str]] = {}

    def look(view: str) -> None:
        page.screenshot(path=screenshots / f"{device}-{scheme}-{view}.png")
        problems[view] = axe(page)
        width: int = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{view} is wider than the screen by {width} px"

    expect(page.get_by_role("button", name="Мне есть 18 лет")).to_be_visible()
    look("1-gate")
    enter(page)
    expect(page.locator(".status-line")).to_be_visible()
    look("2-form")

    open_tuning(page)
    page.get_by_label("Настроение").fill("нежное")
    page.get_by_role("button", name="Добавить героя").click()
    page.get_by_label("Возраст").fill("17")
    page.get_by_role("button", name="Написать").click()
    expect(page.get_by_text("от 18 лет")).to_be_visible()
    look("3-tuning")
    page.get_by_role("button", name="Убрать").click()
    page.get_by_role("button", name="Сбросить настройку").click()

    wish_for(page, "Двое взрослых людей встречаются зимой у моря", words=3000)
    expect(story(page).locator("p").nth(2)).to_be_visible()
    look("4-writing")
    if page.get_by_role("button", name="Остановить").is_visible():
        page.keyboard.press("Escape")
        expect_end(page, "Остановлено.")
    look("5-story")

    go(page, "Библиотека")
    expect(page.locator(".row").first).to_be_visible()
    look("6-library")
    page.locator(".row").first.get_by_role("button", name="Удалить").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look("7-confirm")
    page.keyboard.press("Escape")

    go(page, "Корпус")
    expect(page.locator(".row").first).to_be_visible()
    look("8-corpus")
    page.get_by_role("button", name="Отрывки").click()
    page.get_by_label("О чём отрывок").fill("старое письмо")
    page.get_by_role("button", name="Найти").click()
    expect(page.locator(".cards.is-wide .card").first).to_be_visible()
    look("9-passages")
    page.locator(".cards.is-wide .card").first.get_by_role("link").first.click()
    expect(story(page).locator("p").first).to_be_visible()
    look("10-corpus-story")

    page.get_by_role("button", name="Подробнее").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look("11-status")

    assert {view: found for view, found in problems.items() if found} == {}


def test_the_theme_is_chosen_and_remembered(base_url: str, visit: Visit):
    page = visit(base_url, scheme="light").page
    enter(page)
    background = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(background)

    page.get_by_role("button", name="Тёмная тема").click()
    dark = page.evaluate(background)
    page.reload()
    enter(page)

    assert dark != light
    assert page.evaluate(background) == dark
