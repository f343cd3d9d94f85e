"""The shipped nginx files, run by a real nginx in front of a stub."""

import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.compose.edge import (
    EXPECTED,
    NGINX,
    Answer,
    Edge,
    StubBackend,
    ask,
    command,
    lay_out,
    running_edge,
)

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


@pytest.fixture
def backend() -> Iterator[StubBackend]:
    stub = StubBackend()
    yield stub
    stub.close()


@pytest.fixture
def edge(tmp_path: Path, backend: StubBackend) -> Iterator[Edge]:
    settings = {"OLLAMA_URL": f"http://localhost:{backend.port}", "UPLOAD_LIMIT_MB": "3"}
    with running_edge(tmp_path, backend.port, settings) as running:
        yield running


def assert_guarded(answer: Answer) -> None:
    assert {name: answer.all(name) for name in EXPECTED} == {k: [v] for k, v in EXPECTED.items()}
    assert answer.all("server") == ["nginx"]
    assert len(answer.all("cache-control")) == 1


def problem_code(answer: Answer) -> object:
    assert answer.one("content-type") == "application/problem+json"
    body = json.loads(answer.body)
    assert body["status"] == answer.status
    assert set(body) == {"type", "title", "status", "code", "detail"}
    return body["code"]


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "backend:8000", "_"]
)
def test_a_name_that_is_not_ours_is_sent_away(edge: Edge, backend: StubBackend, host: str):
    answer = ask(edge.port, "/api/v1/status", host)

    assert answer.status == 421
    assert problem_code(answer) == "unknown_host"
    assert_guarded(answer)
    assert backend.seen == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1:8080", "[::1]:8080"])
def test_our_own_names_reach_the_backend_as_they_were_written(
    edge: Edge, backend: StubBackend, host: str
):
    answer = ask(edge.port, "/api/v1/status", host)

    assert answer.status == 200
    assert backend.seen[0][2]["host"] == host


def test_every_kind_of_answer_carries_the_headers_once(edge: Edge):
    answers = [
        ask(edge.port, "/"),
        ask(edge.port, "/assets/app-0a1b2c3d.js"),
        ask(edge.port, "/no-such-page"),
        ask(edge.port, "/api/v1/status"),
        ask(edge.port, "/api/v1/manuscripts", method="POST", body=bytes(2_100_000)),
    ]

    assert [answer.status for answer in answers] == [200, 200, 404, 200, 413]
    for answer in answers:
        assert_guarded(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/.env",
        "/assets/.git/config",
        "/api/../metrics",
    ],
)
def test_what_is_not_for_readers_is_not_there(edge: Edge, backend: StubBackend, path: str):
    assert ask(edge.port, path).status == 404
    assert backend.seen == []


def test_hashed_names_are_kept_for_a_year_and_the_page_is_asked_for_anew(edge: Edge):
    asset = ask(edge.port, "/assets/app-0a1b2c3d.js")

    assert asset.one("cache-control") == "public, max-age=31536000, immutable"
    assert asset.one("content-type") in {"application/javascript", "text/javascript"}
    assert ask(edge.port, "/").one("cache-control") == "no-cache"
    assert ask(edge.port, "/assets/gone.js").one("cache-control") == "no-store"
    assert ask(edge.port, "/api/v1/status").one("cache-control") == "no-store"


def test_what_a_client_claims_about_itself_goes_no_further(edge: Edge, backend: StubBackend):
    claims = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil", "Forwarded": "for=6.6.6.6"}

    ask(edge.port, "/api/v1/status", headers=claims | {"X-Request-Id": "chosen-by-client"})

    passed = backend.seen[0][2]
    assert passed["x-forwarded-for"] == "127.0.0.1"
    assert "x-forwarded-host" not in passed
    assert "forwarded" not in passed
    assert len(passed["x-request-id"]) == 32


@pytest.mark.parametrize("path", ["/api/v1/runs/r1/events", "/api/v1/corpus/progress/events"])
def test_an_event_is_passed_on_before_the_next_one_is_there(
    edge: Edge, backend: StubBackend, path: str
):
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=10)
    connection.request("GET", path, headers={"Host": "localhost", "Accept-Encoding": "gzip"})
    stream = connection.getresponse()

    first = stream.read(7)
    backend.go_on.set()
    rest = stream.read()

    assert (first, rest) == (b"id: 1\n\n", b"id: 2\n\n")
    assert stream.getheader("content-encoding") is None
    connection.close()


def test_an_upload_may_be_larger_than_a_call_but_not_without_end(edge: Edge, backend: StubBackend):
    def upload(size: int) -> Answer:
        return ask(edge.port, "/api/v1/corpus/uploads", method="POST", body=bytes(size))

    assert upload(3_000_000).status == 200
    refused = upload(4_300_000)

    assert refused.status == 413
    assert problem_code(refused) == "too_large"
    assert len(backend.seen) == 1


