"""A real Chromium before the real application, or before the page's stand-in backend.

E2E_BASE_URL names an application that already runs (the stack behind nginx); without it one is
started here. CHROMIUM names the browser.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
SCREENSHOTS = ROOT / "tests" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# Nothing of the browser's own may reach for the network, and a container has no sandbox to give.
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90
# Long enough for a busy machine: a test that passes never waits for it.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Visitor:
    """A page in a browser of its own; everything it said to the console is kept and judged."""

    page: Page
    base_url: str
    console: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    # Chromium itself reports an answer like 403; a test that provokes one says which.
    expected: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        self.page.on("request", self._watch)

    def surprises(self) -> list[str]:
        return [
            line
            for line in self.console
            if not any(re.search(pattern, line) for pattern in self.expected)
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text}")

    def _watch(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.netloc != urlsplit(self.base_url).netloc:
            self.outside.append(request.url)


class Application:
    """The application as `make run` starts it, in a data folder of its own."""

    def __init__(self, data: Path, port: int) -> None:
        self._data = data
        self._port = port
        self._log = data / "application.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.base_url = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        settings = {"DATA_DIR": str(self._data), "PORT": str(self._port)}
        offline = {"LLM": "offline", "EMBEDDER": "offline", "COMPOSE_PROFILES": ""}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("storyteller"), "serve"],
                cwd=ROOT,
                env={**os.environ, **settings, **offline},
                stdout=log,
                stderr=log,
            )
        wait_until_ready(f"{self.base_url}/readyz", self._process, self._log)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)

    def restart(self) -> None:
        self.stop()
        self.start()


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when `url` answers 200; fail with the log when the process ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    process.kill()
    process.wait()
    pytest.fail(f"{url} did not answer 200; the log ends with:\n{log.read_text()[-3000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def built_page() -> Path:
    """The folder of the built page; `make e2e` builds it first."""
    dist = FRONTEND / "dist"
    if not (dist / "index.html").is_file():
        pytest.fail("the page is not built: run `make e2e`, or `npm run build` in frontend/")
    return dist


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"no browser at {CHROMIUM}: install chromium or set CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def own_application(
    built_page: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application | None]:
    """The application started here; None when E2E_BASE_URL names another."""
    if os.environ.get("E2E_BASE_URL"):
        yield None
        return
    application = Application(tmp_path_factory.mktemp("data"), free_port())
    application.start()
    yield application
    application.stop()


@pytest.fixture(scope="session")
def base_url(own_application: Application | None) -> str:
    if own_application is not None:
        return own_application.base_url
    return os.environ["E2E_BASE_URL"].rstrip("/")


@pytest.fixture(scope="session")
def stub_url(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over its stand-in backend, where every turn of a run can be asked for."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("no node: the stand-in backend of the page needs it")
    port = free_port()
    log = tmp_path_factory.mktemp("stub") / "stub.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [node, "tests/stub.js", "--port", str(port)], cwd=FRONTEND, stdout=out, stderr=out
        )
        wait_until_ready(f"http://127.0.0.1:{port}/", process, log)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(timeout=10)


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Open a fresh browser context; at the end its console must be empty, its requests our own."""
    visitors: list[Visitor] = []

    def open_page(
        base_url: str, *, scheme: str = "light", size: tuple[int, int] = (1280, 860)
    ) -> Visitor:
        context = chromium.new_context(
            locale="ru-RU",
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        visitor = Visitor(context.new_page(), base_url)
        visitor.listen()
        visitors.append(visitor)
        visitor.page.goto(base_url)
        return visitor

    yield open_page
    for visitor in visitors:
        visitor.page.context.close()
    assert [line for visitor in visitors for line in visitor.surprises()] == []
    assert [url for visitor in visitors for url in visitor.outside] == []


@pytest.fixture(scope="session")
def screenshots() -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Return what axe-core finds on the page as it stands, one line a violation."""
    source = (FRONTEND / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

    def violations(page: Page) -> list[str]:
        # evaluate, not a script tag: the page's own policy would forbid that, as it should.
        page.evaluate(source)
        found = page.evaluate(
            "rules => axe.run(document, { runOnly: { type: 'tag', values: rules } })", rules
        )
        return [
            f"{broken['id']}: {node['target']} {node['failureSummary']}"
            for broken in found["violations"]
            for node in broken["nodes"]
        ]

    return violations
