"""The processor as a process: killed it loses nothing, told to stop it lets go, lost parts it tells."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from redis_server import RedisServer, redis_server
from roads import evening, planted

from storycore.story import Story, StoryWriter
from storyteller.config import Settings
from storyteller.services.corpus import open_corpus

__all__ = ["redis_server"]

STORIES = [evening(number, sentences=60) for number in range(40)]


def fill(data: Path, stories: Sequence[Story] = (*STORIES, planted(1))) -> None:
    with StoryWriter(data / "raw" / "test" / "1.jsonl") as writer:
        for story in stories:
            writer.append(story)


@contextmanager
def processor(data: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run `python -m storyteller.processor`; its log lines come from stderr."""
    known = {
        "DATA_DIR": str(data),
        "EMBEDDER": "offline",
        "CHUNK_SIZE": "300",
        "CHUNK_OVERLAP": "60",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "storyteller.processor", "--metrics-port", "0", *arguments],
        env={**os.environ, **known, **settings},
        cwd=data,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def events(process: subprocess.Popen[str], told: list[str]) -> Iterator[dict[str, object]]:
    assert process.stderr is not None
    for line in process.stderr:
        told.append(line)
        if line.startswith("{"):
            yield json.loads(line)


def wait_for(process: subprocess.Popen[str], name: str, number: int = 1, **facts: object) -> None:
    told: list[str] = []
    for event in events(process, told):
        if event["event"] == name and facts.items() <= event.items():
            number -= 1
            if number == 0:
                return
    raise AssertionError(f"{name} never came; exit code {process.wait()}; {told[-5:]}")


def contents(data: Path) -> dict[str, object]:
    """Read what three indexes and the manifest hold."""
    settings = Settings(
        _env_file=None, data_dir=data, embedder="offline", chunk_size=300, chunk_overlap=60
    )
    with ExitStack() as stack:
        corpus = open_corpus(settings, stack, "work")
        ids = list(corpus.store.ids())
        chunks = {c.id: c.text for story_id in ids for c in corpus.store.chunks_of(story_id)}
        return {
            "chunks": chunks,
            "vectors": {i for story_id in ids for i in corpus.index.ids_of_story(story_id)},
            "sizes": (corpus.index.count(), corpus.keywords.count(), len(chunks)),
            "counts": corpus.manifest.counts(),
        }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    data = tmp_path_factory.mktemp("undisturbed")
    fill(data)
    with processor(data, "--once") as process:
        wait_for(process, "processor.drained")
        assert process.wait() == 0
    return contents(data)


def test_an_undisturbed_run_takes_in_everything(undisturbed: dict[str, object]):
    assert undisturbed["counts"]["indexed"] == len(STORIES)  # type: ignore[index]
    assert undisturbed["counts"]["refused"] == 1  # type: ignore[index]
    assert len(set(undisturbed["sizes"])) == 1  # type: ignore[call-overload]


@pytest.mark.parametrize("seed", [1, 2])
def test_kills_at_any_moment_change_nothing(
    tmp_path: Path, undisturbed: dict[str, object], seed: int
):
    chance = random.Random(seed)
    fill(tmp_path)

    for _ in range(3):
        with processor(tmp_path, "--once", LOG_LEVEL="debug") as process:
            # In mid-story, in a commit, between the two: five stages a story, forty stories.
            wait_for(process, "ingest.stage", number=chance.randint(1, 60))
            process.send_signal(signal.SIGKILL)
            process.wait()
    with processor(tmp_path, "--once") as process:
        wait_for(process, "processor.drained")

    assert contents(tmp_path) == undisturbed


def test_sigterm_in_the_middle_ends_with_0_and_the_next_start_goes_on(
    tmp_path: Path, undisturbed: dict[str, object]
):
    fill(tmp_path)

    with processor(tmp_path, LOG_LEVEL="debug") as process:
        wait_for(process, "ingest.stage", number=20)
        process.send_signal(signal.SIGTERM)
        wait_for(process, "processor.stopped")
        assert process.wait() == 0
    with processor(tmp_path, "--once") as process:
        wait_for(process, "processor.drained")

    assert contents(tmp_path) == undisturbed


def test_it_sees_new_stories_by_itself_with_its_queue_in_redis(
    tmp_path: Path, redis_server: RedisServer, undisturbed: dict[str, object]
):
    fill(tmp_path, STORIES[:1])
    with processor(tmp_path, REDIS_URL=redis_server.url) as process:
        wait_for(process, "ingest.story", state="indexed")
        fill(tmp_path, [*STORIES[1:], planted(1)])
        wait_for(process, "ingest.lines_read")
        # Everything that waits in the queue is lost; the manifest is not.
        redis_server.kill()
        redis_server.start()
        wait_for(process, "ingest.story", number=len(STORIES) - 1, state="indexed")
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0

    assert contents(tmp_path) == undisturbed


def test_its_metrics_can_be_read(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with processor(tmp_path, "--metrics-port", str(port)) as process:
        wait_for(process, "ingest.story", state="indexed")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            told = answer.read().decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0

    assert 'storyteller_ingested_total{state="indexed"}' in told
    assert "storyteller_ingest_seconds_bucket" in told


def test_a_wrong_setting_stops_the_start_with_a_sentence(tmp_path: Path):
    with processor(tmp_path, DATABASE_URL="nonsense") as process:
        _, told = process.communicate()

    assert process.returncode == 1
    assert "DATABASE_URL" in told
    assert "Traceback" not in told


def test_an_index_of_another_chunker_stops_the_start_and_names_the_way_out(tmp_path: Path):
    with processor(tmp_path, "--once") as process:
        wait_for(process, "processor.drained")

    with processor(tmp_path, CHUNK_SIZE="500") as process:
        _, told = process.communicate()

    assert process.returncode == 1
    assert "storyteller reindex" in told


def test_no_word_of_a_story_is_in_its_log(tmp_path: Path):
    fill(tmp_path)

    with processor(tmp_path, "--once", LOG_LEVEL="debug") as process:
        _, told = process.communicate()

    assert "ingest.story" in told
    assert "Вечер" not in told
    assert "\\u0412\\u0435" not in told
