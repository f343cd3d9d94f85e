"""One small duty each, in the order of ITEM_PIPELINES: refuse, make a story, once, to the disk."""

import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import ValidationError
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from sefan_scraper.items import ScrapedStory
from sefan_scraper.politeness import stop
from storycore.safety import ForbiddenContent, check_adults_only
from storycore.story import Story, StoryWriter, readable_fields, story_id

log = logging.getLogger(__name__)


class Dropped(DropItem):
    """A story that goes no further; the reason is one word and nothing of the story."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Dropped):
    """A story the guard refused; told by the hash of its text, so that it can be recognised."""

    def __init__(self, story: str, code: str, rule: str) -> None:
        super().__init__(f"refused id={story} code={code} rule={rule}")
        self.reason = "refused"


class AdultsOnlyPipeline:
    """Drops a story that concerns a minor before it reaches the disk; ordered first."""

    def process_item(self, item: ScrapedStory) -> ScrapedStory:
        """Return the story, or raise `Refused`: also when the guard itself fails."""
        try:
            check_adults_only(item.text, *readable_fields(item.facts))
        except ForbiddenContent as refusal:
            raise Refused(story_id(item.text), refusal.code, refusal.rule) from None
        except Exception as error:  # noqa: BLE001  # a guard that cannot answer has answered
            raise Refused(story_id(item.text), "guard_failed", type(error).__name__) from None
        return item


class StoryPipeline:
    """Makes the corpus' `Story` of what the pages showed."""

    def process_item(self, item: ScrapedStory) -> Story:
        """Return the story; raise `Dropped` when its title is missing or nothing is left of it."""
        facts = item.facts
        if not facts.title:
            raise Dropped("no_title")
        try:
            return Story.of(
                item.text,
                source=urlsplit(item.url).hostname or "",
                url=item.url,
                title=facts.title,
                author=facts.author,
                category=facts.category,
                tags=facts.tags,
                published=facts.published,
                rating=facts.rating,
                views=facts.views,
            )
        except ValidationError:  # its message quotes the story
            raise Dropped("not_a_story") from None


class OncePipeline:
    """Drops a story this crawl has already met under another address."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def process_item(self, story: Story) -> Story:
        """Return the story, or raise `Dropped` when its text was here before."""
        if story.id in self._met:
            raise Dropped("duplicate")
        self._met.add(story.id)
        return story


class RawPipeline:
    """Writes each story to DATA_DIR/raw/<host>/<time>.jsonl, on the disk before the next one.

    The file is born with its first story. No more than CLOSESPIDER_ITEMCOUNT are written, though
    the page in flight when the count is reached may bring another one.
    """

    def __init__(self, crawler: Crawler, path: Path) -> None:
        self.path = path
        self._crawler = crawler
        self._most = crawler.settings.getint("CLOSESPIDER_ITEMCOUNT")
        self._written = 0
        self._writer: StoryWriter | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Name the file after the site and the time."""
        settings = crawler.settings
        host = urlsplit(settings["SITE_URL"]).hostname or "site"
        # An IPv6 address has colons, which not every file system takes.
        folder = Path(settings["DATA_DIR"], "raw", re.sub(r"[^\w.-]", "_", host))
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl"
        return cls(crawler, folder / name)

    def process_item(self, story: Story) -> Story:
        """Append the story and return it; end the crawl when the disk does not take it."""
        if self._most and self._written >= self._most:
            raise Dropped("enough")
        try:
            self._writer = self._writer or StoryWriter(self.path)
            self._writer.append(story)
        except OSError as error:
            log.error("crawl.cannot_write error=%s", error.strerror)  # noqa: TRY400
            stop(self._crawler, "cannot_write")
            raise Dropped("cannot_write") from None
        self._written += 1
        return story

    def close_spider(self) -> None:
        """Close the file, if there is one."""
        if self._writer:
            self._writer.close()
