"""The worker sees new lines by itself, waits for parts that are away, and lets go when told."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from roads import CountingEmbedder, Road, evening, planted

from storyteller.embedding.base import Vectors
from storyteller.errors import IndexUnavailable
from storyteller.ingest.queue import InProcessQueue, Job
from storyteller.ingest.worker import IngestWorker

Roads = Callable[..., Road]
PATIENCE = 60


@pytest.fixture
def working(road: Road, monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    """A road whose worker is running and looks often."""
    monkeypatch.setattr("storyteller.ingest.worker._FIRST_PAUSE", 0.05)
    road.ingest.worker._poll_seconds = 0.05
    road.ingest.worker.start()
    yield road
    road.ingest.worker.stop()


def wait_until(claim: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(PATIENCE * 50):
        if claim():
            return
        tick.wait(0.02)
    raise AssertionError("it did not come true")


def counts(road: Road) -> dict[str, int]:
    return road.ingest.manifest.counts()


def test_new_lines_are_indexed_while_it_runs(working: Road):
    working.write(evening(1), planted(1))
    wait_until(lambda: counts(working)["indexed"] == 1)

    working.write(evening(2), evening(3))
    working.write(evening(4), file="other/1.jsonl")

    wait_until(lambda: counts(working)["indexed"] == 4)
    assert counts(working)["refused"] == 1
    assert working.keywords.count() == working.index.count()


def test_a_story_marked_for_removal_goes_though_no_message_came(working: Road):
    working.write(evening(1), evening(2))
    wait_until(lambda: counts(working)["indexed"] == 2)

    working.ingest.manifest.mark_removing(evening(1).id)

    wait_until(lambda: counts(working)["removed"] == 1)
    assert list(working.store.ids()) == [evening(2).id]


class Forgetful(InProcessQueue):
    """Loses every second message."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def enqueue(self, story_id: str, job: Job) -> bool:
        self.asked += 1
        return super().enqueue(story_id, job) if self.asked % 2 == 0 else False


def test_what_a_queue_lost_is_found_in_the_manifest(roads: Roads, tmp_path: Path):
    road = roads(tmp_path, queue=Forgetful())
    road.ingest.worker._poll_seconds = 0.05
    road.write(*[evening(number) for number in range(9)])

    road.ingest.worker.start()
    wait_until(lambda: counts(road)["indexed"] == 9)
    road.ingest.worker.stop()


class Sleeping(CountingEmbedder):
    """Away until it is woken."""

    def __init__(self) -> None:
        super().__init__()
        self.is_awake = threading.Event()
        self.was_asked = threading.Event()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.was_asked.set()
        if not self.is_awake.is_set():
            raise IndexUnavailable
        return super().embed_passages(texts)


def test_it_waits_for_a_part_that_is_away(
    roads: Roads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("storyteller.ingest.worker._FIRST_PAUSE", 0.05)
    embedder = Sleeping()
    road = roads(tmp_path, embedder=embedder)
    road.ingest.worker._poll_seconds = 0.05
    road.write(evening(1), evening(2))
    road.ingest.worker.start()
    embedder.was_asked.wait(PATIENCE)
    assert counts(road)["indexed"] == 0

    embedder.is_awake.set()

    wait_until(lambda: counts(road)["indexed"] == 2)
    road.ingest.worker.stop()


def test_stopping_in_a_long_story_keeps_what_was_done(roads: Roads, tmp_path: Path):
    class Slow(CountingEmbedder):
        def __init__(self) -> None:
            super().__init__()
            self.is_working = threading.Event()
            self.may_go_on = threading.Event()

        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            self.is_working.set()
            self.may_go_on.wait(PATIENCE)
            return super().embed_passages(texts)

    embedder = Slow()
    road = roads(tmp_path, embedder=embedder)
    road.write(evening(1, sentences=600))
    road.ingest.worker.start()
    embedder.is_working.wait(PATIENCE)

    stopper = threading.Thread(target=road.ingest.worker.stop)
    stopper.start()
    wait_until(road.ingest.pipeline._stopping.is_set)
    embedder.may_go_on.set()
    stopper.join(PATIENCE)

    assert not stopper.is_alive()
    assert counts(road) == {**counts(road), "seen": 1, "indexed": 0}
    # Not the story's fault, so it has all its attempts.
    entry = road.ingest.manifest.entry(evening(1, sentences=600).id)
    assert entry is not None
    assert entry.attempts == 0
    assert 0 < road.index.count() < len(road.splitter.split_story(evening(1, sentences=600)))


def test_what_was_added_is_committed_at_the_stop(road: Road):
    road.write(evening(1))
    for batch in road.ingest.raw.scan():
        for story_id in batch:
            road.ingest.worker.handle(story_id, "index")
    assert counts(road)["seen"] == 1

    IngestWorker.stop(road.ingest.worker)

    assert counts(road)["indexed"] == 1
