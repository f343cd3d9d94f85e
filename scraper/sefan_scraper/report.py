"""What a crawl brought home: a small table for the reader, a small file for the studio."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from sefan_scraper.pipelines import Dropped, RawPipeline

REASONS = {
    "finished": "всё прочитано",
    "shutdown": "остановлен",
    "closespider_itemcount": "набрано сколько просили",
    "forbidden_403": "сайт запретил обход (403); больше не спрашиваем",
    "too_many_requests_429": "сайт просит не приходить так часто (429); попробуйте позже, увеличив DOWNLOAD_DELAY",
    "retry_after_too_long": "сайт занят и просит зайти позже",
    "robots_unreachable": "не удалось прочитать robots.txt, а без него обход не начинают",
    "site_unreachable": "первая страница сайта недоступна",
    "cannot_write": "не удаётся писать в DATA_DIR: проверьте место и права",
    "no_categories": "на первой странице нет категорий",
    "unknown_category": "такой категории нет",
}
# The crawl did what was asked; after any other reason the command's exit code is not zero.
GOOD_REASONS = frozenset({"finished", "shutdown", "closespider_itemcount"})
DROPPED = {
    "duplicate": "повторы",
    "robots": "закрыто robots.txt",
    "offsite": "ведёт на другой сайт",
    "no_text": "нет текста",
    "no_title": "нет названия",
    "undecodable": "не разобрать кодировку",
    "too_many_pages": "бесконечное «Далее»",
    "too_big": "слишком большая страница",
    "age_gate": "не открылась форма возраста",
    "enough": "сверх числа, которое просили",
}


class CrawlReport:
    """Counts, and at the end writes DATA_DIR/crawls/<time>.json and the table."""

    def __init__(self, crawler: Crawler, stats: StatsCollector) -> None:
        self._crawler = crawler
        self._stats = stats
        self._started = datetime.now(UTC)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Listen for dropped stories and for the end."""
        if crawler.stats is None:
            raise TypeError("a report needs Scrapy's statistics")
        report = cls(crawler, crawler.stats)
        crawler.signals.connect(report.item_dropped, signal=signals.item_dropped)
        crawler.signals.connect(report.item_error, signal=signals.item_error)
        crawler.signals.connect(report.spider_closed, signal=signals.spider_closed)
        return report

    def item_dropped(self, exception: BaseException) -> None:
        """Count a story that a pipeline dropped: refused by the guard, or for a plain reason."""
        reason = exception.reason if isinstance(exception, Dropped) else "other"
        name = "stories/refused" if reason == "refused" else f"stories/dropped/{reason}"
        self._stats.inc_value(name)

    def item_error(self) -> None:
        """Count a story that a pipeline failed on."""
        self._stats.inc_value("stories/dropped/error")

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Write the file and print the table."""
        summary = summarise(self._stats.get_stats(), self._started, reason)
        folder = Path(self._crawler.settings["DATA_DIR"], "crawls")
        raw = self._crawler.get_item_pipeline(RawPipeline)
        host = urlsplit(self._crawler.settings["SITE_URL"]).netloc
        sys.stdout.write(table(host, summary, raw.path if raw else None))
        if complaint := getattr(spider, "complaint", None):
            sys.stderr.write(f"{complaint}\n")
        _write(folder / f"{self._started:%Y%m%dT%H%M%SZ}.json", summary)


def summarise(stats: Mapping[str, Any], started: datetime, reason: str) -> dict[str, Any]:
    """Return the figures of a crawl: whole seconds and counts, dropped also by reason."""
    prefix = "stories/dropped/"
    reasons = {k.removeprefix(prefix): v for k, v in stats.items() if k.startswith(prefix)}
    return {
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 1),
        "requests": stats.get("downloader/request_count", 0),
        "stories": stats.get("item_scraped_count", 0),
        "refused": stats.get("stories/refused", 0),
        "dropped": sum(reasons.values()),
        "dropped_reasons": dict(sorted(reasons.items())),
        "reason": reason,
    }


def table(host: str, summary: Mapping[str, Any], raw: Path | None) -> str:
    """Return the summary as a reader wants it."""
    rows = [
        ("записано рассказов", summary["stories"]),
        ("не принято (правило 18+)", summary["refused"]),
        ("пропущено", summary["dropped"]),
        *((f"  {DROPPED.get(why, why)}", n) for why, n in summary["dropped_reasons"].items()),
        ("запросов", summary["requests"]),
        ("секунд", summary["seconds"]),
    ]
    wide = max(len(name) for name, _ in rows) + 2
    lines = [f"{name:<{wide}}{value:>10}" for name, value in rows]
    reason = REASONS.get(summary["reason"], summary["reason"])
    file = [f"файл: {raw}"] if raw and summary["stories"] else []
    return "\n".join(["", f"Обход {host}: {reason}", *lines, *file, ""])


def _write(path: Path, summary: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(summary, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(draft, path)  # noqa: PTH105  # the reader sees the whole file or none
