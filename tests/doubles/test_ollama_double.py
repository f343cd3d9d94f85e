"""The double is worth what it shares with the real thing: here it's held against recordings."""

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.doubles.ollama import Behaviour, OllamaDouble, read_script, story

REPOSITORY = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SHARED_DIR") or REPOSITORY.parent / "shared")
WIRE = SHARED / "ollama" / "wire"

recorded = pytest.mark.skipif(
    not WIRE.is_dir(), reason="the optional folder of test data (SHARED_DIR) is not here"
)

# Exchanges that any client of ours can have, by the name of their recording.
PLAIN = [
    "root_get",
    "root_head",
    "version",
    "status",
    "tags",
    "tags_empty",
    "ps_empty",
    "ps_loaded",
    "unknown_route",
    "wrong_method",
    "show",
    "show_notfound",
    "show_nomodel",
    "delete",
    "delete_notfound",
    "chat_stream",
    "chat_nostream",
    "chat_wrongrole",
    "chat_load",
    "chat_nomodel",
    "chat_notfound",
    "chat_notfound_nostream",
    "chat_think",
    "generate_stream",
    "generate_nostream",
    "generate_load",
    "unload_before",
    "generate_nomodel",
    "generate_notfound",
    "generate_badname",
    "generate_emptybody",
    "generate_badjson",
    "generate_optwrong",
    "generate_optunknown",
    "generate_think",
    "generate_thinkfalse",
    "overflow_chat_tmpl_notruncate",
    "overflow_chat_tmpl_neither",
    "overflow_chat_tmpl_noshift",
    "overflow_chat_tmpl_singlemsg",
    "overflow_gen_tmpl_neither",
    "overflow_gen_tmpl_noshift",
    "pull_stream",
    "pull_again",
    "pull_nostream",
    "pull_notfound",
    "pull_notfound_nostream",
    "pull_badname",
    "pull_noname",
]
# The same for what happens only on command.
MISFORTUNES = {
    "queue_full_503": Behaviour("busy"),
    "load_fail_chat": Behaviour("load_fails"),
    "runner_SIGKILL_midstream_chat": Behaviour("error_line"),
    "server_SIGKILL_midstream": Behaviour("cut"),
    "server_SIGTERM_midstream": Behaviour("cut"),
    "token_repeat_abort_chat": Behaviour("no_done"),
    "stream_ends_without_done_invalid_utf8": Behaviour("no_done"),
}
# What a name or a size makes different, and nothing else.
OWN_WORDS = re.compile(r"\(\d+ tokens\)|tensor .*|llama runner process .*")


class Answer(NamedTuple):
    status: int
    content_type: str | None
    chunked: bool
    whole: bool
    lines: list[Any]


@pytest.fixture
def double() -> Iterator[OllamaDouble]:
    with OllamaDouble(models=("tiny-ru", "tiny-copy", "slow", "c2")) as ollama:
        yield ollama


@recorded
@pytest.mark.parametrize("name", PLAIN)
def test_answers_as_it_was_recorded(double: OllamaDouble, name: str) -> None:
    exchange = read(name)
    prepare(double, name)

    answer = send(double, exchange["request"])

    assert_alike(answer, recording(exchange))


@recorded
@pytest.mark.parametrize("name", MISFORTUNES)
def test_fails_as_it_was_recorded(double: OllamaDouble, name: str) -> None:
    exchange = read(name)
    double.script(MISFORTUNES[name])

    answer = send(double, exchange["request"])

    assert_alike(answer, recording(exchange))


@recorded
def test_thinks_as_it_was_recorded(double: OllamaDouble) -> None:
    thoughts = recording(read("chat_thinking_default")).lines
    double.script(Behaviour("thinking"))

    answer = ask(double, "POST", "/api/chat", {"model": "slow", "messages": [user("x")]})

    assert shape(answer.lines[0]) == shape(thoughts[0])


def test_tells_the_same_story_for_the_same_seed(double: OllamaDouble) -> None:
    body = {"model": "slow", "messages": [user("Напиши 80 слов")], "options": {"seed": 3}}

    first, again = (text_of(ask(double, "POST", "/api/chat", body)) for _ in range(2))

    assert first == again
    assert 80 <= len(first.split()) < 160
    assert first.startswith(" ")


def test_lets_one_request_in_at_a_time(double: OllamaDouble) -> None:
    double.script(Behaviour("hang_midstream", after=1))
    body = {"model": "slow", "messages": [user("Напиши 20 слов")]}
    held = http.client.HTTPConnection("127.0.0.1", double.port)
    held.request("POST", "/api/chat", json.dumps(body))
    held.getresponse().read1(10)
    held.close()

    # Waits until the double sees that the first client is gone.
    assert ask(double, "POST", "/api/chat", body).lines[-1]["done"]
    assert double.chats()[0].closed_early.wait(5)
    assert not double.chats()[1].closed_early.is_set()


