"""The raw folder: what lies in it, how far we have read, and taking a story out of it again."""

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, delete, insert, select

from storycore.story import BrokenLine, RawLine, Story, read_raw
from storyteller.ingest.manifest import add_stories
from storyteller.ingest.tables import RawFileRow, RawLineRow

log = structlog.get_logger()

# Lines noted in one transaction: few commits on a first reading, little work lost at a kill.
_BATCH = 100
# How much of each end of what was read shows that a file is still the same one.
_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line lies: bytes [offset, offset + length) of a file in the raw folder."""

    path: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class _Bookmark:
    offset: int = 0
    lines: int = 0
    fingerprint: str = ""


class RawFolder:
    """Notes the lines of data/raw in the manifest; each line is read once, whoever is killed when.

    Files are appended to while we read: a torn last line waits for its end. A file that became
    shorter or another one is read from its start again, which is harmless: a known story is known.
    """

    def __init__(self, folder: Path, engine: Engine) -> None:
        self._folder = folder
        self._engine = engine
        # Size and time of a file when it was last read to its end; spares opening it every time.
        self._unchanged: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def scan(self) -> Iterator[list[str]]:
        """Note every new line; yield the ids of the stories to work on, batch by batch.

        The ids come after they were noted: whoever stops in between finds them in the manifest.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(self._folder.rglob("*.jsonl")):
            try:
                yield from self._scan_file(file)
            except OSError as error:
                log.warning("ingest.raw_file_unreadable", path=self._name(file), errno=error.errno)

    def story(self, story_id: str) -> Story | None:
        """Return a story from its line, or None when no line of it is left."""
        for place in self.places(story_id):
            story = self._read(place)
            if story is not None and story.id == story_id:
                return story
        return None

    def places(self, story_id: str) -> list[Place]:
        """Return where the lines of a story lie."""
        query = select(RawLineRow.path, RawLineRow.offset, RawLineRow.length)
        with self._engine.connect() as connection:
            rows = connection.execute(query.where(RawLineRow.story_id == story_id)).all()
        return [Place(*row) for row in rows]

    def erase(self, story_id: str) -> None:
        """Overwrite every line of a story with spaces, which readers pass over.

        The other lines stay where they are, so bookmarks and a writer at the end are not disturbed.
        A folder we may only read keeps its lines; that is logged.
        """
        for place in self.places(story_id):
            with self._lock:
                try:
                    self._blank(place, story_id)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    log.warning("ingest.raw_not_erased", story_id=story_id, errno=error.errno)

    def _scan_file(self, file: Path) -> Iterator[list[str]]:
        stat = file.stat()
        state = (stat.st_size, stat.st_mtime_ns)
        name = self._name(file)
        if self._unchanged.get(name) == state:
            return
        with self._lock:
            bookmark = self._open(file, name, stat.st_size)
        lines = read_raw(file, bookmark.offset)
        while batch := list(islice(lines, _BATCH)):
            with self._lock:
                last = batch[-1]
                end = last.offset + last.length
                read = bookmark.lines + last.number
                work = self._note(name, batch, _Bookmark(end, read, _fingerprint(file, end)))
            log.info("ingest.lines_read", path=name, lines=len(batch), stories=len(work))
            yield work
        self._unchanged[name] = state

    def _open(self, file: Path, name: str, size: int) -> _Bookmark:
        """Return where to read on; forgets what was noted of a file that was replaced."""
        query = select(RawFileRow.offset, RawFileRow.lines, RawFileRow.fingerprint)
        with self._engine.begin() as connection:
            row = connection.execute(query.where(RawFileRow.path == name)).one_or_none()
            bookmark = _Bookmark(*row) if row else _Bookmark()
            if bookmark.offset <= size and (
                not bookmark.offset or _fingerprint(file, bookmark.offset) == bookmark.fingerprint
            ):
                return bookmark
            log.warning("ingest.raw_file_replaced", path=name)
            connection.execute(delete(RawLineRow).where(RawLineRow.path == name))
            connection.execute(delete(RawFileRow).where(RawFileRow.path == name))
        return _Bookmark()

    def _note(self, name: str, lines: list[RawLine], bookmark: _Bookmark) -> list[str]:
        """Write lines, stories and bookmark in one transaction."""
        now = datetime.now(UTC)
        before = bookmark.lines - lines[-1].number
        rows: list[dict[str, object]] = []
        urls: dict[str, str | None] = {}
        for line in lines:
            record, number = line.record, before + line.number
            row = {"path": name, "offset": line.offset, "length": line.length, "number": number}
            if isinstance(record, BrokenLine):
                log.warning("ingest.line_broken", path=name, number=number)
                row |= {"story_id": None, "problem": record.problem}
            else:
                row |= {"story_id": record.id, "problem": None}
                urls.setdefault(record.id, record.url)
            rows.append({**row, "seen_at": now})
        with self._engine.begin() as connection:
            work = add_stories(connection, urls)
            connection.execute(insert(RawLineRow), rows)
            _keep(connection, name, bookmark)
        return work

    def _read(self, place: Place) -> Story | None:
        try:
            line = next(read_raw(self._folder / place.path, place.offset), None)
        except OSError:
            return None
        is_there = line is not None and line.offset == place.offset
        return line.record if is_there and line and isinstance(line.record, Story) else None

    def _blank(self, place: Place, story_id: str) -> None:
        file = self._folder / place.path
        story = self._read(place)
        # The file may have been replaced since; then it isn't ours to write into.
        if story is None or story.id != story_id:
            return
        with file.open("r+b") as raw:
            raw.seek(place.offset)
            raw.write(b" " * (place.length - 1) + b"\n")
            raw.flush()
            os.fsync(raw.fileno())
        query = select(RawFileRow.offset, RawFileRow.lines).where(RawFileRow.path == place.path)
        with self._engine.begin() as connection:
            offset, lines = connection.execute(query).one()
            bookmark = _Bookmark(offset, lines, _fingerprint(file, offset))
            _keep(connection, place.path, bookmark)

    def _name(self, file: Path) -> str:
        return file.relative_to(self._folder).as_posix()


def _keep(connection: Connection, name: str, bookmark: _Bookmark) -> None:
    connection.execute(delete(RawFileRow).where(RawFileRow.path == name))
    values = {"offset": bookmark.offset, "lines": bookmark.lines}
    row = insert(RawFileRow).values(path=name, fingerprint=bookmark.fingerprint, **values)
    connection.execute(row)


def _fingerprint(file: Path, end: int) -> str:
    """Return a hash of both ends of the first `end` bytes of a file."""
    with file.open("rb") as raw:
        head = raw.read(min(_SAMPLE, end))
        raw.seek(max(0, end - _SAMPLE))
        tail = raw.read(min(_SAMPLE, end))
    return hashlib.sha256(head + tail).hexdigest()
