"""A stand-in for Ollama: answers as a recorded 0.33 did, byte for byte where a client can see it.

A real HTTP server in one file of the standard library, for three uses: in a test
(`with OllamaDouble() as ollama: ... ollama.url`), by hand
(`python -m tests.doubles.ollama --port 11434`), and as a container image. It writes a tender,
made-up story; told to, it fails in the ways the real one was seen to fail. Tell it by
`ollama.script(Behaviour(...))`, by `--script FILE`, or by POST /_double/script.

It doesn't judge prompts and it holds no model: tokens are pieces of four characters.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import re
import select
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

VERSION = "0.33.0-rc2"
MODEL = "mistral:7b-instruct-q4_K_M"
LONGEST_CONTEXT = 32768
CHARS_PER_PROMPT_TOKEN = 2.3

How = Literal[
    "story",  # write it all
    "busy",  # 503, as when too many wait for a load
    "load_fails",  # 500 before the stream
    "html",  # 502 from a proxy in between
    "hang",  # never answer
    "hang_after_headers",
    "hang_midstream",
    "no_done",  # a clean end of the body, and no last line
    "error_line",  # the runner died under the stream
    "cut",  # the server died: no terminating chunk
    "half_line",  # the same, in the middle of a line
    "garbage",  # a line that is no JSON
    "giant_line",  # 10 MB of one
    "thinking",  # thoughts before the text
    "age_cue",  # an age cue in the output, in tokens of 1-3 characters
]


@dataclass(frozen=True)
class Behaviour:
    """What to do with one request (or, as the default, with all)."""

    how: How = "story"
    # Tokens to send before the misfortune.
    after: int = 5
    # Seconds between two tokens, and before the first.
    pace: float = 0.0
    prefill: float = 0.0
    # Words to write; None reads "N слов" in the prompt.
    words: int | None = None
    # Write exactly this.
    text: str | None = None


@dataclass
class Request:
    """A request as it came, and how it ended."""

    method: str
    path: str
    body: Any
    # Set when the client went away before the answer was whole.
    closed_early: threading.Event = field(default_factory=threading.Event)
    # Set when the answer is over, in whatever way.
    over: threading.Event = field(default_factory=threading.Event)
    tokens_sent: int = 0


class OllamaDouble:
    """A running stand-in; a context manager that serves on a free port of the loopback."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        models: tuple[str, ...] = (MODEL,),
        parallel: int = 1,
        default: Behaviour | None = None,
    ) -> None:
        self.models = {_tagged(name): _digest(name) for name in models}
        self.loaded: dict[str, int] = {}
        self.default = default or Behaviour()
        self.requests: list[Request] = []
        # How quickly a pulled layer arrives: bytes a line.
        self.pull_step = 131_072
        self.pull_pace = 0.0
        self.slots = threading.Semaphore(parallel)
        self._scripted: deque[Behaviour] = deque()
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self._server = _Server((host, port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        return self.__enter__()

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve_forever(self) -> None:
        self._server.serve_forever(0.1)

    def script(self, *behaviours: Behaviour) -> None:
        """Take the next completions' behaviours from here, in this order, then the default."""
        with self._lock:
            self._scripted.extend(behaviours)

    def next_behaviour(self) -> Behaviour:
        with self._lock:
            return self._scripted.popleft() if self._scripted else self.default

    def chats(self) -> list[Request]:
        """Return the requests to /api/chat, oldest first."""
        return [request for request in self.requests if request.path == "/api/chat"]

    def forget(self) -> None:
        """Drop what was scripted and seen."""
        with self._lock:
            self._scripted.clear()
            self.requests.clear()
            self.default = Behaviour()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A killed client must not hold the shutdown.
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], double: OllamaDouble) -> None:
        self.double = double
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            super().handle_error(request, client_address)


