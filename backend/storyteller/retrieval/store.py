"""The text of the corpus: what the indexes only point at, so that a delete deletes."""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from storycore.story import Story
from storycore.text import fold
from storyteller.errors import Malformed, StorageUnavailable
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.tables import ChunkRow, CorpusVersionRow, StoryRow

# How many texts are in memory at once while the whole corpus is read; a novel is some megabytes.
_STREAM_BATCH = 16


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with what a reader sees of its story."""

    id: str
    story_id: str
    index: int
    start: int
    end: int
    text: str
    title: str
    author: str | None
    url: str | None
    category: str | None


@dataclass(frozen=True, slots=True)
class StorySummary:
    """A story as it stands in a list: everything but its text; `length` is in characters."""

    id: str
    source: str
    url: str | None
    title: str
    author: str | None
    category: str | None
    tags: tuple[str, ...]
    published: date | None
    rating: float | None
    views: int | None
    crawled_at: datetime
    length: int


@dataclass(frozen=True, slots=True)
class StoryPage:
    """One page of a list; `next_cursor` is None on the last one, `total` counts all matches."""

    items: list[StorySummary]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class CorpusCounts:
    """How much the corpus holds."""

    stories: int
    chunks: int


class CorpusStore:
    """Stories and the places of their chunks, in the one database.

    Every method may raise `StorageUnavailable`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, story: Story, chunks: Sequence[Chunk]) -> None:
        """Keep a story with its chunks, in one transaction; replaces what was there."""
        with self._engine.begin() as connection:
            _raise_version(connection)
            connection.execute(delete(ChunkRow).where(ChunkRow.story_id == story.id))
            connection.execute(delete(StoryRow).where(StoryRow.id == story.id))
            connection.execute(insert(StoryRow).values(_story_values(story)))
            if chunks:
                connection.execute(insert(ChunkRow), [_chunk_values(chunk) for chunk in chunks])

    def delete(self, story_id: str) -> bool:
        """Forget a story and its chunks; return whether it was there."""
        with self._engine.begin() as connection:
            _raise_version(connection)
            connection.execute(delete(ChunkRow).where(ChunkRow.story_id == story_id))
            gone = connection.execute(delete(StoryRow).where(StoryRow.id == story_id))
            return gone.rowcount > 0

    def story(self, story_id: str) -> Story | None:
        """Return a whole story, or None."""
        with self._engine.connect() as connection:
            found = connection.execute(
                select(StoryRow.__table__).where(StoryRow.id == story_id)
            ).mappings()
            row = found.one_or_none()
        if row is None:
            return None
        facts = {name: row[name] for name in Story.model_fields if name != "schema_"}
        # The row was checked when it was put; hashing a novel again on every read would be waste.
        return Story.model_construct(schema_=1, **{**facts, "tags": tuple(row["tags"])})

    def chunks_of(self, story_id: str) -> list[Chunk]:
        """Return the chunks of a story in their order."""
        query = select(ChunkRow.__table__).where(ChunkRow.story_id == story_id)
        with self._engine.connect() as connection:
            return [
                Chunk(**row)
                for row in connection.execute(query.order_by(ChunkRow.index)).mappings()
            ]

    def load(self, chunk_ids: Sequence[str]) -> dict[str, StoredChunk]:
        """Return what is known of these chunks, by id; ids nobody knows are left out."""
        if not chunk_ids:
            return {}
        of_story = (StoryRow.title, StoryRow.author, StoryRow.url, StoryRow.category)
        query = (
            select(*ChunkRow.__table__.c, *of_story)
            .join(StoryRow, StoryRow.id == ChunkRow.story_id)
            .where(ChunkRow.id.in_(chunk_ids))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings()
            return {row["id"]: StoredChunk(**row) for row in rows}

    def page(
        self,
        query: str | None = None,
        category: str | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> StoryPage:
        """List stories, newest first, whose title or author holds every word of `query`.

        Raises `Malformed` when `cursor` is not one that an earlier page gave.
        """
        matches = [
            StoryRow.search.contains(word, autoescape=True) for word in fold(query or "").split()
        ]
        if category is not None:
            matches.append(StoryRow.category == category)
        after = [] if cursor is None else [_behind(cursor)]
        columns = [StoryRow.__table__.c[name] for name in StorySummary.__slots__]
        listed = (
            select(*columns)
            .where(*matches, *after)
            .order_by(StoryRow.crawled_at.desc(), StoryRow.id.desc())
            .limit(limit + 1)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(listed).mappings().all()
            total = connection.scalar(select(func.count()).select_from(StoryRow).where(*matches))
        items = [_summary(row) for row in rows[:limit]]
        return StoryPage(items, _cursor(items[-1]) if len(rows) > limit else None, total or 0)

    def categories(self) -> list[tuple[str, int]]:
        """Return each category with its number of stories, the largest first."""
        number = func.count().label("number")
        query = (
            select(StoryRow.category, number)
            .where(StoryRow.category.is_not(None))
            .group_by(StoryRow.category)
            .order_by(number.desc(), StoryRow.category)
        )
        with self._engine.connect() as connection:
            return [(str(category), count) for category, count in connection.execute(query)]

    def counts(self) -> CorpusCounts:
        """Return how many stories and chunks there are."""
        with self._engine.connect() as connection:
            stories = connection.scalar(select(func.count()).select_from(StoryRow))
            chunks = connection.scalar(select(func.count()).select_from(ChunkRow))
        return CorpusCounts(stories or 0, chunks or 0)

    def ids(self) -> Iterator[str]:
        """Yield the id of every story, in a fixed order; changes meanwhile do no harm."""
        for batch in self._batches(1000, StoryRow.id):
            yield from (row[0] for row in batch)

    def texts(self) -> Iterator[str]:
        """Yield the text of every story, a few at a time in memory, in a fixed order."""
        for batch in self._batches(_STREAM_BATCH, StoryRow.id, StoryRow.text):
            yield from (row[1] for row in batch)

    def version(self) -> int:
        """Return a number that changes with every put and delete, across restarts."""
        with self._engine.connect() as connection:
            value = connection.scalar(select(CorpusVersionRow.value))
        return value or 0

    def _batches(self, size: int, *columns: Any) -> Iterator[Sequence[Any]]:
        """Read by key rather than by an open cursor: a slow reader then holds no transaction."""
        last = ""
        while True:
            query = select(*columns).where(StoryRow.id > last).order_by(StoryRow.id).limit(size)
            with self._engine.connect() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield rows
            last = rows[-1][0]


def _raise_version(connection: Connection) -> None:
    # The first statement of every change: its row lock also makes two writers take turns.
    raised = connection.execute(update(CorpusVersionRow).values(value=CorpusVersionRow.value + 1))
    if raised.rowcount != 1:
        msg = "the corpus_version row of migration 0001 is missing"
        raise StorageUnavailable from LookupError(msg)


def _story_values(story: Story) -> dict[str, object]:
    facts = story.model_dump(exclude={"schema_"})
    return {
        **facts,
        "tags": list(story.tags),
        "search": fold(f"{story.title} {story.author or ''}"),
        "length": len(story.text),
    }


def _chunk_values(chunk: Chunk) -> dict[str, object]:
    return {
        "id": chunk.id,
        "story_id": chunk.story_id,
        "index": chunk.index,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
    }


def _summary(row: RowMapping) -> StorySummary:
    return StorySummary(**{**row, "tags": tuple(row["tags"])})


def _cursor(last: StorySummary) -> str:
    place = json.dumps([last.crawled_at.isoformat(), last.id])
    return base64.urlsafe_b64encode(place.encode()).decode()


def _behind(cursor: str) -> ColumnElement[bool]:
    try:
        moment, story_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        place = (datetime.fromisoformat(moment), str(story_id))
    except (ValueError, TypeError, binascii.Error) as error:
        raise Malformed("Список изменился. Откройте его заново.") from error
    return tuple_(StoryRow.crawled_at, StoryRow.id) < tuple_(*place)
