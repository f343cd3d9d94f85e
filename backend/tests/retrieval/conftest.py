"""Real parts for the tests of search: a Chroma server of our own, a store, chunks to put in."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storycore.story import Story
from storyteller.database import open_database, sqlite_url
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.store import CorpusStore


class ChromaServer:
    """`chroma run` over one folder, which can be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        program = Path(sys.executable).with_name("chroma")
        arguments = ["run", "--path", str(self._folder), "--port", str(self._port)]
        self._process = subprocess.Popen(
            [program, *arguments, "--host", "127.0.0.1"],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.url}/api/v2/heartbeat", timeout=5).close()
            except (urllib.error.URLError, ConnectionError):
                assert self._process.poll() is None, "chroma run ended by itself"
                time.sleep(0.1)  # it says nowhere that it is ready
            else:
                return
        pytest.fail("chroma run did not answer within 30 seconds")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def chroma_server(tmp_path: Path) -> Iterator[ChromaServer]:
    """Give a server that the test may kill."""
    folder = tmp_path / "chroma-server"
    folder.mkdir()
    server = ChromaServer(folder)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def shared_chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a server that all tests use; each empties it first."""
    server = ChromaServer(tmp_path_factory.mktemp("shared-chroma"))
    server.start()
    yield server.url
    server.kill()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CorpusStore]:
    engine = open_database(sqlite_url(tmp_path / "storyteller.db"))
    yield CorpusStore(engine)
    engine.dispose()


def chunk(text: str, story_id: str = "история", index: int = 0) -> Chunk:
    return Chunk(f"{story_id}-{index}", story_id, index, 0, len(text), text)


def story(text: str, category: str | None = None, title: str = "Без названия") -> Story:
    return Story.of(
        text, source="test", title=title, category=category, crawled_at=datetime.now(UTC)
    )
