"""A real HTTP server with Ollama's manners, and a model that talks to it."""

from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from tests.doubles.ollama import MODEL, OllamaDouble

from storyteller.llm.ollama import OllamaModel, Patience, open_client

Build = Callable[..., OllamaModel]


@pytest.fixture
def double() -> Iterator[OllamaDouble]:
    with OllamaDouble() as ollama:
        yield ollama


@pytest.fixture
async def client(double: OllamaDouble) -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(double.url) as client:
        yield client


@pytest.fixture
def build(client: httpx.AsyncClient) -> Build:
    def build(
        name: str = MODEL,
        context_tokens: int = 8192,
        batch_tokens: int | None = None,
        **patience: float,
    ) -> OllamaModel:
        return OllamaModel(
            client,
            name,
            context_tokens,
            batch_tokens=batch_tokens,
            patience=Patience(**patience),
        )

    return build