def test_takes_orders_and_reports_over_http(double: OllamaDouble) -> None:
    ask(double, "POST", "/_double/script", [{"how": "busy"}])
    body = {"model": "slow", "messages": [user("x")]}

    statuses = [ask(double, "POST", "/api/chat", body).status for _ in range(2)]
    seen = ask(double, "GET", "/_double/requests", None).lines[0]

    assert statuses == [503, 200]
    assert [request["body"] for request in seen] == [body, body]


def test_refuses_an_order_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="unknown way"):
        read_script([{"how": "dance"}])
    with pytest.raises(ValueError, match="unknown keys"):
        read_script([{"hwo": "story"}])


def test_a_pulled_model_is_there_afterwards(double: OllamaDouble) -> None:
    answer = ask(double, "POST", "/api/pull", {"model": "gemma2:9b"})

    assert answer.lines[-1] == {"status": "success"}
    assert "gemma2:9b" in str(ask(double, "GET", "/api/tags", None).lines)


def test_needs_nothing_but_python(tmp_path: Path) -> None:
    alone = tmp_path / "ollama.py"
    alone.write_bytes((Path(__file__).parent / "ollama.py").read_bytes())

    # -I and -S: no site-packages, no working folder, as in a bare image.
    said = subprocess.run(
        [sys.executable, "-I", "-S", alone, "--help"], capture_output=True, text=True, check=True
    )

    assert "--script" in said.stdout


def test_the_story_is_whole_sentences_without_figures() -> None:
    text = story(300, seed=1)

    assert len(text.split()) >= 300
    assert not re.search(r"\d|[A-Za-z]", text)
    assert all(paragraph[-1] in ".…!?" for paragraph in text.split("\n\n"))


def read(name: str) -> dict[str, Any]:
    exchange: dict[str, Any] = json.loads((WIRE / f"{name}.json").read_text("utf-8"))
    return exchange


def prepare(double: OllamaDouble, name: str) -> None:
    match name:
        case "tags_empty":
            double.models.clear()
        case "ps_loaded" | "unload_before":
            ask(double, "POST", "/api/generate", {"model": "tiny-ru"})
        case "pull_again":
            double.models["http://127.0.0.1:9077/library/tiny-ru:latest"] = "0" * 64


def recording(exchange: dict[str, Any]) -> Answer:
    response = exchange["response"]
    headers = dict(response["headers"])
    text = "".join(chunk for _, chunk in response["chunks"])
    return Answer(
        status=int(response["status_line"].split()[1]),
        content_type=headers.get("Content-Type"),
        chunked="Transfer-Encoding" in headers,
        whole=response["transport_error"] is None,
        lines=parse(text, headers.get("Content-Type")),
    )


def send(double: OllamaDouble, request: dict[str, Any]) -> Answer:
    return ask(double, request["method"], request["path"], request["body"])


def ask(double: OllamaDouble, method: str, path: str, body: object) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", double.port, timeout=10)
    raw = body if body is None or isinstance(body, str) else json.dumps(body)
    connection.request(method, path, raw.encode() if raw else None)
    response = connection.getresponse()
    try:
        data, whole = response.read(), True
    except http.client.IncompleteRead as error:
        data, whole = error.partial, False
    kind = response.headers["Content-Type"]
    chunked = response.headers["Transfer-Encoding"] == "chunked"
    connection.close()
    return Answer(response.status, kind, chunked, whole, parse(data.decode(), kind))


def parse(text: str, content_type: str | None) -> list[Any]:
    if "json" in (content_type or ""):
        return [json.loads(line) for line in text.splitlines()]
    return [text] if text else []


def assert_alike(answer: Answer, real: Answer) -> None:
    assert answer[:4] == real[:4]
    assert bool(answer.lines) == bool(real.lines)
    for mine, theirs in zip(ends(answer.lines), ends(real.lines), strict=True):
        assert shape(mine) == shape(theirs)
    if answer.status >= 400:
        assert words(answer.lines) == words(real.lines)


def ends(lines: list[Any]) -> list[Any]:
    return [lines[0], lines[-1]] if lines else []


def shape(value: Any) -> Any:
    """Return the keys in their order and the types of a value."""
    if isinstance(value, dict):
        return [
            (key, "any" if key in {"model_info", "tensors"} else shape(part))
            for key, part in value.items()
        ]
    if isinstance(value, list):
        return ["list", shape(value[0])] if value else ["list"]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{1,9}Z", value):
        return "time"
    return type(value).__name__


def words(lines: list[Any]) -> str:
    said = re.sub(r'"n_prompt_tokens\W+\d+', "", str(lines))
    return OWN_WORDS.sub("", said)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def text_of(answer: Answer) -> str:
    return "".join(line["message"]["content"] for line in answer.lines)
