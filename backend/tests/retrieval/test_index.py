"""The vector index over a real Chroma: in this process, and as a server that may be killed."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from storyteller.embedding.base import Vectors
from storyteller.errors import IndexMismatch, IndexUnavailable
from storyteller.retrieval.chroma import by_url
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.index import ChunkIndex, IndexFacts, open_index

DIMENSION = 8
# Nothing answers here: port 1 is reserved and unused.
NOBODY = "http://127.0.0.1:1"


OPENED: list[ChunkIndex] = []


def opened(url: str | None, path: Path, **facts: object) -> ChunkIndex:
    index = open_index(
        url,
        path,
        **{
            "embedder_name": "offline-stems-1",
            "dimension": DIMENSION,
            "chunker_version": "sentences-1",
            "safety_version": "1",
            "pause_seconds": 0.0,
            **facts,
        },
    )
    OPENED.append(index)
    return index


@pytest.fixture(params=["in this process", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str | None, Path]:
    if request.param == "server":
        url = request.getfixturevalue("shared_chroma")
        anybody = IndexFacts("", DIMENSION, "")
        index = ChunkIndex(lambda: by_url(url), anybody, safety_version="1")
        OPENED.append(index)
        index.drop()
        return url, tmp_path / "unused"
    pytest.importorskip("chromadb_rust_bindings", reason="chromadb-client has no database in it")
    return None, tmp_path / "chroma"


@pytest.fixture(autouse=True)
def _close_all() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def index(place: tuple[str | None, Path]) -> ChunkIndex:
    return opened(*place)


def chunks(number: int, story_id: str = "s1") -> list[Chunk]:
    return [Chunk(f"{story_id}-{i}", story_id, i, 0, 5, "текст") for i in range(number)]


def vectors(number: int, seed: int = 7) -> Vectors:
    raw = np.random.default_rng(seed).standard_normal((number, DIMENSION)).astype(np.float32)
    return raw / np.linalg.norm(raw, axis=1, keepdims=True)


def test_the_nearest_comes_first(index: ChunkIndex):
    put = vectors(30)
    index.upsert(chunks(30), put, "drama")

    found = index.search(put[3], 10)

    exact = np.argsort(-(put @ put[3]))[:10]
    assert found == [f"s1-{row}" for row in exact]


def test_more_than_one_batch_goes_in(index: ChunkIndex):
    index.upsert(chunks(1203), vectors(1203), None)

    assert index.count() == 1203
    assert len(index.search(vectors(1)[0], 1000)) == 1000


def test_putting_in_again_changes_nothing(index: ChunkIndex):
    index.upsert(chunks(5), vectors(5), "drama")
    index.upsert(chunks(5), vectors(5), "drama")

    assert index.count() == 5


def test_a_deleted_story_is_gone_and_the_others_stay(index: ChunkIndex):
    index.upsert(chunks(3, "s1"), vectors(3), "drama")
    index.upsert(chunks(2, "s2"), vectors(2), None)

    index.delete_story("s1")

    assert index.ids_of_story("s1") == set()
    assert index.ids_of_story("s2") == {"s2-0", "s2-1"}
    assert set(index.search(vectors(1)[0], 50)) == {"s2-0", "s2-1"}


def test_a_category_can_be_asked_for(index: ChunkIndex):
    index.upsert(chunks(3, "s1"), vectors(3), "drama")
    index.upsert(chunks(3, "s2"), vectors(3), "comedy")
    index.upsert(chunks(3, "s3"), vectors(3), None)

    assert set(index.search(vectors(1)[0], 50, "comedy")) == {"s2-0", "s2-1", "s2-2"}


def test_what_was_put_in_is_there_after_a_restart(place: tuple[str | None, Path]):
    first = opened(*place)
    first.upsert(chunks(3), vectors(3), None)
    first.close()

    assert opened(*place).count() == 3


@pytest.mark.parametrize(
    "other",
    [
        {"embedder_name": "e5:intfloat/multilingual-e5-base:int8:1"},
        {"dimension": DIMENSION + 1},
        {"chunker_version": "sentences-2"},
    ],
)
def test_an_index_made_otherwise_names_the_way_out(
    index: ChunkIndex, place: tuple[str | None, Path], other: dict[str, object]
):
    index.upsert(chunks(1), vectors(1), None)

    with pytest.raises(IndexMismatch, match="storyteller reindex") as refusal:
        opened(*place, **other)

    assert str(next(iter(other.values()))) in refusal.value.message


def test_an_empty_index_made_otherwise_is_made_anew(place: tuple[str | None, Path]):
    opened(*place).close()

    index = opened(*place, embedder_name="e5:intfloat/multilingual-e5-small:int8:1")

    index.upsert(chunks(1), vectors(1), None)
    assert index.count() == 1


def test_dropping_makes_room_for_another_embedder(
    index: ChunkIndex, place: tuple[str | None, Path]
):
    index.upsert(chunks(2), vectors(2), None)
    index.drop()

    assert index.count() == 0
    assert opened(*place, embedder_name="another").count() == 0


def test_a_foreign_index_can_be_opened_to_be_made_anew(place: tuple[str | None, Path]):
    opened(*place).upsert(chunks(2), vectors(2), None)
    index = opened(*place, embedder_name="another", anew=True)
    with pytest.raises(IndexMismatch):
        index.count()

    index.drop()

    assert index.count() == 0


def test_an_index_dropped_by_somebody_else_is_found_again(place: tuple[str | None, Path]):
    ours, theirs = opened(*place), opened(*place)
    ours.upsert(chunks(2), vectors(2), None)

    theirs.drop()
    with contextlib.suppress(IndexUnavailable):
        ours.search(vectors(1)[0], 5)

    assert ours.search(vectors(1)[0], 5) == []


def test_chroma_may_come_up_after_us(tmp_path: Path, chroma_server):
    chroma_server.kill()
    index = opened(chroma_server.url, tmp_path)
    with pytest.raises(IndexUnavailable):
        index.count()

    chroma_server.start()

    assert index.count() == 0
    assert index.ping()


def test_a_killed_chroma_is_unavailable_and_comes_back_whole(tmp_path: Path, chroma_server):
    index = opened(chroma_server.url, tmp_path)
    index.upsert(chunks(20), vectors(20), "drama")

    chroma_server.kill()
    assert not index.ping()
    for call in (
        lambda: index.search(vectors(1)[0], 5),
        lambda: index.upsert(chunks(1), vectors(1), None),
        lambda: index.delete_story("s1"),
        lambda: index.ids_of_story("s1"),
        index.count,
    ):
        with pytest.raises(IndexUnavailable):
            call()
    chroma_server.start()

    assert index.count() == 20
    assert len(index.search(vectors(1)[0], 5)) == 5


def test_an_absent_chroma_is_not_asked_at_every_search(tmp_path: Path):
    index = opened(NOBODY, tmp_path, pause_seconds=3600.0)

    with pytest.raises(IndexUnavailable) as refusal:
        index.search(vectors(1)[0], 5)

    # The first failure was at opening; this one did not even knock.
    assert refusal.value.__cause__ is None


def test_the_file_of_settings_of_this_application_is_not_read_as_chromas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("chromadb_rust_bindings", reason="chromadb-client has no database in it")
    (tmp_path / ".env").write_text("CHROMA_SERVER_NOFILE=nonsense\n")
    monkeypatch.chdir(tmp_path)

    index = opened(None, tmp_path / "chroma")

    assert index.count() == 0
