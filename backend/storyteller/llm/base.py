"""What the application needs of a language model, and no more."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model reads, in the order that keeps its prefix cache warm: rules, then the rest."""

    system: str
    user: str
    # The found texts by themselves, for a model that leans on them without reading instructions.
    passages: tuple[str, ...] = ()
    # The end of what is written so far, when the text is to be continued.
    tail: str = ""
    # How long the answer should be, in words.
    words: int = 800


@dataclass(frozen=True, slots=True)
class Sampling:
    """How freely a model chooses. Every value is sent with every request."""

    temperature: float = 0.8
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.1
    seed: int | None = None
    # The most the model may answer, in its own tokens.
    max_tokens: int = 2000


@dataclass(frozen=True, slots=True)
class Finish:
    """The last thing of a completion: why it ended and what it cost, in the model's tokens."""

    reason: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class ModelState:
    """Whether a model can write now, and one sentence for the reader."""

    ready: bool
    detail: str


class LanguageModel(Protocol):
    """A writer of text. `chars_per_token` is a first guess for Russian, measured per family."""

    @property
    def provider(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def context_tokens(self) -> int: ...

    @property
    def chars_per_token(self) -> float: ...

    async def chosen(self) -> "LanguageModel":
        """Return the concrete model that writes now, to be kept for a whole scene; never raises."""
        ...

    def complete(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[str | Finish]:
        """Yield the completion piece by piece, then one `Finish`.

        Raises `ModelUnavailable` when it can't start, `ContextExceeded` when the prompt is too
        long, `ModelInterrupted` when it breaks off. Closing the iterator stops the model.
        """
        ...

    async def state(self) -> ModelState:
        """Return whether it can write; never raises."""
        ...
