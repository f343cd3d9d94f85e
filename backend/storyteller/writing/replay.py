"""What a reader hears of a run that is over: its log as it was told, or else how it stands."""

from collections.abc import Iterator

from pydantic import BaseModel

from storyteller.cache.base import Cache
from storyteller.errors import RequestRefused
from storyteller.library.manuscript import Manuscript
from storyteller.library.runs import INTERRUPTED, RunRecord
from storyteller.writing.events import (
    Blocked,
    Delta,
    Done,
    Failed,
    Replace,
    RunEvent,
    SceneDone,
    SceneStarted,
    Stopped,
)
from storyteller.writing.runlog import stored_events, without_text


async def past_events(
    cache: Cache, record: RunRecord, manuscript: Manuscript, after: int
) -> list[RunEvent]:
    """Return the events after `after` of a run that no longer lives in this process.

    A log without an end is one that a kill cut off: it is completed from the library, where the
    saved text takes the place of what was told. Ids go on rising, so that no reader waits for more.
    """
    stored = await stored_events(cache, record.id)
    if record.state == "blocked":
        # After a kill the copy may hold what was refused only at the next start.
        stored = [without_text(event) for event in stored]
    if stored and stored[-1].is_final:
        return stored[after:]
    start = max(after, len(stored))
    told = _as_it_stands(record, manuscript, is_first=start == 0)
    added = [RunEvent.of(start + number, data) for number, data in enumerate(told, start=1)]
    return stored[after:] + added


def _as_it_stands(
    record: RunRecord, manuscript: Manuscript, *, is_first: bool
) -> Iterator[BaseModel]:
    if record.state != "blocked" and record.scene_index < len(manuscript.scenes):
        scene = manuscript.scenes[record.scene_index]
        if is_first:
            yield SceneStarted(index=scene.index, title=scene.title)
            yield Delta(scene=scene.index, text=scene.text)
        else:
            yield Replace(scene=scene.index, start=0, text=scene.text)
        if record.state == "done":
            quality = record.quality
            yield SceneDone(index=scene.index, words=scene.words, quality=quality)
    yield _end(record)


def _end(record: RunRecord) -> BaseModel:
    match record.state:
        case "done":
            return Done(
                manuscript_id=record.manuscript_id,
                words=record.words,
                seconds=record.seconds,
                tokens=record.tokens,
                quality=record.quality,
            )
        case "stopped":
            return Stopped()
        case "blocked":
            refusal = RequestRefused()
            return Blocked(
                code=record.code or refusal.code, detail=record.detail or refusal.message
            )
    return Failed(
        code=record.code or "interrupted",
        detail=record.detail or INTERRUPTED,
        retryable=record.state != "error",
    )
