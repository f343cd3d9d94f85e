"""What a reader is told while a story is written, event by event, as in the outer interface.

Positions in texts count characters. A scene's text holds nothing beyond the Basic Multilingual
Plane (the writer sees to it), so a character is the same thing in Python and in JavaScript.
"""

import json
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field


class _Event(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True
    )


class Queued(_Event):
    """The run waits: 1 is next. Told again whenever the position falls."""

    position: int
    eta_seconds: int


class PlanMade(_Event):
    """The plan of the whole story, before its first scene."""

    title: str
    scenes: list[dict[str, Any]]
    characters: list[dict[str, Any]]


class SceneStarted(_Event):
    """A scene begins; its text is empty until something is added."""

    index: int
    title: str


class SourcePassage(_Event):
    """A passage of the corpus that the model was shown; fields as in the answer of a search."""

    chunk_id: str
    story_id: str
    title: str
    author: str | None
    url: str | None
    category: str | None
    text: str
    score: float
    semantic_rank: int | None
    keyword_rank: int | None


class Sources(_Event):
    """What the corpus gave for a scene."""

    scene: int
    passages: list[SourcePassage]


class Delta(_Event):
    """Text to add to the end of a scene."""

    scene: int
    text: str


class Replace(_Event):
    """From character `from` on, the scene's text is `text` now."""

    scene: int
    start: int = Field(alias="from", ge=0)
    text: str


class Notice(_Event):
    """Something the reader should know, while the work goes on."""

    code: str
    detail: str


class SceneDone(_Event):
    """A scene has its final text, and these are its figures."""

    index: int
    words: int
    quality: dict[str, float]


class Done(_Event):
    """The run reached its end."""

    manuscript_id: str
    words: int
    seconds: float
    tokens: int
    quality: dict[str, float]


class Stopped(_Event):
    """The reader stopped the run, or left; what was written is kept."""


class Blocked(_Event):
    """The guard stopped the run; what it wrote is nowhere any more."""

    code: str
    detail: str


class Failed(_Event):
    """The run broke off; what was written is kept."""

    code: str
    detail: str
    retryable: bool


EVENTS: dict[str, type[_Event]] = {
    "queued": Queued,
    "plan": PlanMade,
    "scene": SceneStarted,
    "sources": Sources,
    "delta": Delta,
    "replace": Replace,
    "notice": Notice,
    "scene_done": SceneDone,
    "done": Done,
    "stopped": Stopped,
    "blocked": Blocked,
    "error": Failed,
}
_NAMES = {model: name for name, model in EVENTS.items()}
# Exactly one of these ends a run.
FINAL = frozenset({"done", "stopped", "blocked", "error"})


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One entry of a run's log: numbered from 1, without gaps."""

    id: int
    name: str
    data: BaseModel

    @classmethod
    def of(cls, number: int, data: BaseModel) -> Self:
        """Number an event; its name follows from its type."""
        return cls(number, _NAMES[type(data)], data)  # type: ignore[index]

    @property
    def is_final(self) -> bool:
        """Whether the run is over with this."""
        return self.name in FINAL

    def to_json(self) -> bytes:
        """Return the event as one line for the stored log."""
        return b'{"id":%d,"name":"%s","data":%s}' % (
            self.id,
            self.name.encode(),
            self.data.model_dump_json().encode(),
        )

    @classmethod
    def from_json(cls, line: bytes) -> Self:
        """Read an event of the stored log; raises `ValueError` when it isn't one."""
        entry = json.loads(line)
        if not isinstance(entry, dict) or entry.get("name") not in EVENTS:
            raise ValueError("not a run event")
        name = entry["name"]
        return cls(int(entry["id"]), name, EVENTS[name].model_validate(entry["data"]))
