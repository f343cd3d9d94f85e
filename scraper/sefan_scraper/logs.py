"""What Scrapy logs of a story: that it came and went, never a word of it, nor where it stands.

The address of a story is its title and its place; whoever finds a log should learn neither.
"""
# ruff: noqa: ARG002  # the signatures are Scrapy's

import logging
import re
import traceback
from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure

# To its last letter: a bracket or a full stop behind it belongs to the sentence.
_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"').,:;]", re.IGNORECASE)


class AddresslessRecord(logging.LogRecord):
    """A line of the log without addresses; of an exception it keeps the kind and the place.

    A record and not a filter: a filter belongs to a handler, and Scrapy replaces its handler after
    every part of ours was made.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0]:
            kind, _, place = self.exc_info
            # What `Formatter` prints in place of the traceback: its last line quotes the message.
            self.exc_text = "".join(traceback.format_tb(place)) + kind.__name__

    def getMessage(self) -> str:  # noqa: N802  # the name is logging's
        """Return the message with every address replaced."""
        return _ADDRESS.sub("[address]", super().getMessage())


class WordlessLogFormatter(LogFormatter):
    """Scrapy prints items it scraped, dropped or stumbled over; ours are stories, so it must not."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Leave addresses out from here on: no page was asked for yet."""
        logging.setLogRecordFactory(AddresslessRecord)
        return super().from_crawler(crawler)

    def scraped(
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """Tell that a story was kept."""
        return {
            "level": logging.DEBUG,
            "msg": "crawl.story_kept id=%(id)s",
            "args": {"id": getattr(item, "id", None)},
        }

    def dropped(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """Tell why a story was dropped; our pipelines' reasons carry codes only."""
        return {
            "level": logging.INFO,
            "msg": "crawl.story_dropped reason=%(reason)s",
            "args": {"reason": str(exception)},
        }

    def item_error(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """Tell that a pipeline failed; the traceback that Scrapy adds shows code, not values."""
        return {
            "level": logging.ERROR,
            "msg": "crawl.pipeline_failed error=%(error)s",
            "args": {"error": type(exception).__name__},
        }
