"""A model and a search that do what a test tells them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from storyteller.llm.base import Finish, LanguageModel, ModelState, Prompt, Sampling
from storyteller.retrieval.chunk import Passage

STORY = (
    "Марина поднялась на маяк. Ветер трепал ей волосы, внизу шумело море. "
    "— Ты пришла, — сказал Андрей и улыбнулся. Она взяла его за руку. "
    "Фонарь погас, и звёзды стали ближе."
)


@dataclass
class Gate:
    """A place in the script where the model waits until the test opens it."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)


class ScriptedModel:
    """Yields its script: text, a gate to wait at, an error to raise; then a `Finish`."""

    provider = "scripted"
    name = "scripted"
    chars_per_token = 2.5

    def __init__(
        self,
        *scripts: Sequence[str | Gate | BaseException],
        context_tokens: int = 8192,
        reason: str = "stop",
        prompt_tokens: int = 400,
    ) -> None:
        self._scripts = list(scripts)
        self.context_tokens = context_tokens
        self.reason = reason
        self.prompt_tokens = prompt_tokens
        self.prompts: list[Prompt] = []
        self.samplings: list[Sampling] = []
        self.closed = 0

    async def chosen(self) -> LanguageModel:
        return self

    async def complete(self, prompt: Prompt, sampling: Sampling) -> AsyncGenerator[str | Finish]:
        self.prompts.append(prompt)
        self.samplings.append(sampling)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        tokens = 0
        try:
            for step in script:
                match step:
                    case str():
                        tokens += 1
                        yield step
                    case Gate():
                        step.reached.set()
                        await step.opened.wait()
                    case error:
                        raise error
            yield Finish(self.reason, self.prompt_tokens, tokens)  # type: ignore[arg-type]
        finally:
            self.closed += 1

    async def state(self) -> ModelState:
        return ModelState(ready=True, detail="")


class ScriptedSearch:
    """Answers every search with the same passages, or with an error."""

    def __init__(self, *passages: Passage, error: Exception | None = None) -> None:
        self._passages = passages
        self._error = error
        self.asked: list[tuple[str, int, str | None]] = []

    async def search(self, query: str, top_k: int, category: str | None = None) -> list[Passage]:
        self.asked.append((query, top_k, category))
        if self._error is not None:
            raise self._error
        return list(self._passages[:top_k])


def passage(number: int = 1, text: str = "Море шумело до утра.", **facts: object) -> Passage:
    known: dict[str, object] = {
        "chunk_id": f"chunk-{number}",
        "story_id": f"story-{number}",
        "title": f"История {number}",
        "author": "Автор",
        "url": "https://example.org/1",
        "category": "море",
        "text": text,
        "score": 1 / number,
        "semantic_rank": number,
        "keyword_rank": None,
        "trigram_rank": None,
    }
    return Passage(**(known | facts))  # type: ignore[arg-type]


def pieces(text: str, size: int = 3) -> list[str]:
    """Cut a text as a tokenizer might: into pieces of `size` characters."""
    return [text[start : start + size] for start in range(0, len(text), size)]
