from datetime import date

import pytest
from scrapy import Spider
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from sefan_scraper import pipelines
from sefan_scraper.items import ScrapedStory, StoryFacts
from sefan_scraper.logs import WordlessLogFormatter
from sefan_scraper.pipelines import (
    AdultsOnlyPipeline,
    Dropped,
    OncePipeline,
    Refused,
    StoryPipeline,
)

URL = "https://sefan.ru/stories/ru/2/drama/chitat_most_1.html"
PLAIN = "Мост развели, и Вера осталась.\n\n— Да."


def scraped(text: str = PLAIN, **facts: object) -> ScrapedStory:
    return ScrapedStory(URL, StoryFacts(**{"title": "Мост", **facts}), text)  # type: ignore[arg-type]


def test_a_story_of_adults_passes_the_guard_unchanged():
    story = scraped()

    assert AdultsOnlyPipeline().process_item(story) is story


@pytest.mark.parametrize(
    "story",
    [
        scraped("Лене было 17 лет. [сцена]"),
        scraped(title="Несовершеннолетняя"),
        scraped(author="Несовершеннолетняя"),
        scraped(tags=("осень", "несовершеннолетние")),
        scraped(category="Несовершеннолетние"),
    ],
)
def test_a_cue_anywhere_in_a_story_refuses_it(story: ScrapedStory):
    with pytest.raises(Refused):
        AdultsOnlyPipeline().process_item(story)


def test_a_guard_that_fails_refuses(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: str) -> str:
        raise RuntimeError(PLAIN)

    monkeypatch.setattr(pipelines, "check_adults_only", broken)

    with pytest.raises(Refused, match="code=guard_failed rule=RuntimeError") as refusal:
        AdultsOnlyPipeline().process_item(scraped())

    assert "Мост" not in str(refusal.value)


def test_a_story_is_what_the_page_said_and_null_where_it_was_silent():
    story = StoryPipeline().process_item(scraped(published=date(2024, 1, 12), rating=4.5))

    assert (story.source, story.url, story.title, story.text) == ("sefan.ru", URL, "Мост", PLAIN)
    assert (story.published, story.rating) == (date(2024, 1, 12), 4.5)
    assert (story.author, story.category, story.views, story.tags) == (None, None, None, ())


@pytest.mark.parametrize(
    ("story", "reason"),
    [(scraped(title=None), "no_title"), (scraped(" \n "), "not_a_story")],
)
def test_what_is_no_story_is_dropped_with_a_reason(story: ScrapedStory, reason: str):
    with pytest.raises(Dropped, match=f"^{reason}$"):
        StoryPipeline().process_item(story)


def test_a_text_met_twice_is_one_story():
    first = StoryPipeline().process_item(scraped())
    again = StoryPipeline().process_item(scraped(f"{PLAIN}\n", title="Под другим именем"))
    once = OncePipeline()

    assert once.process_item(first) is first
    with pytest.raises(Dropped, match="duplicate"):
        once.process_item(again)


def test_a_log_line_of_a_story_has_no_word_of_it():
    formatter, response = WordlessLogFormatter(), HtmlResponse(URL)
    spider = Spider.from_crawler(get_crawler(), name="any")
    item, error = scraped(), Refused("ab12", "minor_content", "age")

    lines = [
        formatter.scraped(item, response, spider),
        formatter.dropped(item, error, response, spider),
        formatter.item_error(item, RuntimeError(PLAIN), response, spider),
    ]

    told = [line["msg"] % line["args"] for line in lines]
    assert not [line for line in told if "Мост" in line or "Вера" in line]
    assert "Мост" not in repr(item)
