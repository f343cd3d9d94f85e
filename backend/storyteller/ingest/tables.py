"""The tables of ingest: what became of each story, and where its lines lie in the raw files."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storycore.story import ID_LENGTH
from storyteller.database import Base
from storyteller.database.types import UtcDateTime


class ManifestRow(Base):
    """What became of a story. Of a refused one only its id, the code and the rule are kept."""

    __tablename__ = "manifest"
    __table_args__ = (Index("ix_manifest_state", "state"), Index("ix_manifest_url", "url"))

    story_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    # Why it was refused, or what its last attempt died of; never a word of the text.
    code: Mapped[str | None] = mapped_column(Text)
    rule: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    chunks: Mapped[int]
    chunker: Mapped[str | None] = mapped_column(Text)
    embedder: Mapped[str | None] = mapped_column(Text)
    safety: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RawFileRow(Base):
    """How far a raw file has been read; its path is relative to the raw folder."""

    __tablename__ = "raw_files"

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger)
    lines: Mapped[int]
    # Of the bytes before `offset`; another one means that somebody replaced the file.
    fingerprint: Mapped[str] = mapped_column(String(64))


class RawLineRow(Base):
    """A line of a raw file: the story it holds, or what is wrong with it."""

    __tablename__ = "raw_lines"
    __table_args__ = (Index("ix_raw_lines_story_id", "story_id"),)

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    length: Mapped[int]
    number: Mapped[int]
    story_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    problem: Mapped[str | None] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
