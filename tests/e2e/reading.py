"""What a reader does on the page, in the reader's words."""

from typing import Any

from playwright.sync_api import Locator, Page, expect


def enter(page: Page) -> None:
    """Pass the gate, if it is shown, and stand before the form."""
    gate = page.get_by_role("button", name="Мне есть 18 лет")
    header = page.get_by_role("navigation")
    expect(gate.or_(header)).to_be_visible()
    if gate.is_visible():
        gate.click()
    expect(header).to_be_visible()


def wish_for(page: Page, wish: str, *, words: int | None = None) -> None:
    """Fill the form and send it."""
    page.get_by_label("О чём написать?").fill(wish)
    if words is not None:
        open_tuning(page)
        page.get_by_label("Сколько слов").fill(str(words))
    page.get_by_role("button", name="Написать").click()


def open_tuning(page: Page) -> None:
    """Open the drawer of finer settings."""
    if not page.get_by_label("Жанр").is_visible():
        page.get_by_text("Тонкая настройка").click()
    expect(page.get_by_label("Жанр")).to_be_visible()


def story(page: Page) -> Locator:
    """The column in which the text grows."""
    return page.locator(".story")


def text_of(page: Page) -> str:
    """The story as shown, without the soft hyphens that are only for the eye."""
    return story(page).inner_text().replace("\u00ad", "")


def expect_end(page: Page, sentence: str) -> None:
    """Wait until the page says how the run ended."""
    expect(page.get_by_role("status").filter(has_text=sentence)).to_be_visible(timeout=120_000)


def go(page: Page, section: str) -> None:
    """Open a section by its link in the header."""
    page.get_by_role("navigation").get_by_role("link", name=section).click()


def watch_growth(page: Page) -> None:
    """From now on remember every length that the story's text has had."""
    page.evaluate(
        """() => {
            window.lengths = new Set()
            const look = () => {
                window.lengths.add(document.querySelector('.story')?.innerText.length ?? 0)
            }
            new MutationObserver(look).observe(document.body, {
                subtree: true, childList: true, characterData: true,
            })
        }"""
    )


def growth(page: Page) -> list[Any]:
    """The lengths remembered since `watch_growth`, in order."""
    lengths: list[Any] = page.evaluate("() => [...window.lengths]")
    return lengths
