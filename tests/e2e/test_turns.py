"""Every turn a run may take, asked of the stand-in backend; see frontend/tests/stub.js."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Visit
from tests.e2e.reading import enter, expect_end, go, open_tuning, story, text_of, wish_for

pytestmark = pytest.mark.e2e


def scroll_place(page: Page) -> int:
    place: int = page.evaluate("() => Math.round(scrollY)")
    return place


def test_markup_in_a_story_is_shown_as_it_is_written(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    page.on("dialog", lambda _: pytest.fail("the story opened a dialog"))
    enter(page)

    wish_for(page, "разметка мигом")
    expect_end(page, "История дописана.")

    assert "<img src=x onerror=alert(1)><script>alert(2)</script>" in text_of(page)
    assert page.get_by_role("heading", level=1).inner_text() == "<b>Не жирно</b>"
    assert story(page).locator("img, script, b").count() == 0


def test_an_unsafe_address_never_becomes_a_link(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)

    wish_for(page, "мигом")
    expect_end(page, "История дописана.")

    cards = page.locator(".sources .card")
    assert cards.count() == 5
    links = cards.get_by_role("link", name=re.compile("^Источник"))
    assert links.count() == 4
    assert {link.get_attribute("rel") for link in links.all()} == {"noopener noreferrer"}


def test_the_text_grows_without_moving_the_reader(stub_url: str, visit: Visit):
    page = visit(stub_url, size=(900, 500)).page
    enter(page)
    wish_for(page, "долгая история", words=3000)
    expect(story(page).locator("p").nth(9)).to_be_attached()
    page.mouse.wheel(0, 120)
    page.wait_for_function("() => scrollY > 0")
    place = scroll_place(page)
    paragraphs = story(page).locator("p").count()

    expect(story(page).locator("p").nth(paragraphs + 4)).to_be_attached()

    assert scroll_place(page) == place


def test_a_story_begun_from_a_scrolled_form_is_read_from_its_top(stub_url: str, visit: Visit):
    page = visit(stub_url, size=(390, 900)).page
    enter(page)
    # While it waits in the queue the page is short, and its bottom is in sight.
    page.get_by_label("О чём написать?").fill("очередь за долгой историей")
    open_tuning(page)
    page.mouse.wheel(0, 200)
    page.wait_for_function("() => scrollY > 50")

    page.get_by_role("button", name="Написать").click()
    expect(story(page).locator("p").nth(12)).to_be_attached()

    assert scroll_place(page) == 0


def test_to_the_end_follows_the_text_until_the_reader_scrolls_up(stub_url: str, visit: Visit):
    page = visit(stub_url, size=(900, 500)).page
    enter(page)
    wish_for(page, "долгая история", words=3000)
    expect(story(page).locator("p").nth(6)).to_be_attached()

    page.get_by_role("button", name="К концу").click()
    start = scroll_place(page)
    page.wait_for_function("start => scrollY > start + 200", arg=start)
    expect(page.get_by_role("button", name="К концу")).to_be_hidden()

    page.mouse.wheel(0, -600)
    expect(page.get_by_role("button", name="К концу")).to_be_visible()
    place = scroll_place(page)
    paragraphs = story(page).locator("p").count()
    expect(story(page).locator("p").nth(paragraphs + 4)).to_be_attached()
    assert scroll_place(page) == place


def test_a_reload_takes_the_story_up_again(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)
    wish_for(page, "тихая история", words=400)
    expect(story(page).locator("p").nth(3)).to_be_visible()

    page.reload()
    expect(page.get_by_role("button", name="Остановить")).to_be_visible()
    expect_end(page, "История дописана.")

    text = text_of(page)
    page.reload()
    expect(page.get_by_role("button", name="Продолжить")).to_be_visible()
    assert text_of(page) == text


def test_the_story_goes_on_while_its_reader_looks_elsewhere(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)
    wish_for(page, "тихая история", words=300)
    expect(story(page).locator("p").nth(1)).to_be_visible()

    go(page, "Корпус")
    expect(page.locator(".row").first).to_be_visible()
    go(page, "Писать")

    expect_end(page, "История дописана.")
    assert len(text_of(page).split()) >= 300


def test_a_lost_connection_loses_nothing(stub_url: str, visit: Visit):
    visitor = visit(stub_url)
    visitor.expected.append("net::ERR_")
    page = visitor.page
    enter(page)

    wish_for(page, "связь рвётся", words=200)
    expect_end(page, "История дописана.")

    words = text_of(page).split()
    assert words[:4] == ["Снег", "пошёл", "с", "вечера,"]
    shown = " ".join(words)
    page.reload()
    expect(page.get_by_role("button", name="Продолжить")).to_be_visible()
    assert " ".join(text_of(page).split()) == shown


def test_replaced_text_is_replaced_and_said(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)

    wish_for(page, "правка мигом", words=200)
    expect_end(page, "История дописана.")

    assert text_of(page).startswith("Начало переписано.")
    expect(page.get_by_text("Модель начала повторяться")).to_be_visible()


def test_a_broken_story_is_kept_and_can_go_on(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)
    wish_for(page, "обрыв")

    expect(page.get_by_role("alert").filter(has_text="прервалась на полуслове")).to_be_visible()
    before = text_of(page)
    page.get_by_role("button", name="Продолжить").click()
    expect(page.get_by_role("alert").filter(has_text="прервалась на полуслове")).to_be_visible()

    assert text_of(page).startswith(before)
    assert len(text_of(page)) > len(before)


def test_a_blocked_story_leaves_the_screen(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)

    wish_for(page, "запрет")

    expect(page.get_by_role("alert").filter(has_text="восемнадцать")).to_be_visible()
    expect(story(page).locator("p")).to_have_count(0)


def test_trying_again_writes_in_the_same_manuscript(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)
    wish_for(page, "запрет, и ещё раз")
    again = page.get_by_role("button", name="Попробовать ещё раз")
    expect(again).to_be_visible()
    address = page.url

    with page.expect_response(lambda answer: answer.url.endswith("/runs")):
        again.click()
    expect(again).to_be_visible()

    assert page.url == address


def test_the_place_in_the_queue_is_told(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)

    wish_for(page, "очередь", words=200)

    expect(page.get_by_text("В очереди, место 3")).to_be_visible()
    expect(page.get_by_text("Ваша история следующая")).to_be_visible()
    expect_end(page, "История дописана.")


def test_a_full_queue_says_when_to_come_back(stub_url: str, visit: Visit):
    visitor = visit(stub_url)
    visitor.expected.append("status of 503")
    enter(visitor.page)

    wish_for(visitor.page, "занято")

    expect(visitor.page.get_by_text("Попробуйте через 40 с.")).to_be_visible()


def test_a_session_that_ended_asks_again_and_keeps_the_wish(stub_url: str, visit: Visit):
    visitor = visit(stub_url)
    visitor.expected.append("status of 403")
    page = visitor.page
    enter(page)
    page.get_by_label("О чём написать?").fill("тихая история")
    page.context.clear_cookies()

    page.get_by_role("button", name="Написать").click()
    expect(page.get_by_role("button", name="Мне есть 18 лет")).to_be_visible()
    enter(page)

    expect(page.get_by_label("О чём написать?")).to_have_value("тихая история")


def test_hiding_covers_the_page_and_forgets_the_wish(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    other = page.context.new_page()
    other.goto(stub_url)
    enter(page)
    other.reload()
    expect(other.get_by_role("navigation")).to_be_visible()
    page.get_by_label("О чём написать?").fill("тайное")

    for _ in range(3):
        page.keyboard.press("Shift")

    for covered in (page, other):
        expect(covered.get_by_role("button", name="Открыть")).to_be_visible()
        assert covered.locator("body").inner_text().split() == ["Тетрадь", "Открыть"]
    page.get_by_role("button", name="Открыть").click()
    enter(page)
    expect(page.get_by_label("О чём написать?")).to_have_value("")


def test_a_manuscript_is_deleted_only_after_its_title_was_shown(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)
    wish_for(page, "мигом")
    expect_end(page, "История дописана.")
    go(page, "Библиотека")
    rows = page.locator(".row")
    expect(rows.first).to_be_visible()
    count = rows.count()

    rows.first.get_by_role("button", name="Удалить").click()
    expect(page.get_by_role("dialog")).to_contain_text("Письмо к зиме")
    page.keyboard.press("Escape")
    expect(rows).to_have_count(count)

    rows.first.get_by_role("button", name="Удалить").click()
    page.get_by_role("dialog").get_by_role("button", name="Удалить").click()
    expect(rows).to_have_count(count - 1)


def test_the_corpus_is_searched_filtered_and_read_on(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    enter(page)
    go(page, "Корпус")
    rows = page.locator(".row")
    expect(rows).to_have_count(20)

    page.get_by_role("button", name="Показать ещё").click()
    expect(rows).to_have_count(27)

    page.get_by_label("Раздел", exact=True).select_option("романтика")
    expect(rows).to_have_count(9)
    page.get_by_label("Название или автор").fill("чайная")
    expect(rows).to_have_count(3)


def test_the_whole_road_can_be_walked_by_keyboard(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    expect(page.get_by_role("button", name="Мне есть 18 лет")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("О чём написать?")).to_be_visible()

    page.get_by_label("О чём написать?").focus()
    page.keyboard.type("Разговор на пристани")
    page.keyboard.press("Control+Enter")
    expect(story(page).locator("p").first).to_be_visible()
    page.keyboard.press("Escape")

    expect_end(page, "Остановлено.")


def test_copied_text_has_no_soft_hyphens(stub_url: str, visit: Visit):
    page = visit(stub_url).page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(page)
    wish_for(page, "мигом")
    expect_end(page, "История дописана.")
    assert "\u00ad" in story(page).inner_text()

    page.get_by_role("button", name="Скопировать").click()
    expect(page.get_by_role("button", name="Скопировано")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")

    assert "\u00ad" not in copied
    assert copied.startswith("Снег пошёл с вечера")
