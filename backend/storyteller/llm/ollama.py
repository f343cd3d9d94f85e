"""The reader's own Ollama as a writer; the only module that knows how to reach it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from storyteller.errors import ModelInterrupted, ModelUnavailable
from storyteller.llm.base import Finish, LanguageModel, ModelState, Prompt, Sampling
from storyteller.llm.ollama_wire import (
    LONGEST_ERROR,
    Lines,
    Runtime,
    chars_per_token,
    chat_request,
    missing,
    opening,
    read_line,
    read_refusal,
    same_model,
)

log = structlog.get_logger()

NOT_RUNNING = "Ollama не запущена. Запустите её («ollama serve») и попробуйте ещё раз."
SLOW_START = "Модель так и не начала писать: Ollama занята или модель велика для этого компьютера."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds."""

    connect: float = 3
    # Holds the load of the model and the reading of the prompt: 1000 tokens take 42 s on two cores.
    first_token: float = 180
    # A stopped runner hangs for 30 s before Ollama itself notices.
    between_tokens: float = 30
    # From the first token on.
    whole: float = 600
    # For "are you there?"
    state: float = 2


def open_client(url: str, patience: Patience | None = None) -> httpx.AsyncClient:
    """Return a client for the Ollama at `url`; the caller closes it (`async with`)."""
    patience = patience or Patience()
    return httpx.AsyncClient(
        base_url=url,
        # Silence is judged by what we wait for, not by the socket; see `OllamaModel`.
        timeout=httpx.Timeout(None, connect=patience.connect, pool=patience.connect),
        headers={"Accept-Encoding": "identity"},
        # A proxy of the environment is for the internet; Ollama is at home.
        trust_env=False,
    )


class OllamaModel:
    """Writes through POST /api/chat; a completion is whole only when Ollama says `done`."""

    provider = "ollama"

    def __init__(
        self,
        client: httpx.AsyncClient,
        name: str,
        context_tokens: int,
        *,
        batch_tokens: int | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.context_tokens = context_tokens
        self.chars_per_token = chars_per_token(name)
        self._client = client
        self._runtime = Runtime(context_tokens, batch_tokens)
        self._patience = patience or Patience()
        self._state: tuple[float, ModelState] | None = None

    async def chosen(self) -> LanguageModel:
        """Return itself."""
        return self

    async def complete(self, prompt: Prompt, sampling: Sampling) -> AsyncGenerator[str | Finish]:
        """Yield the text as it is written, then `Finish`; `prompt.tail + text` reads on.

        Raises `ModelUnavailable`, `ContextExceeded` or `ModelInterrupted`; closing the iterator
        closes the connection, and Ollama stops at the token it is at.
        """
        request = chat_request(self.name, self._runtime, prompt, sampling)
        started = False
        async with aclosing(self._lines(request)) as lines:
            async for line in lines:
                said = read_line(line)
                if isinstance(said, Finish):
                    yield said
                    return
                piece = said if started else opening(prompt.tail, said)
                if piece:
                    started = True
                    yield piece
        # A stream may end without a word of farewell: the repeat guard and broken UTF-8 do that.
        raise ModelInterrupted

    async def state(self) -> ModelState:
        """Return whether the model can write now; asked at most once a second, never raises."""
        now = asyncio.get_running_loop().time()
        if self._state is None or now - self._state[0] > 1:
            self._state = (now, await self._ask_state())
        return self._state[1]

    async def _ask_state(self) -> ModelState:
        try:
            async with asyncio.timeout(self._patience.state):
                answer = await self._client.get("/api/tags")
            names = [str(model["name"]) for model in answer.raise_for_status().json()["models"]]
        except (httpx.HTTPError, TimeoutError):
            return ModelState(ready=False, detail=NOT_RUNNING)
        except (ValueError, TypeError, KeyError):
            return ModelState(ready=False, detail="По адресу OLLAMA_URL отвечает не Ollama.")
        if not any(same_model(name, self.name) for name in names):
            return ModelState(ready=False, detail=missing(self.name))
        return ModelState(ready=True, detail=f"Пишет модель «{self.name}» через Ollama.")

    async def _lines(self, request: dict[str, Any]) -> AsyncGenerator[bytes]:
        """Yield the lines of the answer; every way a connection can fail has its error here."""
        clock, patience = asyncio.get_running_loop().time, self._patience
        deadline, end = clock() + patience.first_token, None
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._answer(request)
            lines, chunks = Lines(), response.aiter_bytes()
            try:
                while True:
                    async with asyncio.timeout_at(deadline):
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        return
                    end = end or clock() + patience.whole
                    for line in lines.feed(chunk):
                        yield line
                    # Only now: the time the listener took is not Ollama's.
                    deadline = min(end, clock() + patience.between_tokens)
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ModelUnavailable(NOT_RUNNING) from error
        except (httpx.HTTPError, TimeoutError) as error:
            log.warning("ollama.broken", error=type(error).__name__, heard=end is not None)
            if end is not None:
                raise ModelInterrupted from error
            raise ModelUnavailable(
                SLOW_START if isinstance(error, TimeoutError) else None
            ) from error

    async def _answer(self, request: dict[str, Any]) -> httpx.Response:
        """Return the open answer to a chat request, or raise what Ollama refused it with."""
        call = self._client.build_request("POST", "/api/chat", json=request)
        response = await self._client.send(call, stream=True)
        if response.status_code == httpx.codes.OK:
            return response
        try:
            body = await _beginning(response)
        finally:
            await response.aclose()
        raise read_refusal(response.status_code, body, self.name, self.context_tokens)


async def _beginning(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ERROR:
            break
    return body[:LONGEST_ERROR]
