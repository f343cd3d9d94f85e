"""Drives `docker compose` for the tests: one project of its own, and everything gone at the end."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

ROOT = Path(__file__).parents[2]
FILES = ["-f", "docker-compose.yml", "-f", "tests/compose/compose.test.yml"]
PORT = int(os.environ.get("COMPOSE_TEST_PORT", "18080"))
# A start with everything to be built; an image at rest comes up in seconds.
UP_SECONDS = 600

T = TypeVar("T")


@dataclass
class Stack:
    """A running project. `environment` is what `.env` would say; a test may change it and `up`."""

    project: str = f"storyteller-test-{os.getpid()}"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{PORT}"

    def compose(self, *arguments: str, timeout: float = UP_SECONDS, check: bool = True) -> str:
        """Run `docker compose` on the project; return what it printed, fail with what it said."""
        command = ["docker", "compose", "-p", self.project, *FILES, *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def up(self) -> float:
        """Start what the environment asks for, wait until all of it is well; return the seconds."""
        started = time.monotonic()
        try:
            self.compose("up", "-d", "--wait", "--wait-timeout", "240", "--remove-orphans")
        except AssertionError as error:
            logs = self.compose("logs", "--no-color", "--tail", "40", check=False)
            raise AssertionError(f"{error}\n{self.table()}\n{logs}") from None
        return time.monotonic() - started

    def down(self) -> None:
        self.compose("--profile", "*", "down", "-v", "--remove-orphans", "-t", "5")

    def containers(self) -> list[dict[str, Any]]:
        """Return what `ps` knows of every container of the project, the finished ones included."""
        lines = self.compose("ps", "-a", "--no-trunc", "--format", "json").splitlines()
        return [json.loads(line) for line in lines]

    def table(self) -> str:
        return self.compose("ps", "-a", check=False)

    def python(self, service: str, code: str) -> str:
        """Run Python inside a running container; return what it printed."""
        return self.compose("exec", "-T", service, "python", "-c", code).strip()

    @contextmanager
    def reader(self) -> Iterator[httpx.Client]:
        """Give a browser's place: through nginx, its age said."""
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as client:
            client.post("/api/v1/age", json={"confirmed": True}).raise_for_status()
            yield client


def eventually(ask: Callable[[], T], is_right: Callable[[T], bool], seconds: float = 120) -> T:
    """Ask until the answer is right; fail with the last one."""
    until = time.monotonic() + seconds
    while not is_right(answer := ask()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds:.0f} s; the last answer: {answer}")
        time.sleep(0.5)
    return answer
