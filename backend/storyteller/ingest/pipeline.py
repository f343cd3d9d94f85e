"""The corpus road, for one story: refuse -> chunk -> refuse -> store -> embed -> index -> manifest.

Every step may be done twice without harm: ids are made of content, so whatever a killed process
left half done is completed by the next attempt, and what is complete is not touched.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import numpy as np
import structlog

from storycore.safety import (
    SAFETY_VERSION,
    ForbiddenContent,
    SafetyUnavailable,
    check_adults_only,
)
from storycore.story import Story
from storyteller.embedding.base import Embedder, Vectors
from storyteller.errors import ServiceUnavailable
from storyteller.ingest.manifest import MAX_ATTEMPTS, Entry, Manifest, State, Versions
from storyteller.ingest.splitter import SentenceSplitter
from storyteller.metrics import INGEST_SECONDS, INGESTED, REFUSALS
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.index import ChunkIndex
from storyteller.retrieval.keywords import KeywordIndex
from storyteller.retrieval.store import CorpusStore

log = structlog.get_logger()

# Chunks embedded between two looks at the stop sign: some ten seconds of the slowest embedder.
_EMBED_BATCH = 32
# Chunks sent to Chroma at once: smaller upserts are slower, larger ones are not faster.
_UPSERT_BATCH = 500
# What was worked on, whatever came of it, is left alone.
_SETTLED = (State.REMOVING, State.REMOVED, State.PARKED, State.DUPLICATE)


class IngestStopped(Exception):
    """The process is going down; the story is taken up again where it was left."""


class Pipeline:
    """Takes stories into the corpus and out of it. One thread at a time; one process writes.

    A story counts as indexed only after `commit`: then its text, its vectors and its words are all
    durable. `add` many and `commit` seldom, since each commit of the keyword index costs.
    """

    def __init__(
        self,
        *,
        store: CorpusStore,
        manifest: Manifest,
        splitter: SentenceSplitter,
        embedder: Embedder,
        index: ChunkIndex,
        keywords: KeywordIndex,
    ) -> None:
        self.versions = Versions(splitter.version, embedder.name, SAFETY_VERSION)
        self._store = store
        self._manifest = manifest
        self._splitter = splitter
        self._embedder = embedder
        self._index = index
        self._keywords = keywords
        # Stories done but for the commit, with their number of chunks.
        self._uncommitted: dict[str, int] = {}
        self._oldest = 0.0
        self._stopping = threading.Event()

    def ingest(self, story: Story) -> State:
        """Take in one story and make it findable."""
        state = self.add(story)
        if state is State.SEEN:
            self.commit()
            return State.INDEXED if self._is_indexed(story.id) else State.SEEN
        return state

    def add(self, story: Story) -> State:
        """Do everything but the commit; SEEN says that it waits for one, or for another attempt.

        Raises `ServiceUnavailable` when a part is away and `IngestStopped` after `stop`; neither
        counts as an attempt. Whatever else goes wrong is written in the manifest.
        """
        entry = self._manifest.entry(story.id)
        if entry is None:
            self._manifest.add([(story.id, story.url)])
        elif entry.state in _SETTLED or self._is_done(entry):
            return entry.state
        if story.id in self._uncommitted:
            return State.SEEN
        attempt = self._manifest.begin(story.id)
        if attempt == 0:
            return State.REMOVING
        if attempt > MAX_ATTEMPTS:
            # It never got as far as telling why: it took the process with it.
            self._erase(story.id)
            self._manifest.park(story.id, "killed_the_processor")
            return _counted(story.id, State.PARKED)
        # An earlier attempt, or one that was given back, left its chunks in the store first of all.
        is_new = attempt == 1 and not self._store.chunks_of(story.id)
        return self._attempt(story, is_new=is_new)

    def commit(self) -> None:
        """Make everything added findable and say so in the manifest, in this order."""
        if not self._uncommitted:
            return
        with INGEST_SECONDS.labels("keywords").time():
            self._keywords.commit()
        self._manifest.index(list(self._uncommitted.items()), self.versions)
        for story_id in self._uncommitted:
            _counted(story_id, State.INDEXED)
        self._uncommitted.clear()

    def waiting(self) -> tuple[int, float]:
        """Return how many stories wait for a commit, and for how many seconds the oldest does."""
        number = len(self._uncommitted)
        return number, time.monotonic() - self._oldest if number else 0.0

    def remove(self, story_id: str) -> None:
        """Take a story out of everything; the text first, so that no search can show it."""
        self._erase(story_id)
        self._keywords.commit()
        self._manifest.mark_removed(story_id)
        _counted(story_id, State.REMOVED)

    def restore_keywords(self) -> None:
        """Put every stored chunk into the keyword index again; costs no embedding."""
        for story_id in self._store.ids():
            self.check_not_stopped()
            story = self._store.story(story_id)
            if story is not None:
                self._keywords.add(self._store.chunks_of(story_id), story.category)
        self._keywords.commit()

    def stop(self) -> None:
        """Have a long story break off at its next batch; callable from anywhere."""
        self._stopping.set()

    def check_not_stopped(self) -> None:
        """Raise `IngestStopped` after `stop`; for whoever works long beside us."""
        if self._stopping.is_set():
            raise IngestStopped

    def _attempt(self, story: Story, *, is_new: bool) -> State:
        try:
            with INGEST_SECONDS.labels("whole").time():
                self._take_in(story, is_new=is_new)
        except SafetyUnavailable as error:
            # Nobody judged it. A refusal would blank its raw line for good, so it is a failure.
            log.warning("ingest.guard_failed", story_id=story.id, rule=error.rule)
            return self._fail(story.id, type(error).__name__)
        except ForbiddenContent as refusal:
            return self._refuse(story.id, refusal, is_new=is_new)
        except (ServiceUnavailable, IngestStopped):
            # Not the story's fault. If the database is what is away, one attempt is lost.
            with suppress(ServiceUnavailable):
                self._manifest.give_back(story.id)
            raise
        except Exception as error:
            # One bad story must not stop the others. Only the name: a message may quote the text.
            log.warning("ingest.story_failed", story_id=story.id, exc_info=True)
            return self._fail(story.id, type(error).__name__)
        # The danger is over; a kill before the commit is not this story's fault.
        self._manifest.give_back(story.id)
        return State.SEEN

    def _take_in(self, story: Story, *, is_new: bool) -> None:
        with _stage("guard", story):
            check_adults_only(*story.readable())
        with _stage("split", story):
            chunks = self._splitter.split_story(story)
        with _stage("guard", story):
            for chunk in chunks:
                check_adults_only(chunk.text)
        if is_new or self._store.chunks_of(story.id) != chunks:
            self._store.put(story, chunks)
        self._put_vectors(chunks, story, is_new=is_new)
        with _stage("keywords", story):
            if not is_new:
                self._keywords.delete_story(story.id)
            self._keywords.add(chunks, story.category)
        self._oldest = self._oldest if self._uncommitted else time.monotonic()
        self._uncommitted[story.id] = len(chunks)

    def _put_vectors(self, chunks: Sequence[Chunk], story: Story, *, is_new: bool) -> None:
        """Embed what is not in the index yet: an earlier attempt may have come far."""
        there = set() if is_new else self._index.ids_of_story(story.id)
        if there - {chunk.id for chunk in chunks}:
            self._index.delete_story(story.id)
            there = set()
        missing = [chunk for chunk in chunks if chunk.id not in there]
        for number, part in enumerate(_parts(missing, _UPSERT_BATCH)):
            if number:
                # It gets on: a novel may outlive any number of restarts.
                self._manifest.got_on(story.id)
            embedded = self._embed(part)
            with _stage("vectors", story):
                done = part[: len(embedded)]
                self._index.upsert(done, embedded, story.category)
            if len(done) < len(part):
                raise IngestStopped

    def _embed(self, chunks: Sequence[Chunk]) -> Vectors:
        """Return the vectors of the first chunks, all of them unless we are told to stop."""
        vectors = [np.zeros((0, self._embedder.dimension), np.float32)]
        with INGEST_SECONDS.labels("embed").time():
            for batch in _parts(chunks, _EMBED_BATCH):
                if self._stopping.is_set():
                    break
                vectors.append(self._embedder.embed_passages([chunk.text for chunk in batch]))
        return np.concatenate(vectors)

    def _refuse(self, story_id: str, refusal: ForbiddenContent, *, is_new: bool) -> State:
        if not is_new:
            # Newer rules may refuse what older ones let in.
            self._erase(story_id)
            self._keywords.commit()
        self._manifest.refuse(story_id, refusal.code, refusal.rule, SAFETY_VERSION)
        REFUSALS.labels("story", refusal.code).inc()
        return _counted(story_id, State.REFUSED)

    def _fail(self, story_id: str, reason: str) -> State:
        state = self._manifest.fail(story_id, reason)
        if state is State.PARKED:
            self._erase(story_id)
            self._keywords.commit()
        return _counted(story_id, state)

    def _erase(self, story_id: str) -> None:
        self._uncommitted.pop(story_id, None)
        self._store.delete(story_id)
        self._index.delete_story(story_id)
        self._keywords.delete_story(story_id)

    def _is_done(self, entry: Entry) -> bool:
        if entry.state is State.REFUSED:
            return entry.versions.safety == self.versions.safety
        return entry.state is State.INDEXED and entry.versions == self.versions

    def _is_indexed(self, story_id: str) -> bool:
        entry = self._manifest.entry(story_id)
        return entry is not None and entry.state is State.INDEXED


@contextmanager
def _stage(name: str, story: Story) -> Iterator[None]:
    log.debug("ingest.stage", stage=name, story_id=story.id)
    with INGEST_SECONDS.labels(name).time():
        yield


def _counted(story_id: str, state: State) -> State:
    INGESTED.labels(state.value).inc()
    log.info("ingest.story", story_id=story_id, state=state.value)
    return state


def _parts(chunks: Sequence[Chunk], size: int) -> list[Sequence[Chunk]]:
    return [chunks[start : start + size] for start in range(0, len(chunks), size)]
