"""The whole house in containers: up, healthy, closed, crawled, searched, written and read."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.compose.edge import EXPECTED
from tests.compose.stack import PORT, ROOT, Stack, eventually
from tests.doubles.ollama import OllamaDouble
from tests.replica.site import build_site

pytestmark = [pytest.mark.compose, pytest.mark.timeout(900)]

ONCE = {"prepare", "ollama-pull"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    pictures = os.environ.get("COMPOSE_TEST_PICTURES", "")
    running = Stack(
        environment={
            "HTTP_PORT": str(PORT),
            "COMPOSE_PROFILES": ",".join(filter(None, ["ollama", "monitoring", pictures])),
        }
    )
    running.compose("build")
    try:
        print(f"\nup -d --wait: {running.up():.1f} s\n{running.table()}")
        yield running
    finally:
        running.down()


@pytest.fixture(scope="module")
def reader(stack: Stack) -> Iterator[httpx.Client]:
    with stack.reader() as client:
        yield client


@pytest.fixture(scope="module")
def crawled(stack: Stack, reader: httpx.Client) -> dict[str, Any]:
    """The corpus after a crawl of the replica, when the processor has read all of it."""
    wanted = len(build_site(ruslit=0).allowed)
    said = stack.compose("run", "--rm", "-T", "scraper", "scrapy", "crawl", "stories")
    assert "записано рассказов" in said

    def corpus() -> dict[str, Any]:
        return dict(reader.get("/api/v1/status").raise_for_status().json()["corpus"])

    return eventually(corpus, lambda c: c["stories"] >= wanted and not c["pending"])


def test_everything_that_runs_is_healthy_and_what_was_to_end_has_ended(stack: Stack):
    containers = stack.containers()

    ended = {c["Service"] for c in containers if (c["State"], c["ExitCode"]) == ("exited", 0)}
    healthy = {c["Service"] for c in containers if c["Health"] == "healthy"}
    assert ended == ONCE
    assert healthy == {c["Service"] for c in containers} - ONCE
    assert {"nginx", "backend", "processor", "chromadb", "redis", "ollama", "prometheus"} <= healthy


def test_nothing_but_nginx_listens_on_this_machine_and_only_on_loopback(stack: Stack):
    published = [
        (container["Service"], port["URL"], port["PublishedPort"])
        for container in stack.containers()
        for port in container["Publishers"] or []
        if port["PublishedPort"]
    ]

    assert published == [("nginx", "127.0.0.1", PORT)]


def test_no_container_is_root_or_may_write_to_itself(stack: Stack):
    for container in stack.containers():
        if container["State"] != "running":
            continue
        (told,) = json.loads(
            subprocess.run(
                ["docker", "inspect", container["ID"]], capture_output=True, check=True
            ).stdout
        )
        status = Path(f"/proc/{told['State']['Pid']}/status").read_text("ascii")
        assert "0" not in re.findall(r"^Uid:(.*)", status, re.MULTILINE)[0].split(), container[
            "Service"
        ]
        assert re.findall(r"^CapEff:\s*0+$", status, re.MULTILINE), container["Service"]
        assert told["HostConfig"]["ReadonlyRootfs"], container["Service"]


def test_a_foreign_name_is_sent_away(stack: Stack):
    answer = httpx.get(f"{stack.url}/api/v1/age", headers={"Host": "evil.example"}, trust_env=False)

    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_every_name_of_this_machine_reaches_the_backend(stack: Stack, host: str):
    name = {"Host": f"{host}:{PORT}"}

    answer = httpx.get(f"{stack.url}/api/v1/age", headers=name, trust_env=False)

    assert answer.json() == {"confirmed": False}


def test_the_headers_are_on_the_answers_of_page_and_backend_alike(stack: Stack):
    with httpx.Client(base_url=stack.url, trust_env=False) as client:
        answers = [
            client.get("/"),
            client.get("/nowhere"),
            client.get("/api/v1/nowhere"),
            client.get("/api/v1/status"),
            # More than nginx takes, and more than the backend takes where nginx lets it pass.
            client.post("/api/v1/manuscripts", content=bytes(3_000_000)),
            client.post("/api/v1/age", content=bytes(100_000)),
            client.get("/", headers={"Host": "evil.example"}),
        ]
        flood = (client.get("/livez") for _ in range(300))
        answers.append(next(answer for answer in flood if answer.status_code == 429))

    assert [a.status_code for a in answers] == [200, 404, 404, 403, 413, 413, 421, 429]
    for answer in answers:
        said = {name: answer.headers.get_list(name) for name in EXPECTED}
        assert said == {name: [value] for name, value in EXPECTED.items()}, answer.url


@pytest.mark.parametrize("path", ["/metrics", "/docs", "/openapi.json", "/api/v1/openapi.json"])
def test_what_is_for_the_house_stays_in_the_house(stack: Stack, path: str):
    assert httpx.get(f"{stack.url}{path}", trust_env=False).status_code == 404


@pytest.mark.parametrize("service", ["backend", "processor"])
def test_what_holds_stories_cannot_reach_the_world(stack: Stack, service: str):
    said = stack.python(
        service,
        "import socket\n"
        "try: socket.create_connection(('1.1.1.1', 443), 3); print('reached')\n"
        "except OSError: print('closed')",
    )

    assert said == "closed"


def test_the_backend_may_ask_the_model_to_write_and_nothing_else(stack: Stack):
    ask = (
        "import urllib.request as u, urllib.error as e\n"
        "try: print(u.urlopen(u.Request('http://ollama-gate:11434{path}', method='{m}')).status)\n"
        "except e.HTTPError as error: print(error.code)"
    )

    assert stack.python("backend", ask.format(path="/api/tags", m="GET")) == "200"
    assert stack.python("backend", ask.format(path="/api/pull", m="POST")) == "403"
    assert stack.python("backend", ask.format(path="/api/delete", m="DELETE")) == "403"


def test_a_crawled_story_is_found_by_what_happens_in_it(
    crawled: dict[str, Any], reader: httpx.Client
):
    story = build_site(ruslit=0).allowed[0]
    middle = len(story.text) // 2
    words = story.text[middle : middle + 160]

    found = reader.get("/api/v1/passages", params={"query": words, "top_k": 5}).raise_for_status()

    assert crawled["chunks"] >= crawled["stories"]
    assert story.title in {item["title"] for item in found.json()["items"]}


def test_a_planted_story_is_nowhere_in_the_volumes(stack: Stack, crawled: dict[str, Any]):
    assert crawled
    planted = build_site(ruslit=0).planted
    look = (
        "import pathlib, sys, json\n"
        f"words = json.loads({json.dumps(planted)!r})\n"
        "for file in pathlib.Path('/data').rglob('*'):\n"
        "    if file.is_file() and 'models' not in file.parts:\n"
        "        text = file.read_bytes().decode('utf-8', 'ignore')\n"
        "        print(*[f'{file}: {w}' for w in words if w in text], sep='\\n', end='')\n"
    )

    assert planted
    assert stack.python("processor", look) == ""


def test_the_commands_of_the_page_make_the_indexes_anew_and_lose_no_story(
    stack: Stack, crawled: dict[str, Any]
):
    fetch, *commands = _told_by_the_page("semanticCompose")
    before = stack.python("processor", COUNT_IN_CHROMA)

    said = [stack.compose(*shlex.split(command)[2:]) for command in commands]

    # It asks for the network, and the stack of this test searches by words whatever it brings.
    assert fetch == "make weights"
    assert f"В корпусе {crawled['stories']} " in said[1]
    with stack.reader() as reader:
        corpus = reader.get("/api/v1/status").raise_for_status().json()["corpus"]
        words = build_site(ruslit=0).allowed[0].text[:160]
        found = reader.get("/api/v1/passages", params={"query": words}).raise_for_status().json()
    assert corpus == crawled
    assert stack.python("processor", COUNT_IN_CHROMA) == before
    assert found["items"]


COUNT_IN_CHROMA = """
import chromadb
client = chromadb.HttpClient("chromadb", 8000)
print(*(collection.count() for collection in client.list_collections()))
"""


def _told_by_the_page(name: str) -> list[str]:
    """Return commands as frontend/scripts/messages.js tells them to a reader of the stack."""
    script = (
        "import { messages } from './frontend/scripts/messages.js'\n"
        f"console.log(JSON.stringify(messages.commands.{name}))"
    )
    said = subprocess.run(
        ["node", "--input-type=module", "--eval", script], cwd=ROOT, capture_output=True, check=True
    )
    return list(json.loads(said.stdout))


def test_a_story_streams_through_nginx_and_is_kept(
    stack: Stack, crawled: dict[str, Any], reader: httpx.Client
):
    assert crawled
    status = reader.get("/api/v1/status").json()
    assert (status["model"]["provider"], status["model"]["ready"]) == ("ollama", True)
    wish = {"wish": "Две подруги открывают пекарню у моря", "words": 300}

    begun = reader.post("/api/v1/manuscripts", json=wish).raise_for_status().json()
    events = _events(reader, begun["events_url"])

    names = [name for name, _ in events]
    assert names.count("delta") > 20
    assert names[-1] == "done"
    assert names.index("sources") < names.index("delta")
    streamed = "".join(data["text"] for name, data in events if name == "delta")
    kept = reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}").json()
    assert kept["scenes"][0]["text"].strip()
    if "replace" not in names:
        assert kept["scenes"][0]["text"] == streamed

    stack.compose("restart", "backend", "redis", "chromadb")
    eventually(lambda: stack.table().count("(healthy)"), lambda n: n >= len(stack.containers()) - 2)

    again = reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}")
    assert again.json()["scenes"] == kept["scenes"]


def _events(reader: httpx.Client, url: str) -> list[tuple[str, dict[str, Any]]]:
    events, name = [], ""
    with reader.stream("GET", url, timeout=120) as stream:
        for line in stream.iter_lines():
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                events.append((name, json.loads(line.removeprefix("data:"))))
    return events


def test_prometheus_reads_both_parts(stack: Stack):
    def is_up() -> str:
        return stack.compose(
            "exec",
            "-T",
            "prometheus",
            "promtool",
            "query",
            "instant",
            "http://127.0.0.1:9090",
            "up",
        )

    eventually(is_up, lambda said: said.count("=> 1 @") == 2, seconds=60)


def test_no_word_of_a_wish_is_in_any_log(stack: Stack, reader: httpx.Client):
    reader.get("/api/v1/passages", params={"query": "кардамоновая ватрушка"})

    logs = stack.compose("logs", "--no-color")

    assert "passages" in logs
    assert "кардамон" not in logs
    assert "%D0%BA%D0%B0%D1%80%D0%B4%D0%B0%D0%BC%D0%BE%D0%BD" not in logs


def test_the_page_works_in_a_browser_through_nginx(stack: Stack, crawled: dict[str, Any]):
    assert crawled
    browser = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "e2e", "tests/e2e/test_story.py", "-q"],
        cwd=ROOT,
        env={**os.environ, "E2E_BASE_URL": stack.url},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert browser.returncode == 0, browser.stdout[-6000:] + browser.stderr[-2000:]


def test_an_ollama_on_this_machine_is_reached_through_the_gate(stack: Stack):
    # As on a Mac: no profile `ollama`, the address as the host itself would write it.
    before = dict(stack.environment)
    with OllamaDouble(host="0.0.0.0", models=("native:7b",)) as native:
        stack.environment["COMPOSE_PROFILES"] = "monitoring"
        stack.environment["TEST_OLLAMA_URL"] = f"http://127.0.0.1:{native.port}"
        try:
            stack.up()
            tags = stack.python(
                "backend",
                "import urllib.request as u\n"
                "print(u.urlopen('http://ollama-gate:11434/api/tags').read().decode())",
            )
        finally:
            stack.environment = before
            stack.up()

    assert "native:7b" in tags


def test_the_library_can_live_in_postgres_whose_password_nobody_knows(stack: Stack):
    before = dict(stack.environment)
    stack.environment["COMPOSE_PROFILES"] += ",postgres"
    stack.environment["TEST_DATABASE_URL"] = "postgresql+psycopg://storyteller@postgres/storyteller"
    try:
        stack.up()
        with stack.reader() as reader:
            ready = reader.get("/readyz")
            wish = {"wish": "Письмо, которое опоздало на год", "words": 200}
            begun = reader.post("/api/v1/manuscripts", json=wish).raise_for_status().json()
        rows = stack.compose(
            "exec", "-T", "postgres", "psql", "-h", "127.0.0.1", "-U", "storyteller", "-At",
            "-c", "select count(*) from manuscripts", check=False,
        )  # fmt: skip
        files = stack.compose("exec", "-T", "backend", "ls", "-l", "/run/secrets")
    finally:
        stack.environment = before
        stack.up()

    assert ready.status_code == 200, ready.text
    assert begun["run_id"]
    # Without the password not even the container's own psql gets in.
    assert rows == ""
    assert "-rw------- " in files