def test_a_flood_is_told_to_wait_in_the_words_of_the_api(edge: Edge):
    answers = [ask(edge.port, "/api/v1/status") for _ in range(150)]

    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert problem_code(refused[0]) == "too_many_requests"
    assert refused[0].one("retry-after") == "2"
    assert_guarded(refused[0])


def test_a_missing_backend_is_told_as_a_service_that_sleeps(edge: Edge, backend: StubBackend):
    backend.close()

    answer = ask(edge.port, "/api/v1/status")

    assert answer.status == 503
    assert problem_code(answer) == "service_unavailable"
    assert answer.one("retry-after") == "10"
    assert_guarded(answer)
    assert ask(edge.port, "/").status == 200


def test_no_word_of_a_reader_gets_into_the_logs(edge: Edge, backend: StubBackend):
    secret = "/api/v1/passages?query=lastochka"
    ask(edge.port, secret)
    for _ in range(120):
        ask(edge.port, secret)
    backend.close()
    ask(edge.port, secret, headers={"Referer": "http://localhost/?lastochka"})
    ask(edge.port, "/api/v1/lastochka/lastochka" + "x" * 20_000)

    logged = edge.logged()

    assert '"part":"passages"' in logged
    assert "lastochka" not in logged.replace('"part":"lastochka"', "")


@pytest.mark.parametrize("call", ["chat", "generate", "show", "tags", "ps", "version"])
def test_the_gate_passes_the_calls_that_write(edge: Edge, backend: StubBackend, call: str):
    answer = ask(edge.gate, f"/api/{call}", "ollama-gate:11434", method="POST", body=b"{}")

    assert answer.status == 200
    assert backend.seen[0][:2] == ("POST", f"/api/{call}")


@pytest.mark.parametrize(
    "path",
    [
        "/api/pull",
        "/api/create",
        "/api/push",
        "/api/delete",
        "/api/blobs/sha256:0",
        "/",
        "/v1/models",
    ],
)
def test_the_gate_knows_no_other_call(edge: Edge, backend: StubBackend, path: str):
    assert ask(edge.gate, path, "ollama-gate:11434", method="POST").status == 403
    assert ask(edge.gate, "/api/chat/../pull", "ollama-gate").status == 403
    assert backend.seen == []


def test_a_model_that_nobody_listens_to_is_told(edge: Edge, backend: StubBackend):
    # Ollama stops computing when its reader leaves; behind a proxy it must still hear of it.
    connection = http.client.HTTPConnection("127.0.0.1", edge.gate, timeout=10)
    connection.request("POST", "/api/chat", b"long prompt", {"Host": "ollama-gate:11434"})
    stream = connection.getresponse()
    assert stream.read(3) == b"{}\n"

    stream.close()
    connection.close()

    assert backend.left.wait(10)


def test_the_gate_has_one_name(edge: Edge, backend: StubBackend):
    assert ask(edge.gate, "/api/tags", "localhost:11434").status == 421
    assert backend.seen == []


def test_nginx_accepts_the_files_as_they_are_shipped(tmp_path: Path):
    lay_out(tmp_path, this_machine="127.0.0.1")

    checked = subprocess.run(
        [*command(tmp_path), "-t"], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr
    assert "test is successful" in checked.stderr


def test_a_location_that_adds_a_header_says_the_others_again():
    # `add_header` drops what would be inherited; Grafana's place has a policy of its own.
    text = (NGINX / "problems.conf").read_text("utf-8")

    for block in text.split("location ")[1:]:
        assert "add_header" not in block or "include security_headers.conf;" in block


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PUBLIC_HOSTS", "localhost; root /"),
        ("UPLOAD_LIMIT_MB", "many"),
        ("OLLAMA_URL", "ftp://somewhere"),
        ("OLLAMA_URL", "http://host:11434/api; deny all"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(tmp_path: Path, setting: str, value: str):
    lay_out(tmp_path)

    refused = subprocess.run(
        [*command(tmp_path), "-t"],
        env={**os.environ, setting: value},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 64
    assert setting in refused.stderr


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "host.docker.internal:11434"),
        ({"OLLAMA_URL": "http://localhost:9999"}, "host.docker.internal:9999"),
        ({"COMPOSE_PROFILES": "monitoring,ollama"}, "ollama:11434"),
        ({"COMPOSE_PROFILES": "ollama", "OLLAMA_URL": "http://box.lan:1234/"}, "box.lan:1234"),
        ({"OLLAMA_URL": "http://box.lan"}, "box.lan:80"),
    ],
)
def test_this_machine_seen_from_a_container_has_another_name(
    tmp_path: Path, settings: dict[str, str], expected: str
):
    lay_out(tmp_path)

    started = subprocess.run(
        [*command(tmp_path), "-v"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"expected at {expected}\n" in started.stderr
