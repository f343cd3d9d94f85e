"""A queue brings every job to the one worker, and never more than an id."""

import json
import threading
from collections.abc import Callable, Iterator

import pytest
import redis
from redis_server import RedisServer

from storyteller.ingest.queue import DramatiqQueue, IngestQueue, InProcessQueue, Job

PATIENCE = 60
STORY = "0123456789abcdef" * 2


class Worker:
    """Notes what it was asked for; may fail or hold."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Job]] = []
        self.changed = threading.Condition()
        self.fails_for = ""
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, story_id: str, job: Job) -> None:
        with self.changed:
            self.done.append((story_id, job))
            self.changed.notify_all()
        self.may_go_on.wait(PATIENCE)
        if story_id == self.fails_for:
            raise ValueError

    def wait_for(self, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.done) >= number, PATIENCE), self.done


@pytest.fixture
def redis_queue(redis_server: RedisServer) -> Iterator[Callable[[], DramatiqQueue]]:
    opened: list[DramatiqQueue] = []

    def open_() -> DramatiqQueue:
        opened.append(DramatiqQueue(redis_server.url))
        return opened[-1]

    yield open_
    for queue in opened:
        queue.stop()


@pytest.fixture(params=["in_process", "dramatiq"])
def queue(request: pytest.FixtureRequest) -> Iterator[IngestQueue]:
    if request.param == "in_process":
        queue: IngestQueue = InProcessQueue()
    else:
        queue = request.getfixturevalue("redis_queue")()
    yield queue
    queue.stop()


def test_every_job_arrives_in_its_order(queue: IngestQueue):
    worker = Worker()
    jobs: list[tuple[str, Job]] = [(str(number), "index") for number in range(20)]
    jobs.append(("3", "remove"))

    for story_id, job in jobs:
        assert queue.enqueue(story_id, job)
    assert queue.stats().waiting == 21
    queue.start(worker)
    worker.wait_for(21)

    assert worker.done == jobs
    queue.stop()
    assert queue.stats().waiting == 0


def test_a_handler_that_fails_does_not_stop_the_next_job(queue: IngestQueue):
    worker = Worker()
    worker.fails_for = "bad"
    queue.start(worker)

    queue.enqueue("bad", "index")
    queue.enqueue("good", "index")

    worker.wait_for(2)
    assert [story_id for story_id, _ in worker.done] == ["bad", "good"]


def test_stopping_lets_the_job_in_progress_end(queue: IngestQueue):
    worker = Worker()
    worker.may_go_on.clear()
    queue.start(worker)
    queue.enqueue("first", "index")
    worker.wait_for(1)
    queue.enqueue("second", "index")

    stopper = threading.Thread(target=queue.stop)
    stopper.start()
    worker.may_go_on.set()
    stopper.join(PATIENCE)

    assert not stopper.is_alive()
    assert worker.done == [("first", "index")]


def test_the_same_job_waits_once_in_this_process():
    queue = InProcessQueue()

    for _ in range(5):
        queue.enqueue("a", "index")
    queue.enqueue("a", "remove")

    assert queue.stats().waiting == 2


def test_one_process_sends_and_another_works(redis_queue: Callable[[], DramatiqQueue]):
    backend, processor, worker = redis_queue(), redis_queue(), Worker()

    backend.enqueue(STORY, "remove")
    processor.start(worker)

    worker.wait_for(1)
    assert worker.done == [(STORY, "remove")]


def test_a_message_in_redis_is_an_id_and_a_job(
    redis_queue: Callable[[], DramatiqQueue], redis_server: RedisServer
):
    redis_queue().enqueue(STORY, "index")

    with redis.Redis(port=redis_server.port) as client:
        [message] = client.hgetall("storyteller:ingest.msgs").values()
    carried = json.loads(message)
    assert carried["args"] == [STORY, "index"]
    assert carried["kwargs"] == {}


def test_jobs_wait_in_redis_while_the_worker_is_down(redis_queue: Callable[[], DramatiqQueue]):
    backend, first, second = redis_queue(), redis_queue(), redis_queue()
    early, late = Worker(), Worker()
    early.may_go_on.clear()
    first.start(early)
    for number in range(5):
        backend.enqueue(str(number), "index")
    early.wait_for(1)

    stopper = threading.Thread(target=first.stop)
    stopper.start()
    early.may_go_on.set()
    stopper.join(PATIENCE)
    second.start(late)

    late.wait_for(4)
    assert sorted(job for job, _ in early.done + late.done) == ["0", "1", "2", "3", "4"]


def test_a_redis_that_is_away_is_no_disaster(
    redis_queue: Callable[[], DramatiqQueue], redis_server: RedisServer
):
    queue = redis_queue()
    redis_server.kill()

    assert queue.enqueue(STORY, "index") is False
    assert queue.stats().waiting is None


def test_work_goes_on_when_redis_is_back(
    redis_queue: Callable[[], DramatiqQueue], redis_server: RedisServer
):
    queue, worker = redis_queue(), Worker()
    queue.start(worker)
    queue.enqueue("before", "index")
    worker.wait_for(1)

    redis_server.kill()
    assert queue.enqueue("lost", "index") is False
    redis_server.start()
    tick = threading.Event()
    while not queue.enqueue("after", "index"):
        tick.wait(0.1)

    worker.wait_for(2)
    assert worker.done[-1] == ("after", "index")
