"""Compares the manifest with what it speaks of, and has done again whatever is missing there."""

import structlog

from storyteller.ingest.manifest import Manifest, State
from storyteller.ingest.pipeline import Pipeline
from storyteller.retrieval.index import ChunkIndex
from storyteller.retrieval.keywords import KeywordIndex
from storyteller.retrieval.store import CorpusStore

log = structlog.get_logger()


class Reconciler:
    """Looks at the totals first; only where they differ does it look at every story."""

    def __init__(
        self,
        *,
        store: CorpusStore,
        manifest: Manifest,
        index: ChunkIndex,
        keywords: KeywordIndex,
        pipeline: Pipeline,
    ) -> None:
        self._store = store
        self._manifest = manifest
        self._index = index
        self._keywords = keywords
        self._pipeline = pipeline

    def reconcile(self) -> list[str]:
        """Mark what is missing or outdated as seen and return its ids.

        Raises `ServiceUnavailable` when a part is away. Lost words are put back at once, since that
        costs no embedding.
        """
        again = set(self._manifest.outdated(self._pipeline.versions)) | self._not_stored()
        if self._differs("vectors", self._index.count()):
            again |= self._without_vectors()
        if again:
            log.warning("ingest.reconciled", stories=len(again))
            self._manifest.again(sorted(again))
        if self._differs("keywords", self._keywords.count()):
            # Emptied only now: what is there too much would never go away by itself.
            self._keywords.drop()
            self._pipeline.restore_keywords()
        return sorted(again)

    def _differs(self, part: str, there: int) -> bool:
        """Return whether an index holds too few chunks or too many.

        Those of a story in work are in the store, perhaps in the indexes, and not yet counted.
        """
        least, most = self._manifest.indexed_chunks(), self._store.counts().chunks
        if least <= there <= most:
            return False
        log.warning("ingest.index_differs", part=part, there=there, least=least, most=most)
        return True

    def _not_stored(self) -> set[str]:
        """Return the stories that ought to be readable and are not."""
        return set(self._manifest.in_state(State.INDEXED)) - set(self._store.ids())

    def _without_vectors(self) -> set[str]:
        missing = set()
        for story_id in self._manifest.in_state(State.INDEXED):
            self._pipeline.check_not_stopped()
            wanted = {chunk.id for chunk in self._store.chunks_of(story_id)}
            if not wanted <= self._index.ids_of_story(story_id):
                missing.add(story_id)
        return missing
