"""Makes both indexes anew from the stories, for another embedder, chunker or analyser of words."""

from storyteller.ingest.manifest import Manifest, State
from storyteller.ingest.worker import IngestWorker, Progress
from storyteller.retrieval.index import ChunkIndex
from storyteller.retrieval.keywords import KeywordIndex


def reindex(
    worker: IngestWorker,
    manifest: Manifest,
    index: ChunkIndex,
    keywords: KeywordIndex,
    progress: Progress = lambda _done, _total: None,
) -> dict[str, int]:
    """Empty the indexes and fill them again; return the manifest's counts.

    Killed half way, it goes on with the next start of the processor. Parked stories get another
    chance. Raises `ServiceUnavailable` when a part is away.
    """
    # Marked first: a kill after the drop must not leave stories that only seem to be indexed.
    manifest.again(manifest.in_state(State.INDEXED, State.PARKED))
    index.drop()
    keywords.drop()
    return worker.drain(progress)
