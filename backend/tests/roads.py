"""The corpus road with real parts: SQLite, Chroma and tantivy in a folder of the test's own."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from storycore.story import Story, StoryWriter
from storyteller.database import open_database, sqlite_url
from storyteller.embedding.base import Vectors
from storyteller.ingest.assembly import Ingest, assemble
from storyteller.ingest.queue import IngestQueue, InProcessQueue
from storyteller.ingest.splitter import SentenceSplitter
from storyteller.retrieval.index import ChunkIndex, open_index
from storyteller.retrieval.keywords import KeywordIndex
from storyteller.retrieval.store import CorpusStore

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
EVENINGS = (
    "Вечером они вышли к морю, и ветер принёс запах соли. ",
    "— Вы озябли, — сказал он и накинул ей на плечи пальто.\n",
    "Она улыбнулась: за тридцать лет никто не догадался об этом так скоро. ",
    "Над причалом зажигали фонари; вода качала их свет, как письма без адреса.\n\n",
    "— Да.\n",
    "Они говорили о книгах, о дороге и о том, что завтра оба никуда не спешат. ",
)


class CountingEmbedder:
    """Unit vectors made of the text's hash; counts what it was asked for."""

    is_semantic = False
    dimension = 16

    def __init__(self, name: str = "counting-1") -> None:
        self.name = name
        self.embedded: list[str] = []

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])[0]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in texts]
        raw = np.stack([np.random.default_rng(seed).normal(size=self.dimension) for seed in seeds])
        return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


@dataclass
class Road:
    """Everything of one data folder, open."""

    folder: Path
    engine: Engine
    store: CorpusStore
    splitter: SentenceSplitter
    embedder: CountingEmbedder
    index: ChunkIndex
    keywords: KeywordIndex
    ingest: Ingest
    queue: IngestQueue
    closed: list[bool] = field(default_factory=list)

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    def write(self, *stories: Story, file: str = "test/1.jsonl") -> Path:
        with StoryWriter(self.raw / file) as writer:
            for story in stories:
                writer.append(story)
        return self.raw / file

    def drain(self) -> dict[str, int]:
        return self.ingest.worker.drain()

    def state(self, story: Story) -> str:
        entry = self.ingest.manifest.entry(story.id)
        assert entry is not None
        return entry.state.value

    def contents(self) -> dict[str, object]:
        """Return everything that must be the same after any accident."""
        chunks = {
            chunk.id: hashlib.sha256(chunk.text.encode()).hexdigest()
            for story_id in self.store.ids()
            for chunk in self.store.chunks_of(story_id)
        }
        vectors = {i for story_id in self.store.ids() for i in self.index.ids_of_story(story_id)}
        counts = self.ingest.manifest.counts()
        return {
            "chunks": chunks,
            "vectors": vectors,
            "vector_count": self.index.count(),
            "word_count": self.keywords.count(),
            "indexed": counts["indexed"],
            "refused": counts["refused"],
            "seen": counts["seen"],
        }

    def close(self) -> None:
        if not self.closed:
            self.closed.append(True)
            self.keywords.close()
            self.index.close()
            self.engine.dispose()


def open_road(
    folder: Path,
    *,
    url: str | None = None,
    queue: IngestQueue | None = None,
    embedder: CountingEmbedder | None = None,
    splitter: SentenceSplitter | None = None,
) -> Road:
    engine = open_database(url or sqlite_url(folder / "storyteller.db"))
    splitter = splitter or SentenceSplitter(300, 80)
    embedder = embedder or CountingEmbedder()
    index = open_index(
        None,
        folder / "chroma",
        embedder_name=embedder.name,
        dimension=embedder.dimension,
        chunker_version=splitter.version,
        safety_version="1",
        pause_seconds=0.0,
    )
    keywords = KeywordIndex(folder / "keywords", writable=True)
    queue = queue or InProcessQueue()
    ingest = assemble(
        engine=engine,
        raw_dir=folder / "raw",
        splitter=splitter,
        embedder=embedder,
        index=index,
        keywords=keywords,
        queue=queue,
    )
    store = CorpusStore(engine)
    return Road(folder, engine, store, splitter, embedder, index, keywords, ingest, queue)


def evening(number: int, *, sentences: int = 40, **facts: object) -> Story:
    """Make a story of its own, some chunks long."""
    choice = random.Random(number)
    lines = [choice.choice(EVENINGS) for _ in range(sentences)]
    text = f"Глава {number}.\n\n" + "".join(lines)
    known = {"title": f"Вечер № {number}", "source": "test", "crawled_at": NOON, **facts}
    return Story.of(text, **known)  # type: ignore[arg-type]


def planted(number: int) -> Story:
    """A story that the guard refuses, by a cue alone."""
    return Story.of(
        f"Вечер {number}. Героине шестнадцать лет. [сцена] Это несовершеннолетняя.",
        source="test",
        title=f"Подброшено {number}",
    )
