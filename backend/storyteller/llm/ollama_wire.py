"""What goes over the wire to Ollama and what comes back, without the wire: pure functions.

Built for the behaviour recorded from Ollama 0.33: a 200 promises nothing, only a line with
`done: true` ends a stream; an error may be one more line of it; a context overflow is JSON inside
a string of JSON.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from storyteller.errors import (
    ContextExceeded,
    ModelInterrupted,
    ModelUnavailable,
    ServiceUnavailable,
)
from storyteller.llm.base import Finish, Prompt, Sampling

# No honest line comes near: a token is a few bytes, the closing line some hundreds.
LONGEST_LINE = 1 << 20
# Enough to carry any error sentence; an HTML page of a proxy is cut here.
LONGEST_ERROR = 1 << 16

# How far back a repetition is seen: some 190 Russian words of Mistral's tokens. Ollama's own 64
# is two sentences.
REPEAT_LAST_N = 512
# Wide, so that min_p and top_p decide, yet cheap to sort.
TOP_K = 100
# The marks of a turn in the templates of Mistral, ChatML, Gemma and Llama. A request's list
# replaces the model's own, so all of them are here.
STOP = ("[INST]", "[/INST]", "<|im_start|>", "<|im_end|>", "<start_of_turn>", "<|eot_id|>")

# Characters of Russian fiction per token, by tokenizer; first match wins (Mistral-Nemo is a
# Nemo). A guess on the low side of all for the rest.
CHARS_PER_TOKEN = (
    (re.compile(r"nemo"), 3.20),
    (re.compile(r"mistral|mixtral|starling|zephyr"), 2.32),
    (re.compile(r"gemma"), 3.43),
    (re.compile(r"qwen|t-lite|t-pro"), 2.70),
    (re.compile(r"llama|saiga|vikhr"), 3.06),
)
UNKNOWN_CHARS_PER_TOKEN = 2.3


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a loaded model depends on: one set for every request, since a change reloads it."""

    context_tokens: int
    # 64 makes a stop in mid-prompt eight times quicker on a CPU and costs nothing there; on a GPU
    # it is slow. None leaves the server's own (512).
    batch_tokens: int | None = None
    keep_alive: str = "30m"

    def options(self) -> dict[str, int]:
        """Return the part of `options` that must never differ between two requests."""
        options = {"num_ctx": self.context_tokens}
        if self.batch_tokens is not None:
            options["num_batch"] = self.batch_tokens
        return options


def chat_request(name: str, runtime: Runtime, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
    """Return the body of POST /api/chat: every choice said, nothing left to changing defaults."""
    return {
        "model": name,
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": _user_turn(prompt)},
        ],
        "stream": True,
        "think": False,
        # Refuse what does not fit instead of silently forgetting the rules at its head, and stop
        # at the end of the window instead of silently forgetting the beginning.
        "truncate": False,
        "shift": False,
        "keep_alive": runtime.keep_alive,
        "options": {
            **runtime.options(),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": TOP_K,
            "min_p": sampling.min_p,
            "repeat_penalty": sampling.repeat_penalty,
            "repeat_last_n": REPEAT_LAST_N,
            "seed": -1 if sampling.seed is None else sampling.seed,
            "num_predict": sampling.max_tokens,
            "stop": list(STOP),
        },
    }


def chars_per_token(name: str) -> float:
    """Return how many characters of Russian a token of this model holds, to begin with."""
    lowered = name.lower()
    known = (ratio for family, ratio in CHARS_PER_TOKEN if family.search(lowered))
    return next(known, UNKNOWN_CHARS_PER_TOKEN)


def same_model(installed: str, wanted: str) -> bool:
    """Return whether two names mean one model: no tag means `latest`, case is nothing."""
    return _with_tag(installed) == _with_tag(wanted)


class Lines:
    """Cuts a body into lines, and refuses to hold an endless one."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that `data` completes; raise `ModelInterrupted` on a giant."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            if len(line) > self._longest:
                raise ModelInterrupted(GARBLED)
            if line.strip():
                yield line
        if len(self._rest) > self._longest:
            raise ModelInterrupted(GARBLED)


GARBLED = "Ollama ответила непонятно. Написанное сохранено; перезапустите Ollama и продолжите."


def read_line(line: bytes) -> str | Finish:
    """Return the piece in a line of the stream (maybe empty), or the `Finish` it brings.

    Raises `ModelInterrupted` for an error line and for what is no line of Ollama's at all.
    """
    match _json(line):
        case {"error": _}:
            raise ModelInterrupted
        case {"done": True} as last:
            return Finish(
                reason="length" if last.get("done_reason") == "length" else "stop",
                prompt_tokens=_count(last.get("prompt_eval_count")),
                completion_tokens=_count(last.get("eval_count")),
            )
        case {"message": {"content": str(piece)}}:
            return piece
        case _:
            raise ModelInterrupted(GARBLED)


def read_refusal(status: int, body: bytes, name: str, context_tokens: int) -> ServiceUnavailable:
    """Return the error for a status that isn't 200; `body` may be anything at all."""
    said = _json(body)
    reason = said.get("error") if isinstance(said, dict) else None
    reason = reason if isinstance(reason, str) else ""
    match _json(reason.encode()):
        case {"error": {"type": "exceed_context_size_error", **counts}}:
            return ContextExceeded(
                _count(counts.get("n_prompt_tokens")), _count(counts.get("n_ctx"))
            )
    if "context length" in reason:
        # The other wording, without counts.
        return ContextExceeded(context_tokens + 1, context_tokens)
    match status:
        case 404 if reason:
            return ModelUnavailable(missing(name), code="model_missing")
        case 503:
            return ModelUnavailable("Ollama занята другими запросами. Попробуйте через минуту.")
        case 403:
            return ModelUnavailable("Ollama не принимает запросы с этого адреса: см. OLLAMA_URL.")
    return ModelUnavailable(
        f"Ollama ответила ошибкой {status} и не начала писать. Проверьте её журнал."
    )


def missing(name: str) -> str:
    """Return the sentence that tells how to get a model."""
    return f"В Ollama нет модели «{name}». Выполните «ollama pull {name}» и попробуйте ещё раз."


def opening(tail: str, piece: str) -> str:
    """Return the first piece so that `tail + piece` reads on: templates eat or add the space."""
    piece = piece.lstrip()
    if not tail or tail[-1].isspace() or not piece or piece[0] in ",.!?…;:»)":
        return piece
    return f"\n\n{piece}" if piece[0] == "—" and tail[-1] in ".!?…»" else f" {piece}"


def _user_turn(prompt: Prompt) -> str:
    # Not as an assistant's beginning: half of the templates close that turn or drop it. At the
    # end, so that the long part before it stays in the prefix cache.
    if not prompt.tail or prompt.tail in prompt.user:
        return prompt.user
    return (
        f"{prompt.user}\n\nКонец уже написанного текста:\n\n{prompt.tail}\n\n"
        "Продолжи точно с этого места и ничего не повторяй."
    )


def _with_tag(name: str) -> str:
    lowered = name.lower()
    return lowered if ":" in lowered.rsplit("/", 1)[-1] else f"{lowered}:latest"


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _count(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
