"""Keeps the corpus equal to the raw folder: watches it, works on what is new, repairs what is lost.

In compose it lives in the processor, embedded in a thread of the one process; the code is the same.
"""

import threading
from collections.abc import Callable

import structlog

from storycore.story import Story
from storyteller.errors import ServiceUnavailable
from storyteller.ingest.manifest import Manifest, State
from storyteller.ingest.pipeline import IngestStopped, Pipeline
from storyteller.ingest.queue import IngestQueue, Job
from storyteller.ingest.read import RawFolder
from storyteller.ingest.reconcile import Reconciler
from storyteller.metrics import CORPUS
from storyteller.retrieval.store import CorpusStore

log = structlog.get_logger()

# How many stories are done, of how many.
Progress = Callable[[int, int], None]

# How soon a new line is noticed. Asking the folder costs less than a file watcher's surprises on
# the mounts of Docker Desktop, which tell nothing.
POLL_SECONDS = 2.0
RECONCILE_SECONDS = 600.0
# A commit of the keyword index costs some 50 ms, so it waits for company, but not for long.
_COMMIT_STORIES = 32
_COMMIT_SECONDS = 2.0
# Between two tries while Chroma or the database is away.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


class IngestWorker:
    """The only one that writes to the indexes."""

    def __init__(
        self,
        *,
        raw: RawFolder,
        manifest: Manifest,
        store: CorpusStore,
        pipeline: Pipeline,
        queue: IngestQueue,
        reconciler: Reconciler,
        poll_seconds: float = POLL_SECONDS,
        reconcile_seconds: float = RECONCILE_SECONDS,
    ) -> None:
        self._raw = raw
        self._manifest = manifest
        self._store = store
        self._pipeline = pipeline
        self._queue = queue
        self._reconciler = reconciler
        self._poll_seconds = poll_seconds
        self._reconcile_seconds = reconcile_seconds
        # The pipeline and its indexes belong to one thread at a time.
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._ticker: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work in threads of our own; returns at once."""
        self._queue.start(self.handle)
        self._ticker = threading.Thread(target=self._watch, name="ingest-watch")
        self._ticker.start()

    def stop(self) -> None:
        """Let go within some 15 s: a long story breaks off and is taken up where it was left."""
        self._stopping.set()
        self._pipeline.stop()
        if self._ticker:
            self._ticker.join()
            self._ticker = None
        self._queue.stop()
        self._guarded(self._pipeline.commit)

    def drain(self, progress: Progress = lambda _done, _total: None) -> dict[str, int]:
        """Work on everything there is, here and now; return the manifest's counts.

        Raises `ServiceUnavailable` when a part is away, `IngestStopped` after `stop`.
        """
        with self._lock:
            self._reconciler.reconcile()
            for story_ids in self._raw.scan():
                for story_id in story_ids:
                    self._do(story_id, "index")
            while self._drain_once(progress):
                pass
        return self._manifest.counts()

    def handle(self, story_id: str, job: Job) -> None:
        """Do one job; while a part is away, wait for it rather than lose the place in the queue."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                with self._lock:
                    self._do(story_id, job)
            except IngestStopped:
                return
            except ServiceUnavailable as error:
                log.warning("ingest.waiting", code=error.code, seconds=pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return

    def tick(self) -> None:
        """Look once for new lines, for deleted stories and for what the queue has lost."""
        for story_ids in self._raw.scan():
            for story_id in story_ids:
                self._queue.enqueue(story_id, "index")
        for story_id in self._manifest.in_state(State.REMOVING):
            self.handle(story_id, "remove")
        with self._lock:
            self._pipeline.commit()
        if self._queue.stats().waiting == 0:
            for story_id in self._manifest.in_state(State.SEEN):
                self._queue.enqueue(story_id, "index")
        counts = self._store.counts()
        CORPUS.labels("stories").set(counts.stories)
        CORPUS.labels("chunks").set(counts.chunks)

    def _watch(self) -> None:
        until_reconcile = 0.0
        while not self._stopping.is_set():
            if until_reconcile <= 0:
                self._guarded(self._reconciler.reconcile)
                until_reconcile = self._reconcile_seconds
            try:
                self.tick()
            except ServiceUnavailable as error:
                log.warning("ingest.waiting", code=error.code, seconds=self._poll_seconds)
            except Exception:
                log.exception("ingest.watch_failed")
            self._stopping.wait(self._poll_seconds)
            until_reconcile -= self._poll_seconds

    def _guarded(self, work: Callable[[], object]) -> None:
        """Do something with the indexes that may fail now and is done again later."""
        try:
            with self._lock:
                work()
        except (ServiceUnavailable, IngestStopped) as error:
            log.warning("ingest.put_off", error=type(error).__name__)
        except Exception:
            log.exception("ingest.put_off")

    def _drain_once(self, progress: Progress) -> bool:
        """Go once through everything open; return whether there was anything."""
        for story_id in self._manifest.in_state(State.REMOVING):
            self._do(story_id, "remove")
        waiting = self._manifest.in_state(State.SEEN)
        for done, story_id in enumerate(waiting):
            progress(done, len(waiting))
            self._do(story_id, "index")
        self._pipeline.commit()
        if waiting:
            progress(len(waiting), len(waiting))
        return bool(waiting)

    def _do(self, story_id: str, job: Job) -> None:
        match job:
            case "index":
                self._index(story_id)
            case "remove":
                self._raw.erase(story_id)
                self._pipeline.remove(story_id)

    def _index(self, story_id: str) -> None:
        entry = self._manifest.entry(story_id)
        if entry is None:
            return
        if entry.state is State.SEEN:
            story = self._story(story_id)
            if story is None:
                self._manifest.begin(story_id)
                self._manifest.fail(story_id, "raw_line_missing")
                return
            state = self._pipeline.add(story)
        else:
            state = entry.state
        if state in {State.REFUSED, State.REMOVED}:
            self._raw.erase(story_id)
        stories, seconds = self._pipeline.waiting()
        if stories >= _COMMIT_STORIES or seconds >= _COMMIT_SECONDS:
            self._pipeline.commit()

    def _story(self, story_id: str) -> Story | None:
        return self._raw.story(story_id) or self._store.story(story_id)
