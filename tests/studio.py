"""The application as a reader has it: a process of its own, asked over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

START_SECONDS = 60
LOOK_SECONDS = 0.05


@dataclass
class Event:
    """One server-sent event."""

    id: int
    name: str
    data: dict[str, Any]


@dataclass
class Studio:
    """A running application on a free port, with its data in a folder of the test's own."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Studio":
        """Start it and wait until it is alive."""
        self.port = self.port or free_port()
        named = {
            "LLM": "offline",
            "EMBEDDER": "offline",
            "LOG_LEVEL": "info",
            "RATE_LIMIT": "99999/minute",
            **self.settings,
        }
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "stderr.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "storyteller.cli", "serve"],
                env={
                    **_bare(os.environ),
                    **named,
                    "DATA_DIR": str(self.data_dir),
                    "PORT": str(self.port),
                },
                cwd=self.data_dir,
                stdout=log,
                stderr=log,
            )
        self._wait_until_alive()
        return self

    def _wait_until_alive(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with httpx.Client(base_url=self.url) as client:
            while time.monotonic() < deadline:
                assert self.process
                assert self.process.poll() is None, self.log()
                try:
                    client.get("/livez")
                except httpx.TransportError:
                    time.sleep(LOOK_SECONDS)
                else:
                    return
        raise AssertionError(self.log())

    def stop(self) -> int:
        """Ask it to end, as Ctrl+C or Docker does; return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a warning."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self.process = None
        return code

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        return (self.data_dir / "stderr.log").read_text(encoding="utf-8")

    def stranger(self) -> httpx.Client:
        """A client that has said nothing of its age."""
        return httpx.Client(base_url=self.url, timeout=60)

    @contextmanager
    def reader(self) -> Iterator[httpx.Client]:
        """A client of an adult."""
        with self.stranger() as client:
            client.post("/api/v1/age", json={"confirmed": True}).raise_for_status()
            yield client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bare(environment: Any) -> dict[str, str]:
    """Return the environment without settings of ours that a developer may have set."""
    ours = ("DATA_DIR", "REDIS_URL", "CHROMA_URL", "DATABASE_URL", "OLLAMA_URL", "LLM", "EMBEDDER")
    return {name: value for name, value in environment.items() if name not in ours}


def read_events(lines: Iterator[str]) -> Iterator[Event]:
    """Parse a stream of server-sent events."""
    found: dict[str, str] = {}
    for line in lines:
        if not line and "data" in found:
            yield Event(int(found["id"]), found["event"], json.loads(found["data"]))
            found = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            found[name] = value


def watch(client: httpx.Client, url: str, *, after: int = 0) -> list[Event]:
    """Return every event of a run from one id on, to its end."""
    headers = {"Last-Event-ID": str(after)} if after else {}
    with client.stream("GET", url, headers=headers) as response:
        assert response.status_code == 200, response.read()
        return list(read_events(response.iter_lines()))


def told(events: list[Event]) -> str:
    """Return the text that a reader has after these events, of a run with one scene."""
    text = ""
    for event in events:
        if event.name == "delta":
            text += event.data["text"]
        elif event.name == "replace":
            text = text[: event.data["from"]] + event.data["text"]
    return text


def is_filled(status: Any) -> bool:
    """Whether all starter stories can be found."""
    return status["corpus"]["stories"] == 12 and status["corpus"]["pending"] == 0


def until(client: httpx.Client, path: str, is_true: Any) -> Any:
    """Ask a path until its answer is as wished; return it."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        answer = client.get(path).json()
        if is_true(answer):
            return answer
        time.sleep(LOOK_SECONDS)
    raise AssertionError(answer)
