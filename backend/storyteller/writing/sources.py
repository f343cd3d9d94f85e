"""Which passages of the corpus a scene is written from."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from typing import Protocol

import structlog

from storycore.safety import ForbiddenContent, check_adults_only
from storyteller.metrics import REFUSALS
from storyteller.retrieval.chunk import Passage
from storyteller.writing.events import SourcePassage
from storyteller.writing.request import StoryRequest

log = structlog.get_logger()

# The embedder reads some 512 tokens; a longer question only blurs the first ones.
_QUESTION_CHARS = 1000
# More is asked for than shown, so that one long story doesn't fill all the places.
_SPARE = 3
# A passage that speaks to a machine instead of telling a story.
_ORDERS = re.compile(
    r"(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:the\s+)?(?:previous|above|prior)"
    r"|system\s+prompt|you\s+are\s+(?:now\s+)?an?\s+(?:ai|assistant|language\s+model)"
    r"|(?:игнорируй|забудь|отмени)\w*\s+(?:все\s+|всё\s+)?(?:предыдущ|прежн|прошл|инструкц|правил)"
    r"|системн\w+\s+(?:промпт|инструкц|подсказк)|языков\w+\s+модел\w+,?\s+(?:ты|вы)\b",
    re.IGNORECASE,
)


class Search(Protocol):
    """What the writer needs of a retriever."""

    async def search(
        self, query: str, top_k: int, category: str | None = None
    ) -> Sequence[Passage]:
        """Return the passages nearest to a query, best first; raises `IndexUnavailable`."""
        ...


async def find_sources(search: Search, request: StoryRequest, top_k: int) -> list[Passage]:
    """Return up to `top_k` passages for a request, from as many stories as there are.

    Every one has passed the guard again: what came into the index once may be refused today.
    """
    if top_k <= 0:
        return []
    question = _question(request)
    found: list[Passage] = []
    for category in request.categories or (None,):
        found += await search.search(question, top_k * _SPARE, category)
    unique = {passage.chunk_id: passage for passage in found}
    ranked = sorted(unique.values(), key=_best_first)
    return await asyncio.to_thread(_choose, ranked, top_k)


def as_events(passages: Sequence[Passage]) -> list[SourcePassage]:
    """Return passages as the reader is told of them."""
    known = SourcePassage.model_fields
    return [
        SourcePassage(**{name: value for name, value in asdict(p).items() if name in known})
        for p in passages
    ]


def _question(request: StoryRequest) -> str:
    parts = (request.wish, request.setting, request.genre, request.tone)
    return "\n".join(part for part in parts if part)[:_QUESTION_CHARS]


def _is_fit(passage: Passage) -> bool:
    try:
        check_adults_only(passage.text, passage.title, passage.author or "")
    except ForbiddenContent as refusal:
        REFUSALS.labels("passage", refusal.code).inc()
        log.warning("writing.passage_refused", chunk_id=passage.chunk_id, code=refusal.code)
        return False
    if _ORDERS.search(passage.text):
        log.warning("writing.passage_gives_orders", chunk_id=passage.chunk_id)
        return False
    return True


def _choose(ranked: Sequence[Passage], top_k: int) -> list[Passage]:
    """Take the best passage of each story, then the next best of any; best first."""
    chosen: dict[str, Passage] = {}
    others: list[Passage] = []
    for passage in ranked:
        if len(chosen) == top_k:
            break
        if passage.story_id in chosen:
            others.append(passage)
        elif _is_fit(passage):
            chosen[passage.story_id] = passage
    more = islice(filter(_is_fit, others), top_k - len(chosen))
    return sorted([*chosen.values(), *more], key=_best_first)


def _best_first(passage: Passage) -> float:
    return -passage.score
