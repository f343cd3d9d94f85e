"""The JSONL contract: what is written is there, what is broken is told, nothing is lost."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from storycore import story as story_module
from storycore.story import BrokenLine, Story, StoryWriter, read_raw, read_stories, story_id

LINE = "Вера открыла дверь.\n\n— Да.\n\n— Тогда входите, Пётр Ильич, чай ещё горячий."


def a_story(text: str = LINE, **facts: object) -> Story:
    known = {"crawled_at": datetime(2024, 5, 1, tzinfo=UTC), **facts}
    return Story.of(text, source="starter", title="Чай", **known)


def a_file(tmp_path: Path, *lines: bytes) -> Path:
    path = tmp_path / "raw.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def changed(**facts: object) -> bytes:
    return json.dumps(json.loads(a_story().to_line()) | facts).encode() + b"\n"


def test_a_story_comes_back_as_it_went(tmp_path):
    told = a_story(
        url="https://example.org/1",
        author="Анна Лес",
        category="быт",
        tags=("чай", "вечер"),
        published=date(2024, 3, 1),
        rating=4.5,
        views=10,
    )

    with StoryWriter(tmp_path / "site" / "1.jsonl") as writer:
        writer.append(told)

    assert list(read_stories(tmp_path / "site" / "1.jsonl")) == [told]
    assert told.url == "https://example.org/1"


def test_whatever_a_reader_sees_is_there_for_the_guard():
    told = a_story(author="Анна Лес", category="быт", tags=("чай", "вечер"))

    assert told.readable() == (told.text, "Чай", "Анна Лес", "быт", "чай", "вечер")
    assert a_story().readable() == (LINE, "Чай")


def test_a_line_has_every_field_of_the_contract_and_nulls_for_what_is_absent():
    line = json.loads(a_story().to_line())

    assert list(line) == [
        "schema",
        "id",
        "source",
        "url",
        "title",
        "author",
        "category",
        "tags",
        "published",
        "rating",
        "views",
        "crawled_at",
        "text",
    ]
    assert line["schema"] == 1
    assert [line[name] for name in ("url", "author", "category", "published", "rating")] == [
        None
    ] * 5
    assert line["tags"] == []


def test_a_line_is_readable_russian_on_one_line():
    line = a_story().to_line()

    assert line.count(b"\n") == 1
    assert "Вера открыла дверь" in line.decode()


def test_the_same_text_from_anywhere_is_the_same_story():
    here = a_story("Вера открыла дверь.\r\n\r\n- Да.")
    there = Story.of("\ufeffВе\u0301ра открыла  дверь.\n\n— Да.", source="book", title="Иначе")

    assert here.id == there.id == story_id(there.text)


def test_a_story_of_another_text_has_another_id():
    assert a_story("Вера открыла дверь.").id != a_story("Вера закрыла дверь.").id


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        ({"mood": "нежно"}, "unknown field"),
        ({"id": "0" * 32}, "id is not the hash of the text"),
        ({"id": "тайна"}, "id"),
        ({"title": ""}, "title"),
        ({"title": " \u200b"}, "title"),
        ({"text": ""}, "text"),
        ({"views": -1}, "views"),
        ({"views": 2**63}, "views"),
        ({"views": "10"}, "views"),
        ({"rating": "пять"}, "rating"),
        ({"published": "вчера"}, "published"),
        ({"crawled_at": "2024-01-01T00:00:00"}, "crawled_at"),
        ({"schema": 2}, "schema"),
        ({"tags": None}, "tags"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://example.org/ 1"}, "url"),
    ],
)
def test_a_line_that_is_not_a_story_is_told_by_its_field(tmp_path, facts, where):
    path = a_file(tmp_path, a_story().to_line(), changed(**facts), a_story().to_line())

    first, broken, last = read_stories(path)

    assert first == last
    assert isinstance(broken, BrokenLine)
    assert broken.number == 2
    assert where in broken.problem


@pytest.mark.parametrize(
    "line",
    [
        b"not json\n",
        b'{"schema":1}\n',
        b"[]\n",
        b"\xff\xfe\n",
        b'{"title":"\xd0"}\n',
        b"\0\0\0\0\n",
        b"\0\0\0" + a_story().to_line(),
        b"[" * 100_000 + b"\n",
        b'{"text":"\\ud800"}\n',
        b"\xef\xbb\xbf{}\n",
    ],
    ids=lambda line: repr(line[:12]),
)
def test_a_broken_line_never_hides_the_lines_around_it(tmp_path, line):
    path = a_file(tmp_path, a_story().to_line(), line, a_story().to_line())

    first, broken, last = read_stories(path)

    assert isinstance(first, Story)
    assert isinstance(broken, BrokenLine)
    assert isinstance(last, Story)


def test_a_broken_line_is_told_without_a_word_of_it(tmp_path):
    secret = "признание"
    path = a_file(
        tmp_path,
        changed(**{secret: 1}),
        changed(title=[secret]),
        changed(id=secret),
        changed(rating=secret),
        f"{secret}\n".encode(),
    )

    told = [repr(broken) for broken in read_stories(path)]

    assert len(told) == 5
    assert not any(secret in words for words in told)


def test_a_line_beyond_the_limit_is_told_and_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(story_module, "LINE_LIMIT", 2000)
    long = b"x" * 4100 + b"\n"
    path = a_file(tmp_path, a_story().to_line(), long, a_story().to_line())

    first, broken, last = read_raw(path)

    assert isinstance(broken.record, BrokenLine)
    assert (broken.offset, broken.length) == (first.length, len(long))
    assert last.record == first.record


def test_a_torn_last_line_is_left_alone_by_readers(tmp_path):
    path = a_file(tmp_path, a_story().to_line(), a_story("Другая.").to_line()[:-10])

    stories = list(read_stories(path))

    assert stories == [a_story()]
    assert path.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize("torn", [b"", b"{", b'{"title":"x' * 20_000])
def test_a_torn_last_line_is_cut_by_the_next_writer(tmp_path, torn):
    first, second = a_story(), a_story("Другая.")
    path = a_file(tmp_path, first.to_line(), torn)

    with StoryWriter(path) as writer:
        writer.append(second)

    assert path.read_bytes() == first.to_line() + second.to_line()


def test_a_file_that_is_one_torn_line_starts_anew(tmp_path):
    path = a_file(tmp_path, b"torn")

    with StoryWriter(path) as writer:
        writer.append(a_story())

    assert [type(record) for record in read_stories(path)] == [Story]


def test_a_story_can_be_read_before_its_writer_closes(tmp_path):
    writer = StoryWriter(tmp_path / "raw.jsonl")
    writer.append(a_story())

    stories = list(read_stories(tmp_path / "raw.jsonl"))

    writer.close()
    assert len(stories) == 1


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "raw.jsonl"
    writer = StoryWriter(path)
    writer.append(a_story())
    before = path.read_bytes()

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", _no_space)
        with pytest.raises(OSError, match="No space"):
            writer.append(a_story("Другая."))

    assert path.read_bytes() == before
    writer.append(a_story("Другая."))
    writer.close()
    assert [type(record) for record in read_stories(path)] == [Story, Story]


def test_reading_goes_on_from_where_it_stopped(tmp_path):
    stories = [a_story(f"Вера прочла письмо номер {number}.") for number in range(3)]
    path = a_file(tmp_path, *(story.to_line() for story in stories), b"\n", b"torn")
    first, *_ = read_raw(path)

    rest = list(read_raw(path, first.offset + first.length))

    assert [line.record for line in rest] == stories[1:]
    assert [line.number for line in rest] == [1, 2]


def test_a_raw_line_says_where_it_lies(tmp_path):
    stories = [a_story("Раз."), a_story("Два.")]
    path = a_file(tmp_path, stories[0].to_line(), b"\n", stories[1].to_line())

    for line in read_raw(path):
        raw = path.read_bytes()[line.offset : line.offset + line.length]
        assert Story.model_validate_json(raw) == line.record


def test_a_bookmark_past_the_end_finds_nothing(tmp_path):
    path = a_file(tmp_path, a_story().to_line())

    assert list(read_raw(path, 10**6)) == []


def test_a_story_holds_its_text_in_the_clean_form(tmp_path):
    dirty = "Вера  сказала:\r\n- Да\u200b."
    path = a_file(tmp_path, changed(text=dirty, id=story_id(dirty)))

    (story,) = read_stories(path)

    assert isinstance(story, Story)
    assert story.text == "Вера сказала:\n— Да."


def test_names_are_single_clean_lines():
    story = a_story(author=" Анна\n\u200bЛес\0 ", tags=("чай\n", "ве\u0301чер"))

    assert story.author == "Анна Лес"
    assert story.tags == ("чай", "вечер")


def test_a_story_is_never_changed_in_place():
    with pytest.raises(ValidationError):
        a_story().title = "Другое"


def test_nothing_to_read_is_not_a_story():
    with pytest.raises(ValidationError):
        a_story(" \u200b\n ")


def test_a_story_is_dated_now_unless_told():
    then = datetime(2024, 1, 1, tzinfo=UTC)

    assert a_story(crawled_at=then).crawled_at == then
    assert Story.of(LINE, source="starter", title="Чай").crawled_at > then


def _no_space(_: int) -> None:
    raise OSError(28, "No space left on device")
