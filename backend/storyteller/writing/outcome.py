"""How a run ended, told from what happened to its work."""

import asyncio
from dataclasses import dataclass
from typing import Literal

import structlog
from pydantic import BaseModel

from storycore.safety import ForbiddenContent, SafetyUnavailable
from storyteller.errors import (
    ContextExceeded,
    IndexMismatch,
    ModelInterrupted,
    RequestRefused,
    ServiceUnavailable,
    StorytellerError,
)
from storyteller.library.runs import INTERRUPTED, NOT_JUDGED, RunState
from storyteller.writing.events import Blocked, Failed, Stopped

log = structlog.get_logger()

Reason = Literal["stopped", "interrupted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state to record and the event to tell; `done` has none here, it needs its figures."""

    state: RunState
    event: BaseModel | None = None


def outcome_of(work: asyncio.Task[None], why: Reason) -> Outcome:
    """Return how finished work ended; `why` is what it was cancelled for, if it was."""
    if work.cancelled():
        return _outcome_of_cancel(why)
    error = work.exception()
    return Outcome("done") if error is None else outcome_of_error(error)


def outcome_of_error(error: BaseException) -> Outcome:
    """Return what becomes of a run that met an error, in the words the reader will see."""
    match error:
        case SafetyUnavailable(code=code):
            return Outcome("blocked", Blocked(code=code, detail=NOT_JUDGED))
        case ForbiddenContent(code=code):
            return Outcome("blocked", Blocked(code=code, detail=RequestRefused.message))
        case ModelInterrupted():
            return Outcome("interrupted", _failed(error, retryable=True))
        case StorytellerError():
            lasting = isinstance(error, ContextExceeded | IndexMismatch)
            retryable = isinstance(error, ServiceUnavailable) and not lasting
            return Outcome("error", _failed(error, retryable=retryable))
    log.error("run.failed", exc_info=error)
    return Outcome("error", UNFORESEEN)


def _outcome_of_cancel(why: Reason) -> Outcome:
    if why == "stopped":
        return Outcome("stopped", Stopped())
    event = Failed(code="interrupted", detail=INTERRUPTED, retryable=True)
    return Outcome("interrupted", event)


def _failed(error: StorytellerError, *, retryable: bool) -> Failed:
    return Failed(code=error.code, detail=error.message, retryable=retryable)


# What a reader is told of an error nobody foresaw; the log knows more.
UNFORESEEN = _failed(StorytellerError(), retryable=False)
