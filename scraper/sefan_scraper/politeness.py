"""The manners Scrapy leaves to us: Crawl-delay, Retry-After, and going away when told to."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from sefan_scraper.middlewares import Unwanted

log = logging.getLogger(__name__)

# So many "too many requests" in a row, each waited out, mean that we are not wanted today.
TOO_MANY = 3
# A site that asks for a longer pause is left alone; the reader can start the crawl later.
LONGEST_WAIT = 600.0
# Without a Retry-After we wait so many delays, and twice as many each time.
_DELAYS_TO_WAIT = 5


class CrawlDelay:
    """Raises the delay to the Crawl-delay of robots.txt, for as long as the crawl lasts."""

    def __init__(self, crawler: Crawler, agents: Sequence[str]) -> None:
        self._crawler = crawler
        self._agents = agents

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Listen for robots.txt."""
        extension = cls(crawler, crawler.settings.getlist("USER_AGENTS"))
        crawler.signals.connect(extension.robots_parsed, signal=signals.robots_parsed)
        return extension

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Take the longest delay asked of any of our names."""
        asked = max(robotparser.crawl_delay(agent) or 0.0 for agent in self._agents)
        if not asked:
            return
        downloader = self._crawler.engine.downloader
        host = downloader.get_slot_key(request)
        delay = max(asked, self._crawler.settings.getfloat("DOWNLOAD_DELAY"))
        # The slot that fetched robots.txt, and those made anew after a long silence.
        downloader.per_slot_settings.setdefault(host, {})["delay"] = delay
        if slot := downloader.slots.get(host):
            slot.delay = max(slot.delay, delay)
        if throttle := self._crawler.get_extension(AutoThrottle):
            throttle.mindelay = delay
            throttle.maxdelay = max(throttle.maxdelay, delay)
        log.info("crawl.delay_asked seconds=%s", asked)


class StopSignsMiddleware:
    """Leaves at a 403, at the third 429 in a row, and waits as long as a busy site asks."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._refusals = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Keep the crawler, to be able to stop it."""
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Return the response when its time has come; Scrapy's retry follows."""
        match response.status:
            case 403:
                stop(self._crawler, "forbidden_403")
                raise Unwanted("forbidden")
            case 429:
                self._refusals += 1
                if self._refusals >= TOO_MANY:
                    stop(self._crawler, "too_many_requests_429")
                    raise Unwanted("too_many_requests")
                await self._wait(request, response)
            case 503:
                await self._wait(request, response)
            case 200:
                self._refusals = 0
        return response

    async def _wait(self, request: Request, response: Response) -> None:
        delay = self._crawler.settings.getfloat("DOWNLOAD_DELAY")
        own = delay * _DELAYS_TO_WAIT * 2 ** request.meta.get("retry_times", 0)
        asked = retry_after(response)
        seconds = own if asked is None else asked
        if seconds > LONGEST_WAIT:
            stop(self._crawler, "retry_after_too_long")
            raise Unwanted("busy")
        if seconds:
            log.info("crawl.waiting status=%s seconds=%.0f", response.status, seconds)
        # One request at a time: while this one waits, nothing else is sent. Scrapy has no event for
        # "asked to stop", hence the look at the clock.
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0 and self._crawler.engine.running:  # noqa: ASYNC110
            await asyncio.sleep(min(left, 0.5))


class RobotsOrNothingMiddleware:
    """Stops the crawl when robots.txt cannot be had: RFC 9309 reads that as "nothing is allowed".

    Scrapy reads it as "everything is". A robots.txt that is not there (404) allows everything.
    Ordered above Scrapy's retry, so that it sees the last attempt only.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._is_unreachable = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Keep the crawler, to be able to stop it."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Hold back what waited for robots.txt; Scrapy would send it now."""
        if self._is_unreachable and not _asks_for_robots(request):
            raise Unwanted("robots_unreachable")

    def process_response(self, request: Request, response: Response) -> Response:
        """Return any response but a failed robots.txt."""
        if _asks_for_robots(request) and response.status >= 500:  # noqa: PLR2004
            self._give_up()
            raise Unwanted("robots_unreachable")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Stop when the site did not answer; a request we did not send is no answer of the site."""
        if _asks_for_robots(request) and not isinstance(exception, IgnoreRequest):
            self._give_up()

    def _give_up(self) -> None:
        self._is_unreachable = True
        stop(self._crawler, "robots_unreachable")


def retry_after(response: Response) -> float | None:
    """Return the seconds a Retry-After header asks for, given as a number or as a date (RFC 9110)."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


_stopping: set[asyncio.Task[None]] = set()


def stop(crawler: Crawler, reason: str) -> None:
    """Close the spider; not awaited, since closing waits for the very request that asks for it."""
    if crawler.engine.spider is None:
        return
    task = asyncio.get_running_loop().create_task(crawler.engine.close_spider_async(reason=reason))
    _stopping.add(task)
    task.add_done_callback(_stopping.discard)


def _asks_for_robots(request: Request) -> bool:
    return urlsplit(request.url).path == "/robots.txt"
