"""The corpus road's parts, put together once for the application, the processor and the CLI."""

import fcntl
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from storycore.safety import SAFETY_VERSION
from storyteller.config import Settings
from storyteller.database import open_database, sqlite_url
from storyteller.embedding.base import Embedder
from storyteller.errors import Conflict
from storyteller.ingest.assembly import Ingest, assemble
from storyteller.ingest.manifest import Manifest
from storyteller.ingest.queue import DramatiqQueue, IngestQueue, InProcessQueue
from storyteller.ingest.splitter import SentenceSplitter
from storyteller.retrieval.index import ChunkIndex, open_index
from storyteller.retrieval.keywords import KeywordIndex
from storyteller.retrieval.store import CorpusStore
from storyteller.services.models import open_embedder

# "send": the indexes are another process's (the backend of the stack); "work": they are ours.
Role = Literal["send", "work"]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything between a raw line and a found passage; `ingest` is None where only sending."""

    engine: Engine
    raw_dir: Path
    embedder: Embedder
    store: CorpusStore
    manifest: Manifest
    index: ChunkIndex
    keywords: KeywordIndex
    queue: IngestQueue
    ingest: Ingest | None


def open_corpus(settings: Settings, stack: ExitStack, role: Role, *, anew: bool = False) -> Corpus:
    """Open the corpus; what it opens is closed with `stack`.

    `anew` is for `reindex`: an index of another embedder is opened instead of refused.
    Raises `Conflict` when the data folder is another process's, `IndexMismatch`,
    `IndexUnavailable`, `StorageUnavailable`, and `ModelUnavailable` for a named embedder.
    """
    data = settings.data_dir
    if settings.chroma_url is None:
        _own(data, stack)
    engine = open_database(settings.database_url or sqlite_url(data / "storyteller.db"))
    stack.callback(engine.dispose)
    embedder = open_embedder(settings)
    splitter = SentenceSplitter(settings.chunk_size, settings.chunk_overlap)
    index = open_index(
        str(settings.chroma_url) if settings.chroma_url else None,
        data / "chroma",
        embedder_name=embedder.name,
        dimension=embedder.dimension,
        chunker_version=splitter.version,
        safety_version=SAFETY_VERSION,
        anew=anew,
    )
    stack.callback(index.close)
    keywords = KeywordIndex(data / "keywords", writable=role == "work", anew=anew)
    stack.callback(keywords.close)
    queue = _open_queue(settings)
    ingest = None
    if role == "work":
        ingest = assemble(
            engine=engine,
            raw_dir=data / "raw",
            splitter=splitter,
            embedder=embedder,
            index=index,
            keywords=keywords,
            queue=queue,
        )
    return Corpus(
        engine=engine,
        raw_dir=data / "raw",
        embedder=embedder,
        store=CorpusStore(engine),
        manifest=Manifest(engine),
        index=index,
        keywords=keywords,
        queue=queue,
        ingest=ingest,
    )


def _open_queue(settings: Settings) -> IngestQueue:
    if settings.redis_url is None:
        return InProcessQueue()
    return DramatiqQueue(str(settings.redis_url))


def is_open(data_dir: Path) -> bool:
    """Return whether another process holds this data folder."""
    try:
        with ExitStack() as stack:
            _own(data_dir, stack)
    except Conflict:
        return True
    return False


def _own(data_dir: Path, stack: ExitStack) -> None:
    """Make this process the only one on a data folder: two on one Chroma folder corrupt it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = stack.enter_context((data_dir / ".lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Conflict(
            f"Студия уже открыта с папкой {data_dir}. "
            "Пользуйтесь её страницей или сначала остановите её.",
            code="already_open",
        ) from error
