"""`scrapy crawl`, with a sentence for a wrong argument and an exit code that tells how it went."""

import argparse
import re
import sys
from collections.abc import Mapping

from scrapy import Spider, signals
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.crawler import Crawler

from sefan_scraper.report import GOOD_REASONS

_SLUG = re.compile(r"[\w-]{1,64}", re.ASCII)


class Command(ScrapyCrawl):
    """Scrapy's command ends with 0 even when the site refused every page; this one doesn't."""

    _reason = ""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl; exit code 2 for a wrong argument, 1 for a crawl that could not be finished."""
        if problem := _problem(opts.spargs):
            sys.stderr.write(f"{problem}\n")
            self.exitcode = 2
            return
        super().run(args, opts)
        if self._reason not in GOOD_REASONS:
            self.exitcode = 1

    def _create_crawler(self, spidercls: type[Spider] | str) -> Crawler:
        crawler = super()._create_crawler(spidercls)
        crawler.signals.connect(self._closed, signal=signals.spider_closed)
        return crawler

    def _closed(self, reason: str) -> None:
        self._reason = reason


def _problem(arguments: Mapping[str, str]) -> str | None:
    unknown = sorted(set(arguments) - {"category"})
    if unknown:
        return f"Неизвестный параметр -a {unknown[0]}. Есть один: -a category=drama."
    category = arguments.get("category")
    if category is not None and not _SLUG.fullmatch(category):
        return f"category: нужно имя из адреса категории, например drama (сейчас: {category!r})."
    return None
