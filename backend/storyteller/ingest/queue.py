"""Who is to be worked on next: a queue in this process, or one in Redis between two processes.

A message is an id and a job, never a text. A queue may lose everything: the manifest knows what is
still to do, and the worker asks it again whenever the queue is empty.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware

log = structlog.get_logger()

Job = Literal["index", "remove"]
Handler = Callable[[str, Job], None]

_QUEUE = "ingest"
# Without an answer for this long Redis counts as away; the reader who waits must not hang.
_REDIS_SECONDS = 3
# How long a job in progress may take to end at `stop`; Docker's SIGKILL comes a little later.
STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class QueueStats:
    """How many jobs wait; None when the queue can't be asked."""

    waiting: int | None


class IngestQueue(Protocol):
    """Carries jobs from whoever sees them to the one worker."""

    def enqueue(self, story_id: str, job: Job) -> bool:
        """Ask for a job; False when the queue is away, which is logged and no disaster."""
        ...

    def start(self, handler: Handler) -> None:
        """Hand jobs to `handler`, one at a time, in a thread of our own, until `stop`."""
        ...

    def stop(self) -> None:
        """Let the job in progress end and take no other one; what waits is kept or found again."""
        ...

    def stats(self) -> QueueStats:
        """Return what waits."""
        ...


class InProcessQueue:
    """A worker thread; the same job waits at most once."""

    def __init__(self) -> None:
        self._jobs: deque[tuple[str, Job]] = deque()
        self._waiting: set[tuple[str, Job]] = set()
        self._changed = threading.Condition()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def enqueue(self, story_id: str, job: Job) -> bool:
        """Ask for a job."""
        with self._changed:
            if (story_id, job) not in self._waiting:
                self._waiting.add((story_id, job))
                self._jobs.append((story_id, job))
                self._changed.notify()
        return True

    def start(self, handler: Handler) -> None:
        """Begin to work."""
        self._is_stopping = False
        self._thread = threading.Thread(target=self._work, args=(handler,), name="ingest")
        self._thread.start()

    def stop(self) -> None:
        """End after the job in progress."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        if self._thread:
            self._thread.join(STOP_SECONDS)
            self._thread = None

    def stats(self) -> QueueStats:
        """Return what waits."""
        return QueueStats(len(self._jobs))

    def _work(self, handler: Handler) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._is_stopping)
                if self._is_stopping:
                    return
                story_id, job = self._jobs.popleft()
                self._waiting.discard((story_id, job))
            _run(handler, story_id, job)


class DramatiqQueue:
    """Jobs in Redis: the backend only sends, the processor works.

    dramatiq gives back the jobs of a killed worker after a minute; our own reconciling is quicker.
    """

    def __init__(self, redis_url: str) -> None:
        self._broker: Any = RedisBroker(  # type: ignore[no-untyped-call]
            url=redis_url,
            # None of the usual ones: retries and poison are the manifest's duty, and a time limit
            # would raise in the middle of a write.
            middleware=list[Middleware](),
            namespace="storyteller",
        )
        for name in ("socket_timeout", "socket_connect_timeout"):
            self._broker.client.connection_pool.connection_kwargs[name] = _REDIS_SECONDS
        self._broker.declare_queue(_QUEUE)
        self._worker: dramatiq.Worker | None = None

    def enqueue(self, story_id: str, job: Job) -> bool:
        """Send a job; a Redis that is away is logged, and the manifest remembers."""
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=_QUEUE, actor_name=_QUEUE, args=(story_id, job), kwargs={}, options={}
        )
        try:
            self._broker.enqueue(message)
        except Exception as error:  # noqa: BLE001 - the driver's errors are not ours to import
            log.warning("ingest.queue_away", job=job, error=type(error).__name__)
            return False
        return True

    def start(self, handler: Handler) -> None:
        """Begin to work, with one thread: the keyword index has one writer."""

        def work(story_id: str, job: Job) -> None:
            _run(handler, story_id, job)

        dramatiq.actor(actor_name=_QUEUE, queue_name=_QUEUE, broker=self._broker)(work)
        self._worker = dramatiq.Worker(self._broker, worker_threads=1, worker_timeout=200)
        self._worker.start()

    def stop(self) -> None:
        """End after the job in progress; what was fetched ahead goes back to Redis."""
        if self._worker:
            self._worker.stop(timeout=int(STOP_SECONDS * 1000))
            self._worker = None
        self._broker.client.close()

    def stats(self) -> QueueStats:
        """Return what waits in Redis."""
        try:
            return QueueStats(int(self._broker.client.llen(f"{self._broker.namespace}:{_QUEUE}")))
        except Exception as error:  # noqa: BLE001 - the driver's errors are not ours to import
            log.warning("ingest.queue_away", job=None, error=type(error).__name__)
            return QueueStats(None)


def _run(handler: Handler, story_id: str, job: Job) -> None:
    """Call a handler; a mistake of ours in it must not end the thread that works."""
    try:
        handler(story_id, job)
    except Exception:
        log.exception("ingest.job_failed", story_id=story_id, job=job)
