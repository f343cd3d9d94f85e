"""What Scrapy logs of a story: that it came and went, never a word of it."""
# ruff: noqa: ARG002  # the signatures are Scrapy's

import logging
from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure


class WordlessLogFormatter(LogFormatter):
    """Scrapy prints items it scraped, dropped or stumbled over; ours are stories, so it must not."""

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