class _ClientGone(ConnectionError):
    """The client closed the connection: generation stops at once."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # One write a chunk, as it comes.
    wbufsize = 0
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        pass

    # -- routes ---------------------------------------------------------------------------------

    def do_GET(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def _handle(self) -> None:
        path = self.path.split("?")[0]
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path.startswith("/_double/"):
            self._control(path, raw)
            return
        try:
            body, broken = (json.loads(raw) if raw else None), False
        except ValueError:
            body, broken = None, True
        self.seen = Request(self.command, path, body)
        self.server.double.requests.append(self.seen)
        try:
            self._route(path, body, raw, broken)
        except ConnectionError:
            self.seen.closed_early.set()
            self.close_connection = True
        finally:
            self.seen.over.set()

    def _route(self, path: str, body: Any, raw: bytes, broken: bool) -> None:
        method = "GET" if self.command == "HEAD" else self.command
        if path not in ROUTES:
            self._plain(404, "404 page not found", "text/plain")
        elif ROUTES[path][0] != method:
            self._plain(405, "405 method not allowed", "text/plain")
        elif method == "GET":
            getattr(self, ROUTES[path][1])()
        elif not raw:
            self._error(400, "missing request body")
        elif broken or not isinstance(body, dict):
            self._error(400, "unexpected EOF")
        else:
            getattr(self, ROUTES[path][1])(body)

    def _root(self) -> None:
        self._plain(200, "Ollama is running", "text/plain; charset=utf-8")

    def _version(self) -> None:
        self._json(200, {"version": VERSION})

    def _status(self) -> None:
        self._json(200, {"cloud": {"disabled": True, "source": "env"}})

    def _tags(self) -> None:
        models = [
            {
                "name": name,
                "model": name,
                "modified_at": _now(),
                "size": SIZE,
                "digest": digest,
                "details": {**DETAILS, "context_length": LONGEST_CONTEXT, "embedding_length": 4096},
                "capabilities": ["completion"],
            }
            for name, digest in self.server.double.models.items()
        ]
        self._json(200, {"models": models})

    def _ps(self) -> None:
        double = self.server.double
        models = [
            {
                "name": name,
                "model": name,
                "size": SIZE,
                "digest": double.models[name],
                "details": DETAILS,
                "expires_at": _now(ahead=300),
                "size_vram": 0,
                "context_length": context,
            }
            for name, context in double.loaded.items()
            if name in double.models
        ]
        self._json(200, {"models": models})

    def _show(self, body: dict[str, Any]) -> None:
        name = body.get("model") or body.get("name")
        if not name:
            self._error(400, "model is required")
        elif self._known(name):
            self._chunked(200, "application/json; charset=utf-8", [_line(_show_answer(name))])

    def _delete(self, body: dict[str, Any]) -> None:
        name = str(body.get("model") or body.get("name") or "")
        if self._known(name):
            del self.server.double.models[_tagged(name)]
            self._head(200, None, 0)

    def _pull(self, body: dict[str, Any]) -> None:
        name = str(body.get("model") or body.get("name") or "")
        if not _is_name(name):
            self._error(400, "invalid model name")
            return
        steps = list(_pull_steps(name, self.server.double))
        failed = "error" in steps[-1]

        def keep() -> None:
            # Before "success" is said: a client may ask for the list at once.
            if not failed:
                self.server.double.models[_tagged(name)] = _digest(name)

        if body.get("stream") is False:
            keep()
            self._plain(500 if failed else 200, _dump(steps[-1]), "application/json")
        else:
            self._start_chunks(200, "application/x-ndjson")
            for step in steps:
                self._pause(self.server.double.pull_pace)
                if step is steps[-1]:
                    keep()
                self._chunk(_line(step))
            self._chunk(b"")

    def _chat(self, body: dict[str, Any]) -> None:
        if not body.get("model"):
            self._error(400, "model is required")
        elif self._may_write(body):
            messages = body.get("messages") or []
            said = "\n".join(str(message.get("content", "")) for message in messages)
            self._write(body, said, _Chat(body["model"]))

    def _generate(self, body: dict[str, Any]) -> None:
        if not body.get("model"):
            self._error(404, "model '' not found")
        elif self._may_write(body):
            said = "\n".join(str(body.get(part) or "") for part in ("system", "prompt")).strip()
            self._write(body, said, _Generate(body["model"]))

    # -- writing --------------------------------------------------------------------------------

    def _may_write(self, body: dict[str, Any]) -> bool:
        name, options = body["model"], body.get("options") or {}
        if not _is_name(name):
            self._error(400, "invalid model name")
        elif not self._known(name):
            pass
        elif body.get("think"):
            self._error(400, f'"{name}" does not support thinking')
        elif wrong := next((key for key in FLOATS if not _is_number(options.get(key, 0))), None):
            self._error(500, f'option "{wrong}" must be of type float32')
        elif wrong := next((key for key in INTS if not _is_number(options.get(key, 0))), None):
            self._error(500, f'option "{wrong}" must be of type integer')
        else:
            return True
        return False

    def _write(self, body: dict[str, Any], said: str, shape: "_Chat") -> None:
        double, options = self.server.double, body.get("options") or {}
        context = min(int(options.get("num_ctx") or 4096), LONGEST_CONTEXT)
        if not said:
            self._load(body, context, shape)
            return
        behaviour = double.next_behaviour()
        tokens = 6 + int(len(said) / CHARS_PER_PROMPT_TOKEN)
        if self._refused(behaviour):
            return
        self._take_slot()
        try:
            double.loaded[_tagged(body["model"])] = context
            self._pause(behaviour.prefill)
            if tokens > context:
                if body.get("truncate") is False:
                    self._chunked(400, "application/json", [_overflow(tokens, context)])
                    return
                if body.get("shift") is False:
                    self._chunked(400, "application/json", [_dump({"error": TOO_LONG}).encode()])
                    return
                # The default: half of the window is kept, and nothing says so.
                tokens = context // 2 + 3
            self._answer(body, said, shape, behaviour, tokens)
        finally:
            double.slots.release()

    def _load(self, body: dict[str, Any], context: int, shape: "_Chat") -> None:
        loaded = self.server.double.loaded
        unload = body.get("keep_alive") == 0
        if unload:
            loaded.pop(_tagged(body["model"]), None)
        else:
            loaded[_tagged(body["model"])] = context
        last = {**shape.piece(""), "done": True, "done_reason": "unload" if unload else "load"}
        self._json(200, last)

    def _refused(self, behaviour: Behaviour) -> bool:
        match behaviour.how:
            case "busy":
                self._error(
                    503, "server busy, please try again.  maximum pending requests exceeded"
                )
            case "load_fails":
                self._error(500, "llama runner process has terminated: exit status 2")
            case "html":
                page = "<html><head><title>502 Bad Gateway</title></head><body></body></html>\r\n"
                self._plain(502, page, "text/html")
            case "hang":
                self._hang()
            case _:
                return False
        return True

    def _answer(
        self, body: dict[str, Any], said: str, shape: "_Chat", behaviour: Behaviour, prompt: int
    ) -> None:
        options = body.get("options") or {}
        limit = int(options.get("num_predict", -1))
        pieces = list(_pieces(body, said, behaviour))
        reason = "length" if 0 <= limit < len(pieces) else "stop"
        pieces = pieces[:limit] if limit >= 0 else pieces
        begun = time.monotonic_ns()
        if body.get("stream") is False:
            for _ in pieces:
                self._pause(behaviour.pace)
            last = shape.last("".join(pieces), reason, prompt, len(pieces), begun)
            self._json(200, last)
            return
        self._start_chunks(200, "application/x-ndjson")
        if behaviour.how == "hang_after_headers":
            self._hang()
        if behaviour.how == "thinking":
            for thought in ("о", "сле", " вечере"):
                self._chunk(_line({**shape.piece("", thinking=thought), "done": False}))
        for number, piece in enumerate(pieces):
            if number == behaviour.after and self._fail(behaviour, shape):
                return
            self._pause(behaviour.pace)
            self._chunk(_line({**shape.piece(piece), "done": False}))
            self.seen.tokens_sent += 1
        self._chunk(_line(shape.last("", reason, prompt, len(pieces), begun)))
        self._chunk(b"")

    def _fail(self, behaviour: Behaviour, shape: "_Chat") -> bool:
        """Break off as told; return False when told nothing of the kind."""
        match behaviour.how:
            case "hang_midstream":
                self._hang()
            case "no_done":
                self._chunk(b"")
            case "error_line":
                died = "an error was encountered while running the model: unexpected EOF"
                self._chunk(_line({"error": died}))
                self._chunk(b"")
            case "cut":
                self._cut()
            case "half_line":
                self._chunk(_line({**shape.piece(" поло"), "done": False})[:60])
                self._cut()
            case "garbage":
                self._chunk(b"\x00\xff<not json>\n")
                self._chunk(b"")
            case "giant_line":
                self._giant(shape)
            case _:
                return False
        return True

    def _giant(self, shape: "_Chat") -> None:
        head, tail = _line({**shape.piece("@"), "done": False}).split(b"@")
        self._chunk(head)
        for _ in range(160):
            self._chunk(b"a" * 65_536)
        self._chunk(tail)
        self._chunk(b"")

    def _cut(self) -> None:
        # As when the process is killed: the connection ends, the body doesn't.
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _hang(self) -> None:
        while not self.server.double.stopping.is_set():
            self._pause(0.02)
        raise _ClientGone

    def _take_slot(self) -> None:
        # Waiting is invisible to the client: not a byte is sent.
        while not self.server.double.slots.acquire(timeout=0.02):
            self._look()

    def _pause(self, seconds: float) -> None:
        """Wait, looking whether the client is still there."""
        until = time.monotonic() + seconds
        self._look()
        while (left := until - time.monotonic()) > 0:
            self._look(min(left, 0.5))

    def _look(self, wait: float = 0.0) -> None:
        try:
            readable, _, _ = select.select([self.connection], [], [], wait)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise _ClientGone
        except (OSError, ValueError) as error:
            raise _ClientGone from error

    # -- answering ------------------------------------------------------------------------------

    def _known(self, name: str) -> bool:
        if _tagged(name) in self.server.double.models:
            return True
        self._error(404, f"model '{name}' not found")
        return False

    def _error(self, status: int, sentence: str) -> None:
        self._json(status, {"error": sentence})

    def _json(self, status: int, value: object) -> None:
        self._plain(status, _dump(value), "application/json; charset=utf-8")

    def _plain(self, status: int, text: str, content_type: str) -> None:
        data = text.encode()
        self._head(status, content_type, len(data))
        if self.command != "HEAD":
            self.wfile.write(data)

    def _head(self, status: int, content_type: str | None, length: int | None) -> None:
        # Not send_response: Ollama names no server.
        self.send_response_only(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Date", self.date_time_string())
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _chunked(self, status: int, content_type: str, chunks: list[bytes]) -> None:
        self._start_chunks(status, content_type)
        for chunk in [*chunks, b""]:
            self._chunk(chunk)

    def _start_chunks(self, status: int, content_type: str) -> None:
        self._head(status, content_type, None)

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    # -- the levers -----------------------------------------------------------------------------

    def _control(self, path: str, raw: bytes) -> None:
        double = self.server.double
        match self.command, path:
            case "POST", "/_double/script":
                double.script(*read_script(json.loads(raw)))
            case "POST", "/_double/default":
                double.default = read_script([json.loads(raw)])[0]
            case "DELETE", "/_double/":
                double.forget()
            case "GET", "/_double/requests":
                pass
            case _:
                self._plain(404, "404 page not found", "text/plain")
                return
        self._json(200, [_report(request) for request in double.requests])


class _Chat:
    """The lines of /api/chat."""

    def __init__(self, model: str) -> None:
        self._model = model

    def piece(self, text: str, **more: str) -> dict[str, Any]:
        return {**self._stamp(), "message": {"role": "assistant", "content": text, **more}}

    def last(self, text: str, reason: str, prompt: int, answer: int, begun: int) -> dict[str, Any]:
        spent = time.monotonic_ns() - begun
        return {
            **self.piece(text),
            "done": True,
            "done_reason": reason,
            **self._more(prompt + answer),
            "total_duration": spent + 1_700_000,
            "load_duration": 673_995,
            "prompt_eval_count": prompt,
            "prompt_eval_duration": 1_156_000,
            "eval_count": answer,
            "eval_duration": spent,
        }

    def _stamp(self) -> dict[str, Any]:
        return {"model": self._model, "created_at": _now()}

    def _more(self, tokens: int) -> dict[str, Any]:
        return {}


class _Generate(_Chat):
    """The lines of /api/generate."""

    def piece(self, text: str, **more: str) -> dict[str, Any]:
        return {**self._stamp(), "response": text, **more}

    def _more(self, tokens: int) -> dict[str, Any]:
        return {"context": list(range(3, 3 + tokens))}


ROUTES = {
    "/": ("GET", "_root"),
    "/api/version": ("GET", "_version"),
    "/api/status": ("GET", "_status"),
    "/api/tags": ("GET", "_tags"),
    "/api/ps": ("GET", "_ps"),
    "/api/show": ("POST", "_show"),
    "/api/pull": ("POST", "_pull"),
    "/api/delete": ("DELETE", "_delete"),
    "/api/chat": ("POST", "_chat"),
    "/api/generate": ("POST", "_generate"),
}
FLOATS = ("temperature", "top_p", "min_p", "repeat_penalty")
INTS = ("num_ctx", "num_predict", "num_batch", "seed", "top_k", "repeat_last_n")
TOO_LONG = (
    "the prompt is longer than the context length currently available to the model; shorten the "
    "prompt, adjust the context length in settings, or use a model with a longer context length"
)
SIZE = 4_372_824_384
DETAILS = {
    "parent_model": "",
    "format": "gguf",
    "family": "llama",
    "families": ["llama"],
    "parameter_size": "7.2B",
    "quantization_level": "Q4_K_M",
}
TEMPLATE = (
    "{{- if .System }}[INST] {{ .System }} {{ .Prompt }} [/INST]"
    "{{ else }}[INST] {{ .Prompt }} [/INST]{{ end }}"
)


def _show_answer(name: str) -> dict[str, Any]:
    return {
        "modelfile": f'# Modelfile generated by "ollama show"\nFROM {name}\nTEMPLATE {TEMPLATE}\n',
        "parameters": 'stop                           "[INST]"',
        "template": TEMPLATE,
        "details": DETAILS,
        "model_info": {
            "general.architecture": "llama",
            "general.parameter_count": 7_248_023_552,
            "llama.context_length": LONGEST_CONTEXT,
            "llama.embedding_length": 4096,
        },
        "tensors": [{"name": "token_embd.weight", "type": "Q4_K", "shape": [4096, 32768]}],
        "capabilities": ["completion"],
        "modified_at": _now(),
    }


def _pull_steps(name: str, double: OllamaDouble) -> Iterator[dict[str, Any]]:
    yield {"status": "pulling manifest"}
    if "nope" in name:
        yield {"error": "pull model manifest: file does not exist"}
        return
    digest, total = _digest(name), 2_097_152
    layer = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": total}
    have_it = _tagged(name) in double.models
    for done in range(total if have_it else double.pull_step, total + 1, double.pull_step):
        yield {**layer, "completed": done}
    yield {"status": "verifying sha256 digest"}
    yield {"status": "writing manifest"}
    yield {"status": "success"}


def _overflow(tokens: int, context: int) -> bytes:
    inner = {
        "error": {
            "code": 400,
            "message": f"request ({tokens} tokens) exceeds the available context size "
            f"({context} tokens), try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": tokens,
            "n_ctx": context,
        }
    }
    return _dump({"error": _dump(inner)}).encode()


# -- the story ----------------------------------------------------------------------------------

# Grown-ups, tea and weather: enough for a guard to find nothing and a reader to see Russian.
# fmt: off
PAIRS = (
    ("Марина", "Андрей"), ("Ольга", "Павел"), ("Вера", "Илья"), ("Ирина", "Сергей"),
    ("Тамара", "Николай"), ("Елена", "Виктор"),
)
PLACES = (
    "на набережной", "у старого маяка", "в пустом кафе", "на кухне", "в мастерской", "на террасе",
    "у окна", "в саду за домом", "на мосту", "в букинистической лавке",
)
WHEN = (
    "В тот вечер", "На рассвете", "После работы", "В конце недели", "Когда стих дождь",
    "Ближе к ночи", "В первый тёплый день", "Через неделю",
)
WEATHER = (
    "шёл тихий дождь", "падал медленный снег", "пахло липами", "горели редкие фонари",
    "ветер перебирал листья", "над водой стоял туман", "за стеной играло радио",
)
ACTIONS = (
    "поставила чайник и достала две чашки", "сняла промокший плащ", "открыла окно настежь",
    "отложила книгу", "зажгла лампу под зелёным абажуром", "поправила шарф у него на плече",
    "положила ладонь на его рукав", "долго смотрела на огни за рекой",
)
ANSWERS = (
    "улыбнулся и подвинул к ней тарелку с вишней", "молча взял её за руку",
    "рассказал о письме, которое так и не отправил", "снял очки и протёр их платком",
    "засмеялся впервые за этот день", "накинул ей на плечи свой пиджак",
    "признался, что весь день думал об этой встрече",
)
SPEECH = (
    "Останьтесь ещё немного", "Я скучала по вашему голосу", "Мне с вами спокойно",
    "Я никуда не спешу", "Давай пойдём пешком", "Я боялась, что ты не придёшь",
    "Расскажи мне что-нибудь хорошее", "У нас впереди целый вечер",
)
FEELINGS = (
    "Тишина между ними была лёгкой.", "Время шло иначе, чем днём.",
    "Оба понимали, что этот разговор давно начался.", "Никто не торопился уходить.",
    "От её волос пахло дождём и яблоками.", "Он запомнил этот свет надолго.",
    "Слова были уже не нужны.", "Сердце стучало ровно и громко.",
)
# fmt: on
# A cue and a neutral placeholder: a guard must see through the cuts between their crumbs.
AGE_CUE = " Ей было 15 лет. [сцена]"


def story(words: int, seed: int) -> str:
    """Return a tender made-up story of two adults, at least `words` words, whole sentences."""
    chance = random.Random(seed)
    her, him = chance.choice(PAIRS)
    paragraphs: list[str] = []
    while sum(len(paragraph.split()) for paragraph in paragraphs) < words:
        paragraphs.append(_paragraph(chance, her, him))
    return "\n\n".join(paragraphs)


def _paragraph(chance: random.Random, her: str, him: str) -> str:
    pick = chance.choice
    if chance.random() < 0.3:
        speaker, verb = pick(((her, "сказала"), (him, "сказал")))
        return f"— {pick(SPEECH)}, — тихо {verb} {speaker}. — {pick(SPEECH)}."
    sentences = [
        f"{pick(WHEN)} {her} встретила его {pick(PLACES)}, и {pick(WEATHER)}.",
        f"{her} {pick(ACTIONS)}, а {him} {pick(ANSWERS)}.",
        pick(FEELINGS),
        f"{pick(WHEN)} {him} {pick(ANSWERS)}.",
    ]
    return " ".join(sentences[chance.randrange(2) : chance.randint(3, 4)])


def _pieces(body: dict[str, Any], said: str, behaviour: Behaviour) -> Iterator[str]:
    options = body.get("options") or {}
    seed = int(options.get("seed", -1))
    if seed < 0:
        # Repeatable unless the client asks otherwise: the same prompt, the same story.
        seed = int(_digest(said)[:8], 16)
    asked = re.search(r"(\d{2,5}) слов", said)
    words = behaviour.words or (int(asked[1]) if asked else 350)
    text = behaviour.text or story(words, seed)
    yield from _tokens(" " + text)
    if behaviour.how == "age_cue":
        yield from re.findall(r".{1,3}", AGE_CUE)


def _tokens(text: str) -> Iterator[str]:
    for piece in re.finditer(r" ?[^\W\d_]{1,4}| ?\S|\s", text):
        yield piece[0]


# -- small change -------------------------------------------------------------------------------


def read_script(items: list[dict[str, Any]]) -> list[Behaviour]:
    """Return behaviours from JSON; an unknown key or way is a ValueError, not a silent story."""
    known = {entry.name for entry in fields(Behaviour)}
    for item in items:
        if wrong := set(item) - known:
            raise ValueError(f"unknown keys: {sorted(wrong)}; known: {sorted(known)}")
        if item.get("how", "story") not in How.__args__:  # type: ignore[attr-defined]
            raise ValueError(f"unknown way: {item['how']}; known: {How.__args__}")  # type: ignore[attr-defined]
    return [Behaviour(**item) for item in items]


def _report(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "body": request.body,
        "closed_early": request.closed_early.is_set(),
        "over": request.over.is_set(),
        "tokens_sent": request.tokens_sent,
    }


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _line(value: object) -> bytes:
    return (_dump(value) + "\n").encode()


def _now(ahead: float = 0) -> str:
    # Nanoseconds and a Z, as Go prints them: trailing zeros dropped.
    whole, rest = divmod(time.time_ns() + int(ahead * 1e9), 1_000_000_000)
    stamp = datetime.fromtimestamp(whole, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{stamp}.{rest:09d}".rstrip("0").rstrip(".") + "Z"


def _tagged(name: str) -> str:
    return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(re.fullmatch(r"[\w.:/-]{1,200}", name, re.ASCII))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def main() -> None:
    """Serve until killed; prints the address when it is ready."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.doubles.ollama")
    parser.add_argument("--host", default=os.environ.get("DOUBLE_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("DOUBLE_PORT", "11434")))
    parser.add_argument("--model", action="append", help=f"installed models (default: {MODEL})")
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--pace", type=float, default=0.0, help="seconds between two tokens")
    parser.add_argument("--script", type=Path, help="a JSON list of behaviours")
    given = parser.parse_args()
    double = OllamaDouble(
        host=given.host,
        port=given.port,
        models=tuple(given.model or [os.environ.get("OLLAMA_MODEL", MODEL)]),
        parallel=given.parallel,
        default=Behaviour(pace=given.pace),
    )
    if given.script:
        double.script(*read_script(json.loads(given.script.read_text("utf-8"))))
    print(f"Ollama double listening on {given.host}:{double.port}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        double.serve_forever()


if __name__ == "__main__":
    main()
