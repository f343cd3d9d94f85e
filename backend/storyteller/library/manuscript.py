"""A manuscript as values: what the library hands out and never takes back changed."""

from dataclasses import dataclass
from datetime import datetime

from storyteller.library.tables import Json


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene of a manuscript. `id` stays through every edit; `sources` are passages as JSON."""

    id: str
    index: int
    title: str
    text: str
    words: int
    sources: list[Json]
    quality: Json
    variants: list[Json]
    # Whether a run is still writing it; its text then grows from one look to the next.
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A manuscript at its current revision."""

    id: str
    title: str
    request: Json
    plan: Json | None
    bible: Json | None
    scenes: tuple[Scene, ...]
    words: int
    revision: int
    created_at: datetime
    updated_at: datetime

    @property
    def text(self) -> str:
        """The whole text, scene after scene."""
        return "\n\n".join(scene.text for scene in self.scenes if scene.text)


@dataclass(frozen=True, slots=True)
class ManuscriptSummary:
    """A manuscript as the library lists it."""

    id: str
    title: str
    wish: str
    words: int
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ManuscriptPage:
    """A page of the library, newest first; `next_cursor` is None on the last one."""

    items: tuple[ManuscriptSummary, ...]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of a manuscript's history."""

    number: int
    parent: int | None
    cause: str
    title: str
    words: int
    created_at: datetime
