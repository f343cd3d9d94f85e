"""The library's tables: what is kept of a manuscript, of its runs and of its readers' sessions.

A revision is a list of scene versions, so editing one scene of forty stores one scene. Nothing
is overwritten but the partial text of a running scene, which stands apart from the revisions.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storyteller.database import Base
from storyteller.database.types import UtcDateTime

# A random 128-bit number in hex.
ID = String(32)
Json = dict[str, Any]


def now() -> datetime:
    """Return this moment in UTC; every time in the library comes from here."""
    return datetime.now(UTC)


class ManuscriptRow(Base):
    """A manuscript: what was asked, and which revision is the current one."""

    __tablename__ = "manuscripts"
    __table_args__ = (Index("ix_manuscripts_updated_at_id", "updated_at", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    request: Mapped[Json] = mapped_column(JSON)
    revision: Mapped[int]
    words: Mapped[int]
    # Title and wish in one case and one spelling, for a search that knows Cyrillic.
    folded: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SceneVersionRow(Base):
    """One wording of a scene; never changed, only followed by another."""

    __tablename__ = "scene_versions"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    manuscript_id: Mapped[str] = mapped_column(
        ForeignKey("manuscripts.id", ondelete="CASCADE"), index=True
    )
    scene_id: Mapped[str] = mapped_column(ID)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    words: Mapped[int]
    sources: Mapped[list[Json]] = mapped_column(JSON)
    quality: Mapped[Json] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RevisionRow(Base):
    """One state of a manuscript: the versions of its scenes in order, and whence it came."""

    __tablename__ = "revisions"

    manuscript_id: Mapped[str] = mapped_column(
        ForeignKey("manuscripts.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # The revision this one was made from; None for the first.
    parent: Mapped[int | None]
    # What made it: create, write, continue, edit...
    cause: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(200))
    plan: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    bible: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    scenes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PartialRow(Base):
    """The scene that is being written now: overwritten as it grows, gone when its run ends."""

    __tablename__ = "partials"

    manuscript_id: Mapped[str] = mapped_column(
        ForeignKey("manuscripts.id", ondelete="CASCADE"), primary_key=True
    )
    cause: Mapped[str] = mapped_column(String(32))
    scene_id: Mapped[str] = mapped_column(ID)
    scene_index: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    sources: Mapped[list[Json]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RunRow(Base):
    """One generation: what was to be done and how it ended."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    manuscript_id: Mapped[str] = mapped_column(
        ForeignKey("manuscripts.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(32))
    arguments: Mapped[Json] = mapped_column(JSON)
    # queued, running, done, stopped, blocked, error, interrupted
    state: Mapped[str] = mapped_column(String(16), index=True)
    scene_index: Mapped[int]
    words: Mapped[int]
    tokens: Mapped[int]
    seconds: Mapped[float]
    quality: Mapped[Json] = mapped_column(JSON)
    # Of a blocked, failed or interrupted run: the code and the sentence the reader saw.
    code: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionRow(Base):
    """A reader who said they are an adult; the token itself is not kept, only its hash."""

    __tablename__ = "age_sessions"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
