"""A story as it travels through the system: one JSON line each, from the crawl to the index."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BufferedRandom
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from storycore.text import clean

# The first 128 bits of SHA-256: short enough for a URL, and no two works will ever share them.
ID_LENGTH = 32

NonEmpty = Annotated[str, Field(min_length=1)]


def story_id(text: str) -> str:
    """Return the identity of a text: the same story from anywhere is the same story."""
    return hashlib.sha256(clean(text).encode()).hexdigest()[:ID_LENGTH]


class Story(BaseModel):
    """A work in the corpus. What its source did not say is null, never a made-up value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal[1] = Field(default=1, alias="schema")
    id: Annotated[str, Field(pattern=rf"^[0-9a-f]{{{ID_LENGTH}}}$")]
    source: NonEmpty
    url: str | None = None
    title: NonEmpty
    author: str | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    published: date | None = None
    rating: float | None = None
    views: Annotated[int, Field(ge=0)] | None = None
    crawled_at: datetime
    text: NonEmpty

    @classmethod
    def of(cls, text: str, *, source: str, title: str, **facts: object) -> Self:
        """Make a story of raw text: cleaned, identified, dated now."""
        cleaned = clean(text)
        known = {"crawled_at": datetime.now(UTC), **facts}
        return cls.model_validate(
            {"id": story_id(cleaned), "source": source, "title": title, "text": cleaned, **known}
        )

    @model_validator(mode="after")
    def _id_is_of_the_text(self) -> Self:
        if self.id != story_id(self.text):
            msg = "id is not the hash of the text"
            raise ValueError(msg)
        return self

    def to_line(self) -> bytes:
        """Return the story as one line of the JSONL contract, newline included."""
        return self.model_dump_json(by_alias=True).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A whole line that is not a story: where it stands and what is wrong, without its text."""

    path: Path
    number: int
    problem: str


def read_stories(path: Path) -> Iterator[Story | BrokenLine]:
    """Yield the stories of a raw file; a broken line is told, a torn last line is left alone."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            if line.strip():
                yield _parse(path, number, line)


def _parse(path: Path, number: int, line: bytes) -> Story | BrokenLine:
    try:
        return Story.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return BrokenLine(path, number, f"{where}: {first['msg']}" if where else first["msg"])


class StoryWriter:
    """Appends stories to one raw file, a line at a time, each on the disk before the next."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        _cut_torn_line(self._file)

    def append(self, story: Story) -> None:
        """Write one story; when this returns, a power cut can't take it away."""
        self._file.write(story.to_line())
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _cut_torn_line(file: BufferedRandom) -> None:
    """Drop what a killed writer left after the last newline."""
    end = file.seek(0, os.SEEK_END)
    block = 1 << 16
    position = end
    while position > 0:
        start = max(0, position - block)
        file.seek(start)
        newline = file.read(position - start).rfind(b"\n")
        if newline >= 0:
            file.truncate(start + newline + 1)
            return
        position = start
    file.truncate(0)
