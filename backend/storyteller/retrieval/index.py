"""The vector index: Chroma, by URL or in this process. It holds ids and vectors, never a text.

Chroma may sleep, restart or come up after us: each call that it doesn't answer raises
`IndexUnavailable`, and the next one, a few seconds later, tries again.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import structlog

from storyteller.embedding.base import Vectors
from storyteller.errors import IndexMismatch, IndexUnavailable, StorytellerError
from storyteller.retrieval import chroma
from storyteller.retrieval.chunk import Chunk

log = structlog.get_logger()

_COLLECTION = "chunks"
# Measured on 50 thousand vectors of Russian prose, recall@10 against exact search: Chroma's
# defaults (16, 100, 100) 0.62; these with ef_search 400 0.91, 700 0.96, 1000 0.97. The last costs
# 2.5 times one exact product, and lets us ask for 1000 neighbours at hardly more than for 50.
# Measured again in docs/decisions/0006.
_GRAPH = {
    "hnsw": {
        "space": "cosine",
        "max_neighbors": 32,
        "ef_construction": 200,
        "ef_search": 1000,
    }
}
# Larger ones gain nothing, and one over HTTP stays far below the server's limit of 40 MB.
_BATCH = 500

# While Chroma is away a search must not wait for it again and again.
_PAUSE_SECONDS = 5.0

_MISMATCH = (
    "Индекс построен иначе, чем просят настройки: {there} вместо {wanted}. "
    "Выполните «storyteller reindex» или верните прежние EMBEDDER и EMBEDDING_MODEL."
)


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What shapes every vector of a collection: an index of other facts must not be mixed in."""

    embedder: str
    dimension: int
    chunker: str


class ChunkIndex:
    """Vectors of chunks, nearest first. Safe to use from several threads."""

    def __init__(
        self,
        connect: Callable[[], Any],
        facts: IndexFacts,
        *,
        safety_version: str,
        pause_seconds: float = _PAUSE_SECONDS,
    ) -> None:
        """`connect` returns a Chroma client and may raise anything; it is called when needed."""
        self._connect = connect
        self._facts = facts
        self._safety_version = safety_version
        self._pause_seconds = pause_seconds
        self._lock = threading.Lock()
        self._client: Any = None
        self._collection: Any = None
        self._asleep_until = 0.0

    def upsert(self, chunks: Sequence[Chunk], vectors: Vectors, category: str | None) -> None:
        """Put chunks in, replacing those of the same ids; durable when it returns."""
        about = {"safety": self._safety_version} | ({"category": category} if category else {})
        for start in range(0, len(chunks), _BATCH):
            batch = chunks[start : start + _BATCH]
            with self._chroma() as collection:
                collection.upsert(
                    ids=[chunk.id for chunk in batch],
                    embeddings=vectors[start : start + _BATCH],
                    metadatas=[{"story_id": chunk.story_id, **about} for chunk in batch],
                )

    def delete_story(self, story_id: str) -> None:
        """Forget the chunks of a story."""
        with self._chroma() as collection:
            collection.delete(where={"story_id": story_id})

    def ids_of_story(self, story_id: str) -> set[str]:
        """Return the ids of the chunks of a story."""
        with self._chroma() as collection:
            return set(collection.get(where={"story_id": story_id}, include=[])["ids"])

    def search(self, vector: Vectors, limit: int, category: str | None = None) -> list[str]:
        """Return the ids of the chunks nearest to a vector, best first.

        With `category` Chroma walks its whole graph, which costs several plain searches: where
        a category is not rare, ask for more and filter.
        """
        where = {"category": category} if category is not None else None
        with self._chroma() as collection:
            found = collection.query(
                query_embeddings=[vector], n_results=limit, where=where, include=[]
            )
        return cast("list[str]", found["ids"][0])

    def count(self) -> int:
        """Return how many chunks are in it."""
        with self._chroma() as collection:
            return int(collection.count())

    def drop(self) -> None:
        """Forget everything, whoever made it, and begin again empty with our own facts."""
        with self._translated():
            client = self._connected()
            if any(found.name == _COLLECTION for found in client.list_collections()):
                client.delete_collection(_COLLECTION)
            self._collection = None
        with self._chroma():
            log.info("index.dropped", embedder=self._facts.embedder)

    def check(self) -> None:
        """Raise what a search would raise now: `IndexUnavailable`, `IndexMismatch` or nothing."""
        self.count()

    def ping(self) -> bool:
        """Return whether Chroma answers; never raises."""
        try:
            with self._translated():
                self._connected().heartbeat()
        except IndexUnavailable:
            return False
        return True

    def close(self) -> None:
        """Let go of the client; the next call makes a new one."""
        with self._lock:
            client, self._client, self._collection = self._client, None, None
        if client is not None:
            chroma.close(client)

    @contextmanager
    def _chroma(self) -> Iterator[Any]:
        """Lend the collection; whatever goes wrong with it becomes one of our own errors."""
        with self._translated():
            with self._lock:
                self._collection = self._collection or _open(self._connected(), self._facts)
                collection = self._collection
            yield collection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if time.monotonic() < self._asleep_until:
            raise IndexUnavailable
        try:
            yield
        except StorytellerError:
            raise
        except Exception as error:  # Chroma lets its transport's errors through, and bare ones
            # Another process may have made the collection anew: only its id is stale then.
            if type(error).__name__ != "NotFoundError":
                self._asleep_until = time.monotonic() + self._pause_seconds
            self._collection = None
            log.warning("index.failed", error=type(error).__name__)
            raise IndexUnavailable from error

    def _connected(self) -> Any:
        self._client = self._client or self._connect()
        return self._client


