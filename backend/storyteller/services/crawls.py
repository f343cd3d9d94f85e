"""The statistics that the scraper leaves behind, read for the metrics."""

import json
from pathlib import Path


def last_crawl(data_dir: Path) -> dict[str, float]:
    """Return the numbers of the newest crawl, or nothing when there was none."""
    reports = sorted((data_dir / "crawls").glob("*.json"))
    if not reports:
        return {}
    try:
        report = json.loads(reports[-1].read_bytes())
    except (OSError, ValueError):
        return {}
    kinds = ("seconds", "requests", "stories", "refused", "dropped")
    return {
        kind: float(report[kind]) for kind in kinds if isinstance(report.get(kind), int | float)
    }
