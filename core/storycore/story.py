"""A story as it travels through the system: one JSON line each, from the crawl to the index."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import FileIO
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, Protocol, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from storycore.text import clean, clean_line

# The first 128 bits of SHA-256: short enough for a URL, and no two works will ever share them.
ID_LENGTH = 32
# The longest Russian novel is 6 MB of UTF-8; a line ten times that is not a story.
LINE_LIMIT = 64 * 1024 * 1024
# What a database keeps in a whole number.
_VIEWS_LIMIT = 2**63 - 1

# A page may link to it, so it can't be a script.
WebAddress = Annotated[str, Field(pattern=r"^https?://[^\s\x00-\x1f]+$", max_length=2048)]
OneLine = Annotated[str, AfterValidator(clean_line)]
Named = Annotated[OneLine, Field(min_length=1)]


class Described(Protocol):
    """What stands beside a story's text, wherever it is on its way from the page to the index."""

    @property
    def title(self) -> str | None: ...
    @property
    def author(self) -> str | None: ...
    @property
    def category(self) -> str | None: ...
    @property
    def tags(self) -> tuple[str, ...]: ...


def readable_fields(story: Described) -> tuple[str, ...]:
    """Return every line that a reader sees beside the text, for the guard to read with it."""
    lines = (story.title, story.author, story.category, *story.tags)
    return tuple(line for line in lines if line)


def story_id(text: str) -> str:
    """Return the identity of a text: the same story from anywhere is the same story."""
    return _id_of_clean(clean(text))


def _id_of_clean(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]


class Story(BaseModel):
    """A work in the corpus. What its source did not say is null, never a made-up value.

    However it was made, `text` is in the form of `clean()`, `id` is its hash, and title, author,
    category and tags are single clean lines.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal[1] = Field(default=1, alias="schema")
    id: Annotated[str, Field(pattern=rf"^[0-9a-f]{{{ID_LENGTH}}}$")]
    source: Named
    url: WebAddress | None = None
    title: Named
    author: OneLine | None = None
    category: OneLine | None = None
    tags: tuple[OneLine, ...] = ()
    published: date | None = None
    rating: Annotated[float, Field(allow_inf_nan=False)] | None = None
    views: Annotated[int, Field(ge=0, le=_VIEWS_LIMIT)] | None = None
    crawled_at: AwareDatetime
    text: Annotated[str, AfterValidator(clean), Field(min_length=1)]

    @classmethod
    def of(cls, text: str, *, source: str, title: str, **facts: object) -> Self:
        """Make a story of raw text: cleaned, identified, dated now.

        Raises pydantic's `ValidationError` when nothing is left of the text or the title.
        """
        cleaned = clean(text)
        known = {"crawled_at": datetime.now(UTC), **facts}
        return cls.model_validate(
            {
                "id": _id_of_clean(cleaned),
                "source": source,
                "title": title,
                "text": cleaned,
                **known,
            }
        )

    @model_validator(mode="after")
    def _id_is_of_the_text(self) -> Self:
        if self.id != _id_of_clean(self.text):
            msg = "id is not the hash of the text"
            raise ValueError(msg)
        return self

    def readable(self) -> tuple[str, ...]:
        """Return all that a reader sees, the text first: what the guard has to read."""
        return (self.text, *readable_fields(self))

    def to_line(self) -> bytes:
        """Return the story as one line of the JSONL contract, newline included."""
        return self.model_dump_json(by_alias=True).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A whole line that is not a story: where it stands and what is wrong, without its text."""

    path: Path
    number: int
    problem: str


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line of a raw file and where it lies: bytes [offset, offset + length), newline included.

    `number` is counted from 1 at the place where the reading began.
    """

    offset: int
    length: int
    number: int
    record: Story | BrokenLine


def read_stories(path: Path) -> Iterator[Story | BrokenLine]:
    """Yield the stories of a raw file; a broken line is told, a torn last line is left alone."""
    return (line.record for line in read_raw(path))


def read_raw(path: Path, offset: int = 0) -> Iterator[RawLine]:
    """Yield the whole lines of a raw file from `offset` on, which is the end of a line read before.

    A torn last line is left alone, since its writer may still be at it; an empty line is passed
    over. The bookmark for the next reading is `offset + length` of the last line yielded.
    """
    with path.open("rb") as file:
        file.seek(offset)
        for number, (start, length, line) in enumerate(_whole_lines(file, offset), start=1):
            if line is None:
                broken = BrokenLine(path, number, "the line is too long to be a story")
                yield RawLine(start, length, number, broken)
            elif line.strip():
                yield RawLine(start, length, number, _parse(path, number, line))


def _whole_lines(file: BinaryIO, offset: int) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield offset, length and bytes; None for the bytes of a line not worth the memory."""
    while line := file.readline(LINE_LIMIT):
        length = len(line)
        last = line
        while last and not last.endswith(b"\n"):
            last = file.readline(LINE_LIMIT)
            length += len(last)
        if not last:
            return
        yield offset, length, line if length == len(line) else None
        offset += length


def _parse(path: Path, number: int, line: bytes) -> Story | BrokenLine:
    try:
        return Story.model_validate_json(line, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        if first["type"] == "extra_forbidden":
            # Its name is the line's own words, so it isn't repeated.
            return BrokenLine(path, number, "unknown field")
        where = ".".join(str(part) for part in first["loc"])
        return BrokenLine(path, number, f"{where}: {first['msg']}" if where else first["msg"])


class StoryWriter:
    """Appends stories to one raw file, a line at a time, each on the disk before the next.

    One writer a file: each crawl and each upload names its own by source and time.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = FileIO(path, "a+")
        _cut_torn_line(self._file)
        _sync_folder(path.parent)

    def append(self, story: Story) -> None:
        """Write one story; when this returns, a power cut can't take it away.

        Raises `OSError` (a full disk) with the file as it was before.
        """
        end = self._file.seek(0, os.SEEK_END)
        try:
            _write_all(self._file, story.to_line())
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(end)
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _write_all(file: FileIO, line: bytes) -> None:
    """Write every byte: one call may take only a part when the disk is nearly full."""
    rest = memoryview(line)
    while rest:
        rest = rest[file.write(rest) :]


def _sync_folder(folder: Path) -> None:
    """Make a new file's name as lasting as its bytes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cut_torn_line(file: FileIO) -> None:
    """Drop what a killed writer left after the last newline."""
    block = 1 << 16
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        start = max(0, position - block)
        file.seek(start)
        newline = file.read(position - start).rfind(b"\n")
        if newline >= 0:
            file.truncate(start + newline + 1)
            return
        position = start
    file.truncate(0)
