"""The tables of the corpus: stories with their text, and where their chunks lie."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storycore.story import ID_LENGTH
from storyteller.database import Base
from storyteller.database.types import UtcDateTime


class StoryRow(Base):
    """One story. The text stands last: SQLite then lists stories without reading it."""

    __tablename__ = "stories"
    __table_args__ = (
        Index("ix_stories_crawled_at_id", "crawled_at", "id"),
        Index("ix_stories_category", "category"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    author: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(JSON)
    published: Mapped[date | None]
    rating: Mapped[float | None]
    views: Mapped[int | None]
    crawled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Title and author, folded here: SQLite's own lower() and LIKE know only ASCII.
    search: Mapped[str] = mapped_column(Text)
    length: Mapped[int]
    text: Mapped[str] = mapped_column(Text)


class ChunkRow(Base):
    """Where a chunk lies in its story's text, in characters, and that piece of the text.

    The piece is kept a second time: cut from a novel in the database, five passages cost some
    30 ms instead of less than one.
    """

    __tablename__ = "chunks"
    __table_args__ = (Index("ix_chunks_story_id_index", "story_id", "index", unique=True),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    story_id: Mapped[str] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"))
    index: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    text: Mapped[str] = mapped_column(Text)


class CorpusVersionRow(Base):
    """One row that counts the changes of the corpus; the migration puts it there."""

    __tablename__ = "corpus_version"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int]
