"""The one way to find passages: by meaning and by words at once, fused, then loaded and guarded."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
import structlog

from storycore.safety import SAFETY_VERSION, ForbiddenContent, check_adults_only
from storyteller.cache.base import Cache
from storyteller.embedding.base import Embedder, Vectors
from storyteller.errors import IndexUnavailable, ServiceUnavailable
from storyteller.metrics import REFUSALS, SEARCH_SECONDS
from storyteller.retrieval.chunk import Passage
from storyteller.retrieval.fusion import OFFLINE, SEMANTIC, Found, fuse
from storyteller.retrieval.index import ChunkIndex
from storyteller.retrieval.keywords import KeywordHits, KeywordIndex
from storyteller.retrieval.store import StoredChunk
from storyteller.retrieval.words import split_words

log = structlog.get_logger()

# How deep each list is read before fusion.
_DEPTH = 50
# With a category we ask Chroma for this many and keep what is in it: its own filter walks the
# whole graph, which takes several times as long.
_WIDE = 1000
# Fewer than this expected or left by the filter: a rare category is worth the whole walk.
_ENOUGH = 20
_VECTOR_SECONDS = 24 * 3600
_DECISIONS = 20_000


class Texts(Protocol):
    """Where the text of a chunk is; the corpus store is one."""

    def load(self, chunk_ids: Sequence[str]) -> dict[str, StoredChunk]:
        """Return what is known of these chunks, by id; ids nobody knows are left out."""
        ...


@dataclass(frozen=True, slots=True)
class RetrieverState:
    """What the last search had to do without: "semantic", "keywords", both or (well) nothing."""

    without: tuple[str, ...] = ()

    @property
    def degraded(self) -> bool:
        """Return whether a part was missing."""
        return bool(self.without)


class Retriever:
    """Answers as long as one of the two indexes does."""

    def __init__(
        self,
        store: Texts,
        index: ChunkIndex,
        keywords: KeywordIndex,
        embedder: Embedder,
        cache: Cache,
    ) -> None:
        self._store = store
        self._index = index
        self._keywords = keywords
        self._embedder = embedder
        self._cache = cache
        self._weights = SEMANTIC if embedder.is_semantic else OFFLINE
        self._state = RetrieverState()
        self._allowed: OrderedDict[tuple[str, ...], bool] = OrderedDict()

    @property
    def is_semantic(self) -> bool:
        """Return whether search knows meanings; without a model it knows only words."""
        return self._embedder.is_semantic

    def state(self) -> RetrieverState:
        """Return what the last search had to do without."""
        return self._state

    async def search(self, query: str, top_k: int, category: str | None = None) -> list[Passage]:
        """Return at most `top_k` passages, best first, of one category if it is given.

        Raises `IndexUnavailable` when neither index answers.
        """
        if top_k <= 0 or not split_words(query):
            return []
        with SEARCH_SECONDS.labels("whole").time():
            near, hits = await asyncio.gather(
                self._by_meaning(query, category),
                self._by_words(query, category),
                return_exceptions=True,
            )
            near, hits = self._answers(near, hits)
            found = fuse(near, hits.lemma, hits.trigram, self._weights)
            return await asyncio.to_thread(self._load, found, top_k, category)

    async def _by_meaning(self, query: str, category: str | None) -> list[str]:
        with SEARCH_SECONDS.labels("embed").time():
            vector = await self._vector(query)
        with SEARCH_SECONDS.labels("semantic").time():
            return await asyncio.to_thread(self._nearest, vector, category)

    async def _vector(self, query: str) -> Vectors:
        name = hashlib.sha256(query.encode()).hexdigest()
        key = f"query:{self._embedder.name}:{name}"
        if kept := await self._cache.get(key):
            return np.frombuffer(kept, dtype=np.float32)
        vector = await asyncio.to_thread(self._embedder.embed_query, query)
        await self._cache.set(key, vector.tobytes(), ttl=_VECTOR_SECONDS)
        return vector

    def _nearest(self, vector: Vectors, category: str | None) -> list[str]:
        if category is None:
            return self._index.search(vector, _DEPTH)
        try:
            if self._keywords.share(category) * _WIDE >= _ENOUGH:
                wide = self._index.search(vector, _WIDE)
                near = self._keywords.keep(wide, category)
                if len(near) >= _ENOUGH or len(wide) < _WIDE:
                    return near[:_DEPTH]
        except ServiceUnavailable:
            log.info("search.filtered_by_chroma")
        return self._index.search(vector, _DEPTH, category)

    async def _by_words(self, query: str, category: str | None) -> KeywordHits:
        with SEARCH_SECONDS.labels("keywords").time():
            return await asyncio.to_thread(self._keywords.search, query, _DEPTH, category)

    def _answers(
        self, near: list[str] | BaseException, hits: KeywordHits | BaseException
    ) -> tuple[list[str], KeywordHits]:
        """Return what came; a sleeping part counts as empty, both asleep is an error."""
        failed = {
            part: answer
            for part, answer in (("semantic", near), ("keywords", hits))
            if isinstance(answer, BaseException)
        }
        for error in failed.values():
            if not isinstance(error, ServiceUnavailable):
                raise error
        if (without := tuple(failed)) != self._state.without:
            log.warning("search.degraded", without=without)
            self._state = RetrieverState(without)
        if len(failed) > 1:
            raise IndexUnavailable from failed["semantic"]
        return (
            [] if isinstance(near, BaseException) else near,
            KeywordHits([], []) if isinstance(hits, BaseException) else hits,
        )

    def _load(self, found: Sequence[Found], top_k: int, category: str | None) -> list[Passage]:
        """Return the first `top_k` that are in the store, in the category and allowed."""
        passages: list[Passage] = []
        with SEARCH_SECONDS.labels("load").time():
            # One round as a rule; another only when something was deleted or refused meanwhile.
            for start in range(0, len(found), top_k):
                batch = found[start : start + top_k]
                texts = self._store.load([one.chunk_id for one in batch])
                for one in batch:
                    chunk = texts.get(one.chunk_id)
                    if chunk and category in (None, chunk.category) and self._is_allowed(chunk):
                        passages.append(_passage(chunk, one))
                if len(passages) >= top_k:
                    break
        return passages[:top_k]

    def _is_allowed(self, chunk: StoredChunk) -> bool:
        """Ask the guard again: its rules may have grown since the chunk was indexed."""
        key = (chunk.id, *_shown(chunk), SAFETY_VERSION)
        allowed = self._allowed.get(key)
        if allowed is None:
            allowed = self._allowed[key] = _passes(chunk)
            if len(self._allowed) > _DECISIONS:
                self._allowed.popitem(last=False)
        return allowed


def _passes(chunk: StoredChunk) -> bool:
    try:
        check_adults_only(chunk.text, *_shown(chunk))
    except ForbiddenContent as refusal:
        REFUSALS.labels("passage", refusal.code).inc()
        log.warning("search.passage_refused", chunk_id=chunk.id, rule=refusal.rule)
        return False
    return True


def _shown(chunk: StoredChunk) -> tuple[str, ...]:
    """Return what a passage shows beside its text; the tags stay with the story."""
    return (chunk.title, chunk.author or "", chunk.category or "")


def _passage(chunk: StoredChunk, found: Found) -> Passage:
    return Passage(
        story_id=chunk.story_id,
        title=chunk.title,
        author=chunk.author,
        url=chunk.url,
        category=chunk.category,
        text=chunk.text,
        **asdict(found),
    )
