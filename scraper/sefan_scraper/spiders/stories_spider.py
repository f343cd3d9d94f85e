"""Category -> list pages, newest first -> stories, each joined of its pages."""

from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Any, NoReturn, Self

import scrapy
from scrapy.exceptions import CloseSpider, DownloadCancelledError
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from sefan_scraper import pages
from sefan_scraper.items import ScrapedStory, StoryFacts
from sefan_scraper.middlewares import Unwanted

# A story begun is finished before the next one, and a list page read before the next list page.
_PAGE_PRIORITY, _STORY_PRIORITY = 20, 10
# Twice the longest novel; a story that grows further is not one.
_LONGEST_STORY = 10_000_000


class Reading:
    """A story half read: lives in memory only, since nothing of it has passed the guard yet."""

    def __init__(self) -> None:
        self.url = ""
        self.facts = StoryFacts()
        self.pages: list[str] = []
        self.urls: set[str] = set()
        self._texts: set[bytes] = set()

    def add(self, url: str, text: str) -> bool:
        """Take one page; return False when its address or its text was here before: a loop."""
        digest = sha256(text.encode()).digest()
        is_new = url not in self.urls and digest not in self._texts
        if is_new:
            self.pages.append(text)
        self.urls.add(url)
        self._texts.add(digest)
        return is_new

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        # Scrapy's JOBDIR pickles requests into a file; one that carries words stays in memory.
        if self.pages:
            raise TypeError("a story that has not passed the guard is not written down")
        return type(self), ()


class StoriesSpider(scrapy.Spider):
    """Crawls the site of SITE_URL: all its categories, or one (`-a category=drama`)."""

    name = "stories"

    def __init__(self, category: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.category = category
        # What the reader is told when the crawl could not do what was asked.
        self.complaint: str | None = None

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Ask for the page that lists the categories."""
        yield scrapy.Request(
            self.settings["SITE_URL"], self.read_start, errback=self.start_failed, dont_filter=True
        )

    def start_failed(self, failure: Failure) -> NoReturn:
        """End the crawl: without its first page there is nothing to do."""
        reason = why(failure)
        self.complaint = f"Первая страница сайта недоступна ({reason}): {self.settings['SITE_URL']}"
        raise CloseSpider("site_unreachable")

    def read_start(self, response: Response) -> Iterator[scrapy.Request]:
        """Go to the lists of the categories, of the asked one if one is asked for."""
        found = pages.categories(response)
        wanted = [one for one in found if self.category in {None, one.slug}]
        if not found:
            self.complaint = f"На странице нет категорий: {response.url}"
            raise CloseSpider("no_categories")
        if not wanted:
            known = ", ".join(sorted(one.slug for one in found))
            self.complaint = f"Категории «{self.category}» на сайте нет. Есть: {known}."
            raise CloseSpider("unknown_category")
        for one in wanted:
            yield scrapy.Request(one.url, self.read_list, errback=self.list_failed)

    def read_list(self, response: Response) -> Iterator[scrapy.Request]:
        """Go to the stories of a list page, then to the older page."""
        for url in pages.story_links(response):
            yield scrapy.Request(
                url,
                self.read_story,
                errback=self.story_failed,
                priority=_STORY_PRIORITY,
                cb_kwargs={"reading": Reading()},
            )
        if older := pages.older_list(response):
            yield scrapy.Request(older, self.read_list, errback=self.list_failed)

    def list_failed(self, failure: Failure) -> None:
        """Count a list page that could not be had; the other lists go on."""
        self._count("lists/failed", why(failure))

    def read_story(
        self, response: Response, reading: Reading
    ) -> Iterator[scrapy.Request | ScrapedStory]:
        """Read one page of a story: go on to the next, or hand the whole to the pipelines.

        A «Далее» that leads back to an address or a text already read ends the story: all of it has
        been read, so it is kept. A chain longer than STORY_PAGE_LIMIT is dropped: nobody can say
        where its story ends.
        """
        text = pages.page_text(response)
        if text is None:
            self._drop("no_text")
            return
        if not reading.pages:
            reading.url, reading.facts = response.url, pages.story_facts(response)
        following = pages.next_page(response) if reading.add(response.url, text) else None
        if following is None or following in reading.urls:
            yield ScrapedStory(reading.url, reading.facts, pages.join_pages(reading.pages))
        elif len(reading.pages) >= self.settings.getint("STORY_PAGE_LIMIT"):
            self._drop("too_many_pages")
        elif sum(map(len, reading.pages)) > _LONGEST_STORY:
            self._drop("too_long")
        else:
            yield scrapy.Request(
                following,
                self.read_story,
                errback=self.story_failed,
                priority=_PAGE_PRIORITY,
                cb_kwargs={"reading": reading},
                dont_filter=True,
            )

    def story_failed(self, failure: Failure) -> None:
        """Drop a story one of whose pages could not be had: half a story is none."""
        self._drop(why(failure))

    def _drop(self, reason: str) -> None:
        self._count("stories/dropped", reason)

    def _count(self, name: str, reason: str) -> None:
        self.crawler.stats.inc_value(f"{name}/{reason}")


def why(failure: Failure) -> str:
    """Return in one word why a page could not be had."""
    error = failure.value
    match error:
        case Unwanted():
            return error.reason
        case HttpError():
            return f"http_{error.response.status}"
        case DownloadCancelledError():
            return "too_big"
        case _ if "robots.txt" in str(error):
            return "robots"
        case _:
            return "no_answer"
