"""Each line of the raw folder is read once, whatever happens to the files meanwhile."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from roads import evening
from sqlalchemy import Engine

from storycore.story import Story, StoryWriter
from storyteller.database import open_database
from storyteller.ingest.manifest import Manifest
from storyteller.ingest.read import RawFolder


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def raw(engine: Engine, tmp_path: Path) -> RawFolder:
    return RawFolder(tmp_path / "raw", engine)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "raw" / "test").mkdir(parents=True)
    return tmp_path / "raw" / "test" / "1.jsonl"


def write(file: Path, *stories: Story) -> None:
    with StoryWriter(file) as writer:
        for story in stories:
            writer.append(story)


def ids(raw: RawFolder) -> list[str]:
    return [story_id for batch in raw.scan() for story_id in batch]


def test_a_line_is_told_once_and_appended_ones_follow(raw: RawFolder, file: Path, engine: Engine):
    stories = [evening(number, sentences=3) for number in range(250)]
    write(file, *stories[:240])

    assert ids(raw) == [story.id for story in stories[:240]]
    assert ids(raw) == []
    write(file, *stories[240:])
    after_a_restart = RawFolder(file.parents[1], engine)

    assert ids(after_a_restart) == [story.id for story in stories[240:]]
    assert [raw.story(story.id) for story in stories] == stories


def test_an_empty_or_missing_folder_is_no_trouble(engine: Engine, tmp_path: Path):
    raw = RawFolder(tmp_path / "none", engine)

    assert ids(raw) == []


def test_a_torn_last_line_waits_for_its_end(raw: RawFolder, file: Path):
    line = evening(2).to_line()
    write(file, evening(1))
    with file.open("ab") as torn:
        torn.write(line[:100])

    assert ids(raw) == [evening(1).id]
    with file.open("ab") as torn:
        torn.write(line[100:])

    assert ids(raw) == [evening(2).id]


def test_a_broken_line_is_written_down_and_the_others_are_read(
    raw: RawFolder, file: Path, engine: Engine
):
    write(file, evening(1))
    with file.open("ab") as broken:
        broken.write(b'{"schema":1,"id":"nobody"}\nnot json, marker\n\xff\xfe\n')
    write(file, evening(2))

    assert ids(raw) == [evening(1).id, evening(2).id]

    problems = Manifest(engine).last_errors()
    assert sorted(problem.number or 0 for problem in problems) == [2, 3, 4]
    assert {problem.path for problem in problems} == {"test/1.jsonl"}
    assert not any("marker" in problem.reason for problem in problems)


def test_numbers_of_broken_lines_go_on_after_a_bookmark(raw: RawFolder, file: Path, engine: Engine):
    write(file, evening(1), evening(2))
    ids(raw)
    with file.open("ab") as broken:
        broken.write(b"broken\n")
    ids(raw)

    [problem] = Manifest(engine).last_errors()
    assert problem.number == 3


def test_the_same_story_from_two_places_is_one_story(raw: RawFolder, file: Path, engine: Engine):
    write(file, evening(1, url="http://example.test/1"))
    write(file.with_name("2.jsonl"), evening(1, category="Другая"), evening(2))

    assert ids(raw) == [evening(1).id, evening(2).id]
    assert Manifest(engine).counts()["duplicate"] == 1
    assert len(raw.places(evening(1).id)) == 2


def test_a_kill_between_two_batches_loses_nothing(raw: RawFolder, file: Path, engine: Engine):
    stories = [evening(number, sentences=3) for number in range(250)]
    write(file, *stories)

    first = next(raw.scan())
    rest = ids(RawFolder(file.parents[1], engine))

    assert [*first, *rest] == [story.id for story in stories]


def test_a_replaced_file_is_read_from_its_start(raw: RawFolder, file: Path):
    write(file, evening(1), evening(2), evening(3))
    ids(raw)
    file.unlink()
    write(file, evening(4), evening(5), evening(6), evening(7))

    assert ids(raw) == [evening(number).id for number in (4, 5, 6, 7)]
    assert raw.story(evening(1).id) is None
    assert raw.story(evening(6).id) == evening(6)


def test_a_truncated_file_is_read_from_its_start(raw: RawFolder, file: Path):
    write(file, evening(1), evening(2))
    ids(raw)
    os.truncate(file, len(evening(1).to_line()))
    write(file, evening(3))

    assert ids(raw) == [evening(3).id]
    assert raw.story(evening(1).id) == evening(1)
    assert raw.story(evening(2).id) is None


def test_an_erased_story_is_gone_from_every_file_and_nothing_else_moves(raw: RawFolder, file: Path):
    write(file, evening(1), evening(2), evening(3))
    write(file.with_name("2.jsonl"), evening(2, category="Другая"))
    ids(raw)
    size = file.stat().st_size

    raw.erase(evening(2).id)

    assert "Глава 2." not in file.read_text() + file.with_name("2.jsonl").read_text()
    assert file.stat().st_size == size
    assert raw.story(evening(2).id) is None
    assert raw.story(evening(3).id) == evening(3)
    # Our own writing into a file does not make it another file.
    write(file, evening(4))
    assert ids(raw) == [evening(4).id]


def test_erasing_never_writes_into_a_file_that_was_replaced(raw: RawFolder, file: Path):
    write(file, evening(1), evening(2))
    ids(raw)
    file.unlink()
    write(file, evening(5), evening(6))
    before = file.read_bytes()

    raw.erase(evening(1).id)

    assert file.read_bytes() == before


def test_a_file_that_cannot_be_read_does_not_stop_the_others(raw: RawFolder, file: Path):
    file.with_name("0.jsonl").symlink_to(file.with_name("nowhere"))
    write(file, evening(1))

    assert ids(raw) == [evening(1).id]
