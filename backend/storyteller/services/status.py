"""What the page and the watching machine are told of the whole."""

from typing import Literal

from pydantic import BaseModel


class ModelStatus(BaseModel):
    """Who writes, and one sentence on how to get better."""

    provider: str
    name: str
    ready: bool
    detail: str


class SearchStatus(BaseModel):
    """Whether search knows meanings or only words."""

    semantic: bool
    degraded: bool
    detail: str


class EmbedderStatus(BaseModel):
    """What made the vectors."""

    name: str
    dimension: int


class CorpusStatus(BaseModel):
    """Stories and chunks that can be found, stories refused, stories still to come."""

    stories: int
    chunks: int
    refused: int
    pending: int


class QueueStatus(BaseModel):
    """Who writes and who waits."""

    running: int
    waiting: int
    limit: int


class Status(BaseModel):
    """The state of the studio at one look."""

    version: str
    mode: Literal["embedded", "compose"]
    model: ModelStatus
    search: SearchStatus
    embedder: EmbedderStatus
    corpus: CorpusStatus
    queue: QueueStatus


class Part(BaseModel):
    """One part of the system and whether it answers."""

    ok: bool
    detail: str = ""


class Readiness(BaseModel):
    """Ready when nothing is missing that the page can't do without; degraded when anything is."""

    ready: bool
    degraded: bool
    parts: dict[str, Part]


SEMANTIC = "Поиск по смыслу и по словам."
KEYWORDS_ONLY = (
    "Поиск только по словам: модель смысла не загружена. "
    "Загрузите её командой «make weights», затем выполните «storyteller reindex»."
)
DEGRADED = "Поиск временно неполон: один из указателей не отвечает."
# Without these nothing can be shown or found; a model or a cache that is away is bearable.
REQUIRED = frozenset({"database", "chroma", "keywords"})


def search_status(*, semantic: bool, degraded: bool) -> SearchStatus:
    """Say in one sentence how search works now."""
    detail = DEGRADED if degraded else SEMANTIC if semantic else KEYWORDS_ONLY
    return SearchStatus(semantic=semantic, degraded=degraded, detail=detail)


def readiness(parts: dict[str, Part]) -> Readiness:
    """Judge the parts."""
    missing = {name for name, part in parts.items() if not part.ok}
    return Readiness(ready=not missing & REQUIRED, degraded=bool(missing), parts=parts)
