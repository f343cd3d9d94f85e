"""The one road to a scene: request -> guard -> passages -> prompt -> model -> guard -> text."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import structlog
from pydantic import BaseModel

from storycore.language import count_words
from storycore.safety import ForbiddenContent
from storyteller.errors import (
    ContextExceeded,
    ModelInterrupted,
    ServiceUnavailable,
)
from storyteller.llm.base import Finish, LanguageModel, Prompt, Sampling
from storyteller.metrics import FIRST_TOKEN_SECONDS, TOKENS_PER_SECOND
from storyteller.retrieval.chunk import Passage
from storyteller.writing.budget import Fitted
from storyteller.writing.events import Delta, Notice, Replace, SceneDone, Sources
from storyteller.writing.guard import GuardedText, check_request, count_refusal
from storyteller.writing.prompt import Material, build_prompt
from storyteller.writing.quality import measure
from storyteller.writing.request import StoryRequest
from storyteller.writing.sentences import ending
from storyteller.writing.sources import Search, as_events, find_sources
from storyteller.writing.tokens import TokenRatio

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SceneTask:
    """A scene to write, of so many words; `before` stands already and is gone on with."""

    request: StoryRequest
    manuscript_id: str
    words: int
    index: int = 0
    before: str = ""


class Writer:
    """Writes a scene, event by event. It keeps nothing but what it learns of token counts."""

    def __init__(self, model: LanguageModel, search: Search, *, top_k: int = 5) -> None:
        self._model = model
        self._search = search
        self._top_k = top_k
        self._ratios: dict[str, TokenRatio] = {}

    async def write(self, task: SceneTask) -> AsyncGenerator[BaseModel | Finish]:
        """Yield what the reader is told of a scene, and the model's `Finish` before the last.

        The text that a reader has after the last event ends with a sentence; it was judged as it
        came, and is judged as a whole by whoever keeps it. Raises the model's
        errors after what came before them was yielded, `ForbiddenContent` when the guard stops
        the text, and `RequestRefused`.
        """
        await asyncio.to_thread(check_request, task.request, task.before)
        # One model for the whole scene: its window, its tokens and its pen belong together.
        model = await self._model.chosen()
        passages, notice = await self._passages(task.request)
        if notice is not None:
            yield notice
        if passages:
            yield Sources(scene=task.index, passages=as_events(passages))
        try:
            async with aclosing(self._tell(task, model, passages)) as events:
                async for event in events:
                    yield event
        except ForbiddenContent as refusal:
            count_refusal(refusal)
            raise

    async def _tell(
        self, task: SceneTask, model: LanguageModel, passages: Sequence[Passage]
    ) -> AsyncGenerator[BaseModel | Finish]:
        """Yield the scene as deltas, then its ending and its figures."""
        written: list[str] = []
        words = task.words
        async with aclosing(self._compose(task, model, passages)) as pieces:
            async for piece in pieces:
                match piece:
                    case Fitted():
                        words = piece.words
                    case str():
                        written.append(piece)
                        yield Delta(scene=task.index, text=piece)
                    case _:
                        yield piece
        for event in _end(task, "".join(written), words):
            yield event

    async def _passages(self, request: StoryRequest) -> tuple[list[Passage], Notice | None]:
        top_k = self._top_k if request.top_k is None else request.top_k
        try:
            return await find_sources(self._search, request, top_k), None
        except ServiceUnavailable as error:
            log.warning("writing.search_unavailable", code=error.code)
            detail = "Поиск по корпусу недоступен: история пишется без образцов."
            return [], Notice(code="search_unavailable", detail=detail)

    async def _compose(
        self, task: SceneTask, model: LanguageModel, passages: Sequence[Passage]
    ) -> AsyncGenerator[str | Fitted | Notice | Finish]:
        """Yield the budget, notices, guarded text and the finish; once smaller if it must be."""
        ratio = self._ratios.setdefault(model.name, TokenRatio(model.chars_per_token))
        window = model.context_tokens
        for is_last in (False, True):
            material = _material(task, passages)
            prompt, fitted = await asyncio.to_thread(
                build_prompt, material, context_tokens=window, ratio=ratio
            )
            if not is_last:
                for notice in _notices(task.words, fitted):
                    yield notice
            yield fitted
            try:
                stream = _stream(model, task, prompt, fitted, ratio)
                async with aclosing(stream) as pieces:
                    async for piece in pieces:
                        yield piece
            except ContextExceeded as error:
                # The model counted exactly; nothing was written yet, so the next try may be right.
                log.warning("writing.context_exceeded", tokens=error.prompt_tokens)
                if is_last:
                    raise
                ratio.correct(_text(prompt), error.prompt_tokens)
                window = min(window, error.context_tokens)
                yield _TRIMMED
            else:
                return


async def _stream(
    model: LanguageModel, task: SceneTask, prompt: Prompt, fitted: Fitted, ratio: TokenRatio
) -> AsyncGenerator[str | Finish]:
    """Yield what the guard lets through, then the finish, and learn from its counts."""
    sampling = _sampling(task.request, fitted.answer_tokens)
    guarded = GuardedText(task.before)
    started = time.perf_counter()
    first: float | None = None
    finish: Finish | None = None
    # Closing the stream is what stops the model, whichever way we leave.
    completion = cast("AsyncGenerator[str | Finish]", model.complete(prompt, sampling))
    async with aclosing(completion) as stream:
        try:
            async for piece in stream:
                if isinstance(piece, Finish):
                    finish = piece
                    break
                if first is None:
                    first = time.perf_counter()
                    FIRST_TOKEN_SECONDS.labels(model.provider).observe(first - started)
                if released := guarded.feed(piece):
                    yield released
        except ModelInterrupted:
            if rest := guarded.finish():
                yield rest
            raise
    if rest := guarded.finish():
        yield rest
    if finish is None:
        raise ModelInterrupted
    if first is None or not guarded.has_text:
        raise ModelInterrupted("Модель не написала ни слова. Попробуйте ещё раз.")
    seconds = max(time.perf_counter() - first, 1e-6)
    TOKENS_PER_SECOND.labels(model.provider).observe(finish.completion_tokens / seconds)
    ratio.learn(_text(prompt), finish.prompt_tokens)
    yield finish


def _end(task: SceneTask, written: str, words: int) -> Iterator[BaseModel]:
    """Yield what ends the text with a sentence, then its figures; who keeps it checks it."""
    text = task.before + written
    cut = ending(text)
    if cut is not None:
        start, replacement = cut
        text = text[:start] + replacement
        yield Replace(scene=task.index, start=start, text=replacement)
    target = words + count_words(task.before)
    yield SceneDone(index=task.index, words=count_words(text), quality=measure(text, words=target))


_TRIMMED = Notice(
    code="context_trimmed", detail="Не всё поместилось в память модели: часть текста опущена."
)


def _notices(words: int, fitted: Fitted) -> list[Notice]:
    notices = [_TRIMMED] if fitted.trimmed else []
    if fitted.words < words:
        detail = f"За один раз модель напишет около {fitted.words} слов. Историю можно продолжить."
        notices.append(Notice(code="length_capped", detail=detail))
    return notices


def _material(task: SceneTask, passages: Sequence[Passage]) -> Material:
    return Material(
        request=task.request,
        manuscript_id=task.manuscript_id,
        words=task.words,
        passages=[passage.text for passage in passages],
        tail=task.before.rstrip(),
    )


def _sampling(request: StoryRequest, max_tokens: int) -> Sampling:
    chosen = request.sampling.model_dump(exclude_none=True)
    return Sampling(max_tokens=max_tokens, **chosen)


def _text(prompt: Prompt) -> str:
    return f"{prompt.system}\n{prompt.user}"
