"""A Redis server of the test's own, which the test may also kill."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import redis


@dataclass
class RedisServer:
    """A server on a free port of this machine, without persistence."""

    port: int
    process: subprocess.Popen[bytes] | None = None
    folder: str = field(default_factory=tempfile.mkdtemp)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start and wait until it answers."""
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )
        with redis.Redis(port=self.port) as client:
            while not _answers(client):
                assert self.process.poll() is None, "redis-server ended"
                time.sleep(0.02)

    def kill(self) -> None:
        """End it without a warning."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """Give a running server."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server here (Debian: apt-get install redis-server)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = RedisServer(port)
    server.start()
    yield server
    server.kill()
    shutil.rmtree(server.folder)
