"""Serves the replica over real HTTP, with its moods, and remembers what it was asked."""

import secrets
import sys
import threading
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.replica import markup
from tests.replica.site import Page, Site


@dataclass(frozen=True, slots=True)
class Moods:
    """How the site treats its guests today; the defaults are a good day."""

    # After so many requests every answer is this status.
    turn_after: int | None = None
    turn_status: int = 403
    retry_after: str | None = "1"
    robots_status: int = 200
    # The age cookie is good for so many pages, then the form comes back.
    pages_a_cookie: int = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as the server saw it."""

    method: str
    host: str
    path: str
    agent: str
    status: int
    at: float  # seconds, monotonic


@dataclass
class _Memory:
    lock: threading.Lock = field(default_factory=threading.Lock)
    log: list[Asked] = field(default_factory=list)
    cookies: dict[str, int] = field(default_factory=dict)
    forms: set[str] = field(default_factory=set)
    visits: dict[str, int] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)


class ReplicaServer:
    """The running replica: `with ReplicaServer(site) as server: crawl(server.url)`."""

    def __init__(
        self, site: Site, *, host: str = "127.0.0.1", port: int = 0, moods: Moods | None = None
    ) -> None:
        self._memory = _Memory()
        self._http = _Server((host, port), _Handler)
        self._http.site, self._http.moods = site, moods or Moods()
        self._http.memory = self._memory
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self.port: int = self._http.server_address[1]
        self.url = f"http://{host}:{self.port}"

    @property
    def log(self) -> list[Asked]:
        """The requests so far, oldest first."""
        with self._memory.lock:
            return list(self._memory.log)

    @property
    def paths(self) -> list[str]:
        """The paths asked for so far."""
        return [asked.path for asked in self.log]

    def wait_for(self, requests: int, timeout: float = 60) -> None:
        """Return when so many requests have been answered; raise `TimeoutError` after `timeout` s."""
        if not self._http.asked.wait_for(requests, timeout):
            raise TimeoutError(f"{len(self.log)} requests only")

    def serve_forever(self) -> None:
        """Serve in this thread until it is interrupted."""
        self._http.serve_forever()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Counter:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def add(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait_for(self, count: int, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._count >= count, timeout)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site
    moods: Moods
    memory: _Memory

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked = _Counter()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a guest who hangs up go; anything else is a fault of the replica."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet a page: with Nagle's algorithm each answer would wait 40 ms for the last one's ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        with self.server.memory.lock:
            status, page, headers = self._choose()
            self._send(status, page, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("latin-1")
        with self.server.memory.lock:
            status, page, headers = self._let_in(parse_qs(body))
            self._send(status, page, headers)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the log is ours."""

    def _choose(self) -> tuple[int, Page, dict[str, str]]:
        page = self.server.site.page(self._path)
        if refusal := self._bad_mood():
            return refusal
        if page is None:
            return 404, Page("Нет такой страницы".encode()), {}
        if stumble := self._stumble(page):
            return stumble, Page(b"Busy."), {"Retry-After": "1"}
        if page.is_gated and not self._is_known(page):
            return 200, self._gate(), {}
        return page.status, page, {"Location": page.location} if page.location else {}

    def _bad_mood(self) -> tuple[int, Page, dict[str, str]] | None:
        moods = self.server.moods
        retry = {"Retry-After": moods.retry_after} if moods.retry_after else {}
        if moods.turn_after is not None and len(self.server.memory.log) >= moods.turn_after:
            return moods.turn_status, Page(b"No."), retry
        if self._path == "/robots.txt" and moods.robots_status != 200:
            return moods.robots_status, Page(b"No."), retry
        return None

    def _stumble(self, page: Page) -> int | None:
        visits = self.server.memory.visits
        visit = visits[self._path] = visits.get(self._path, 0) + 1
        return page.stumbles[visit - 1] if visit <= len(page.stumbles) else None

    def _is_known(self, page: Page) -> bool:
        memory, token = self.server.memory, self._cookie()
        if page.forgets and self._path not in memory.forgotten:
            memory.forgotten.add(self._path)
            memory.cookies.pop(token, None)
        left = memory.cookies.get(token, 0)
        memory.cookies[token] = left - 1
        return left > 0

    def _gate(self) -> Page:
        form = secrets.token_hex(8)
        self.server.memory.forms.add(form)
        return Page(markup.gate_page(form).encode())

    def _let_in(self, said: dict[str, list[str]]) -> tuple[int, Page, dict[str, str]]:
        """Take the answer of the age form: freed=1, the button and the hidden token of the form."""
        memory = self.server.memory
        page = self.server.site.page(self._path)
        form = said.get("ref", [""])[0]
        if page is None or said.get("freed") != ["1"] or not said.get("fkay"):
            return 404, Page(b"No."), {}
        if form not in memory.forms:
            return 200, self._gate(), {}
        memory.forms.discard(form)
        token = secrets.token_hex(8)
        memory.cookies[token] = self.server.moods.pages_a_cookie
        cookie = {"Set-Cookie": f"freed={token}; Path=/"}
        # The site answers with the page itself, or sends there: a guest must take both.
        if len(self._path) % 2:
            return 303, Page(), {**cookie, "Location": self._path}
        return page.status, page, cookie

    def _send(self, status: int, page: Page, headers: dict[str, str]) -> None:
        port = str(self.server.server_address[1])
        body = page.body.replace(b"@PORT@", port.encode())
        self.send_response(status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value.replace("@PORT@", port))
        self.end_headers()
        self.wfile.write(body)
        self.server.memory.log.append(
            Asked(
                self.command,
                self.headers.get("Host", ""),
                self._path,
                self.headers.get("User-Agent", ""),
                status,
                monotonic(),
            )
        )
        self.server.asked.add()

    def _cookie(self) -> str:
        morsel = SimpleCookie(self.headers.get("Cookie", "")).get("freed")
        return morsel.value if morsel else ""

    @property
    def _path(self) -> str:
        return urlsplit(self.path).path
