"""Roads for the tests of ingest."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis_server import redis_server
from roads import Road, open_road

__all__ = ["redis_server"]


@pytest.fixture
def roads() -> Iterator[Callable[..., Road]]:
    """Open roads; all are closed at the end, the last one first."""
    opened: list[Road] = []

    def open_(folder: Path, **parts: object) -> Road:
        opened.append(open_road(folder, **parts))  # type: ignore[arg-type]
        return opened[-1]

    yield open_
    for road in reversed(opened):
        road.close()


@pytest.fixture
def road(roads: Callable[..., Road], tmp_path: Path) -> Road:
    """Give an empty road."""
    return roads(tmp_path)
