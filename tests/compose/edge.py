"""Runs the shipped nginx configuration without containers: the same files, other addresses."""

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NGINX = Path(__file__).parents[2] / "nginx"
START_SECONDS = 10
# What every answer says, and says once.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; object-src 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
EXPECTED = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `headers` keeps repetitions, names are lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value


def ask(
    port: int,
    path: str,
    host: str = "localhost",
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Ask the edge on `port` under the name `host`, whatever address it really has."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"Host": host, **(headers or {})})
        got = connection.getresponse()
        return Answer(got.status, [(k.lower(), v) for k, v in got.getheaders()], got.read())
    finally:
        connection.close()


class StubBackend:
    """Stands for the backend and for Ollama: remembers what it was asked, streams when told to."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        # A stream sends its first event, then waits for this before the second.
        self.go_on = threading.Event()
        # Set when whoever waits for a silent answer has gone.
        self.left = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                headers = {k.lower(): v for k, v in self.headers.items()}
                stub.seen.append((self.command, self.path, headers))
                if self.path.endswith("/events"):
                    self._stream()
                elif body == b"long prompt":
                    self._fall_silent()
                else:
                    self._say(b'{"ok":true}')

            do_POST = do_DELETE = do_GET  # noqa: N815 - the names http.server looks for

            def _say(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Cache-Control", "no-store")
                self.send_header("X-Content-Type-Options", "nosniff")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _stream(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(b"id: 1\n\n")
                stub.go_on.wait(20)
                self.wfile.write(b"id: 2\n\n")
                self.close_connection = True

            def _fall_silent(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/x-ndjson")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                self.wfile.write(b"{}\n")
                # Silent from here on, as a model that reads a long prompt.
                self.connection.settimeout(20)
                with contextlib.suppress(TimeoutError):
                    self.connection.recv(1)
                    stub.left.set()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True, slots=True)
class Edge:
    """A running nginx: where the page is, where the gate to the model is, and what it logged."""

    port: int
    gate: int
    access_log: Path
    output: Path

    def logged(self) -> str:
        return self.access_log.read_text("utf-8") + self.output.read_text("utf-8")


def lay_out(
    folder: Path,
    *,
    backend: int = 8000,
    port: int = 8080,
    gate: int = 11434,
    this_machine: str = "host.docker.internal",
) -> None:
    """Copy the shipped files to `folder` with other addresses in them."""
    page = folder / "html"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>Студия</title>", "utf-8")
    (page / "assets" / "app-0a1b2c3d.js").write_text("export {}", "utf-8")
    (page / ".env").write_text("never", "utf-8")
    exchanged = {
        "/tmp/nginx": str(folder / "run"),
        "/usr/share/nginx/html": str(page),
        "/dev/stdout": str(folder / "access.log"),
        "listen 8080": f"listen 127.0.0.1:{port}",
        "listen 11434": f"listen 127.0.0.1:{gate}",
        "backend:8000": f"127.0.0.1:{backend}",
        "host.docker.internal": this_machine,
    }
    for source in [*NGINX.glob("*.conf"), NGINX / "start"]:
        text = source.read_text("utf-8")
        for theirs, ours in exchanged.items():
            text = text.replace(theirs, ours)
        (folder / source.name).write_text(text, "utf-8")
    shutil.copy("/etc/nginx/mime.types", folder)
    if os.geteuid() == 0:
        # A root nginx gives its workers to `nobody`, who may not read a test's folder.
        configuration = folder / "nginx.conf"
        configuration.write_text("user root;\n" + configuration.read_text("utf-8"), "utf-8")


def command(folder: Path) -> list[str]:
    """Return the command of the image: `start`, then nginx with the copied configuration."""
    return ["sh", str(folder / "start"), "-p", str(folder), "-c", str(folder / "nginx.conf")]


@contextmanager
def running_edge(folder: Path, backend: int, settings: dict[str, str]) -> Iterator[Edge]:
    """Start nginx with `settings`, hand it over when it listens, stop it at the end."""
    port, gate = _free_port(), _free_port()
    lay_out(folder, backend=backend, port=port, gate=gate, this_machine="127.0.0.1")
    output = folder / "output"
    with output.open("wb") as sink:
        nginx = subprocess.Popen(
            command(folder), stdout=sink, stderr=sink, env={**os.environ, **settings}
        )
        try:
            _await_port(port, nginx, output)
            yield Edge(port, gate, folder / "access.log", output)
        finally:
            nginx.terminate()
            nginx.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(port: int, nginx: subprocess.Popen[bytes], output: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and nginx.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nginx did not start: {output.read_text('utf-8')}")
