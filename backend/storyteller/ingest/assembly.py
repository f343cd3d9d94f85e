"""The parts of ingest put together, the same way for the processor and for the one process."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from storyteller.embedding.base import Embedder
from storyteller.ingest.manifest import Manifest
from storyteller.ingest.pipeline import Pipeline
from storyteller.ingest.queue import IngestQueue
from storyteller.ingest.read import RawFolder
from storyteller.ingest.reconcile import Reconciler
from storyteller.ingest.splitter import SentenceSplitter
from storyteller.ingest.worker import IngestWorker
from storyteller.retrieval.index import ChunkIndex
from storyteller.retrieval.keywords import KeywordIndex
from storyteller.retrieval.store import CorpusStore


@dataclass(frozen=True, slots=True)
class Ingest:
    """What the one process that writes to the indexes needs."""

    manifest: Manifest
    raw: RawFolder
    pipeline: Pipeline
    worker: IngestWorker


def assemble(
    *,
    engine: Engine,
    raw_dir: Path,
    splitter: SentenceSplitter,
    embedder: Embedder,
    index: ChunkIndex,
    keywords: KeywordIndex,
    queue: IngestQueue,
) -> Ingest:
    """Connect the parts; `keywords` is open for writing. Nothing starts yet."""
    store, manifest, raw = CorpusStore(engine), Manifest(engine), RawFolder(raw_dir, engine)
    pipeline = Pipeline(
        store=store,
        manifest=manifest,
        splitter=splitter,
        embedder=embedder,
        index=index,
        keywords=keywords,
    )
    reconciler = Reconciler(
        store=store, manifest=manifest, index=index, keywords=keywords, pipeline=pipeline
    )
    worker = IngestWorker(
        raw=raw,
        manifest=manifest,
        store=store,
        pipeline=pipeline,
        queue=queue,
        reconciler=reconciler,
    )
    return Ingest(manifest, raw, pipeline, worker)


def forget(story_id: str, *, manifest: Manifest, store: CorpusStore, queue: IngestQueue) -> bool:
    """Take a story out of every reader's sight now, and have the worker do the rest.

    Returns whether there was one. Vectors and words follow within seconds; without a text nothing
    of them can be shown. Works in any process.
    """
    if not manifest.mark_removing(story_id):
        return False
    store.delete(story_id)
    queue.enqueue(story_id, "remove")
    return True