def open_index(
    chroma_url: str | None,
    path: Path,
    *,
    embedder_name: str,
    dimension: int,
    chunker_version: str,
    safety_version: str,
    pause_seconds: float = _PAUSE_SECONDS,
    anew: bool = False,
) -> ChunkIndex:
    """Return the index at a URL or, without one, in folder `path`.

    Raises `IndexMismatch` when it holds vectors of another embedder or chunker, unless it is opened
    to be dropped and made `anew`; `ConfigError` when there is no URL and only Chroma's client is
    installed. A Chroma that doesn't answer yet is no reason not to start: the index is returned and
    tries again later.
    """
    index = ChunkIndex(
        (lambda: chroma.by_url(chroma_url)) if chroma_url else (lambda: chroma.in_process(path)),
        IndexFacts(embedder_name, dimension, chunker_version),
        safety_version=safety_version,
        pause_seconds=pause_seconds,
    )
    try:
        index.check()
    except IndexMismatch:
        if not anew:
            index.close()
            raise
    except IndexUnavailable as error:
        log.warning("index.not_there_yet", error=type(error.__cause__).__name__)
    return index


def _open(client: Any, facts: IndexFacts) -> Any:
    """Return the collection of our facts, made if need be; raise `IndexMismatch` for another's."""
    wanted = {
        "embedder": facts.embedder,
        "dimension": facts.dimension,
        "chunker": facts.chunker,
    }
    collection = client.get_or_create_collection(
        _COLLECTION, metadata=wanted, configuration=_GRAPH, embedding_function=None
    )
    there = dict(collection.metadata or {})
    if there == wanted:
        return collection
    if collection.count() == 0:
        client.delete_collection(_COLLECTION)
        return client.create_collection(
            _COLLECTION, metadata=wanted, configuration=_GRAPH, embedding_function=None
        )
    differing = [name for name in wanted if there.get(name) != wanted[name]]
    raise IndexMismatch(
        _MISMATCH.format(
            there=", ".join(str(there.get(name)) for name in differing),
            wanted=", ".join(str(wanted[name]) for name in differing),
        )
    )
