"""A running studio for each module, filled with the starter stories; or one of a test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.studio import Studio, is_filled, until


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    running = Studio(tmp_path_factory.mktemp("studio"))
    try:
        running.start()
        with running.reader() as client:
            until(client, "/api/v1/status", is_filled)
        yield running
    finally:
        if running.process:
            running.kill()


@pytest.fixture
def reader(studio: Studio) -> Iterator[httpx.Client]:
    with studio.reader() as client:
        yield client


@pytest.fixture
def stranger(studio: Studio) -> Iterator[httpx.Client]:
    with studio.stranger() as client:
        yield client


@pytest.fixture
def start_studio(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """Start a studio with settings of the test's own; it is killed afterwards if it still runs."""
    started: list[Studio] = []

    def start(**settings: str) -> Studio:
        studio = Studio(tmp_path / "data", settings)
        started.append(studio)
        return studio.start()

    yield start
    for studio in started:
        if studio.process:
            studio.kill()
