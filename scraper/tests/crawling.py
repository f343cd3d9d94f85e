"""Runs the real `scrapy crawl` in a process of its own, as a user would."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storycore.story import Story, read_stories

SCRAPER = Path(__file__).resolve().parents[1]
_SCRAPY = (sys.executable, "-m", "scrapy")


@dataclass(frozen=True)
class Crawled:
    """What a crawl left behind."""

    code: int
    output: str
    data: Path

    @property
    def stories(self) -> list[Story]:
        """The stories on the disk; a broken line is an error."""
        lines = [
            line for path in sorted(self.data.glob("raw/*/*.jsonl")) for line in read_stories(path)
        ]
        return [line for line in lines if isinstance(line, Story) or _broken(line)]

    @property
    def report(self) -> dict[str, Any]:
        """The last report."""
        path = max(self.data.glob("crawls/*.json"))
        return dict(json.loads(path.read_text(encoding="utf-8")))


def _broken(line: object) -> bool:
    raise AssertionError(line)


def start(site_url: str, data: Path, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    """Start a crawl without delay, of nothing but the given settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.Popen(
        [*_SCRAPY, "crawl", "stories", "-s", "STORY_PAGE_LIMIT=5", *arguments],
        cwd=SCRAPER,
        env={
            **kept,
            "PYTHONIOENCODING": "utf-8",
            "SITE_URL": site_url,
            "DATA_DIR": str(data),
            "DOWNLOAD_DELAY": "0",
            # Over what the developer's own .env.local may say.
            "MAX_STORIES": "0",
            "LOG_LEVEL": "info",
            **settings,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def crawl(site_url: str, data: Path, *arguments: str, **settings: str) -> Crawled:
    """Crawl to the end."""
    process = start(site_url, data, *arguments, **settings)
    output, _ = process.communicate(timeout=240)
    return Crawled(process.returncode, output, data)
