"""LLM=auto: the real model whenever it can write, else the offline one, and openly which."""

from collections.abc import AsyncIterator

from storyteller.llm.base import Finish, LanguageModel, ModelState, Prompt, Sampling


class AutoModel:
    """Looks before every scene, so that an Ollama started later is used without a restart.

    Its own properties and `state` are for the status line. Who writes asks `chosen` and keeps the
    answer: what another look finds in between must not change the model under a measured prompt.
    """

    def __init__(self, real: LanguageModel, offline: LanguageModel) -> None:
        self._real = real
        self._offline = offline
        self._now = offline

    @property
    def provider(self) -> str:
        """Who would write now."""
        return self._now.provider

    @property
    def name(self) -> str:
        """The name of whoever would write now."""
        return self._now.name

    @property
    def context_tokens(self) -> int:
        """The window of whoever would write now, in its tokens."""
        return self._now.context_tokens

    @property
    def chars_per_token(self) -> float:
        """How dense the tokens of whoever would write now are."""
        return self._now.chars_per_token

    async def chosen(self) -> LanguageModel:
        """Look again who can write: the real model if it is ready, else the offline one."""
        real = await self._real.state()
        self._now = self._real if real.ready else self._offline
        return self._now

    def complete(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[str | Finish]:
        """Write with whoever was found last; a scene asks its `chosen` model instead."""
        return self._now.complete(prompt, sampling)

    async def state(self) -> ModelState:
        """Look again who can write; tell the reader what the real model lacks."""
        real = await self._real.state()
        self._now = self._real if real.ready else self._offline
        if real.ready:
            return real
        offline = await self._offline.state()
        return ModelState(offline.ready, f"{offline.detail} {real.detail}")
