"""The record of every run: what it was to do, how far it came, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from storycore.safety import ForbiddenContent, SafetyUnavailable
from storyteller.errors import NotFound, RequestRefused
from storyteller.library.revisions import keep_partials
from storyteller.library.tables import Json, ManuscriptRow, RunRow, now
from storyteller.metrics import REFUSALS

log = structlog.get_logger()

RunState = Literal["queued", "running", "done", "stopped", "blocked", "error", "interrupted"]
UNFINISHED: tuple[RunState, ...] = ("queued", "running")
INTERRUPTED = (
    "Работа прервалась вместе с программой. Написанное сохранено, историю можно продолжить."
)

NOT_JUDGED = "Проверка текста не сработала, поэтому написанное не сохранено. Попробуйте ещё раз."


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as recorded; `seconds` count the writing, not the waiting."""

    id: str
    manuscript_id: str
    kind: str
    arguments: Json
    state: RunState
    scene_index: int
    words: int
    tokens: int
    seconds: float
    quality: Json
    code: str | None
    detail: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RunRecords:
    """The book of runs. Every method is one transaction; async callers put them in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        manuscript_id: str,
        kind: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        scene_index: int = 0,
    ) -> RunRecord:
        """Enter a run as queued; raises `NotFound` for an unknown manuscript."""
        row = RunRow(
            id=uuid4().hex,
            manuscript_id=manuscript_id,
            kind=kind,
            arguments=dict(arguments or {}),
            state="queued",
            scene_index=scene_index,
            words=0,
            tokens=0,
            seconds=0.0,
            quality={},
            created_at=now(),
        )
        with Session(self._engine) as session, session.begin():
            if session.get(ManuscriptRow, manuscript_id) is None:
                raise NotFound
            session.add(row)
            session.flush()
            return _record(row)

    def begin(self, run_id: str) -> None:
        """Note that a run has left the queue and writes."""
        self._update(run_id, state="running", started_at=now())

    def finish(
        self,
        run_id: str,
        state: RunState,
        *,
        words: int = 0,
        tokens: int = 0,
        seconds: float = 0.0,
        quality: Mapping[str, Any] | None = None,
        code: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Note how a run ended; a run that was deleted meanwhile is no error."""
        self._update(
            run_id,
            state=state,
            words=words,
            tokens=tokens,
            seconds=seconds,
            quality=dict(quality or {}),
            code=code,
            detail=detail,
            finished_at=now(),
        )

    def get(self, run_id: str) -> RunRecord:
        """Return a run; raises `NotFound`."""
        with Session(self._engine) as session:
            row = session.get(RunRow, run_id)
            if row is None:
                raise NotFound
            return _record(row)

    def of_manuscript(self, manuscript_id: str) -> tuple[RunRecord, ...]:
        """Return the runs of a manuscript, the newest first."""
        with Session(self._engine) as session:
            rows = session.scalars(
                select(RunRow)
                .where(RunRow.manuscript_id == manuscript_id)
                .order_by(RunRow.created_at.desc(), RunRow.id)
            )
            return tuple(_record(row) for row in rows)

    def interrupt_unfinished(self) -> int:
        """Mark the runs that a kill left unfinished, keep their text, return their number.

        For the start of the one process that writes: it takes every unfinished run for dead.
        Text that is refused when it is read as a whole is dropped, and its run is a blocked one.
        """
        with Session(self._engine) as session, session.begin():
            refused = keep_partials(session)
            rows = session.scalars(select(RunRow).where(RunRow.state.in_(UNFINISHED))).all()
            for row in rows:
                row.state, row.code, row.detail = _ending(refused.get(row.manuscript_id))
                row.finished_at = now()
            return len(rows)

    def _update(self, run_id: str, **facts: object) -> None:
        with Session(self._engine) as session, session.begin():
            row = session.get(RunRow, run_id)
            if row is not None:
                for name, value in facts.items():
                    setattr(row, name, value)


def _ending(refusal: ForbiddenContent | None) -> tuple[RunState, str, str]:
    """Return state, code and sentence of a killed run, from what the guard said of its text."""
    if refusal is None:
        return "interrupted", "interrupted", INTERRUPTED
    REFUSALS.labels("output", refusal.code).inc()
    log.warning("library.partial_refused", code=refusal.code, rule=refusal.rule)
    if isinstance(refusal, SafetyUnavailable):
        return "blocked", refusal.code, NOT_JUDGED
    return "blocked", refusal.code, RequestRefused.message


def _record(row: RunRow) -> RunRecord:
    return RunRecord(
        id=row.id,
        manuscript_id=row.manuscript_id,
        kind=row.kind,
        arguments=row.arguments,
        state=row.state,  # type: ignore[arg-type]
        scene_index=row.scene_index,
        words=row.words,
        tokens=row.tokens,
        seconds=row.seconds,
        quality=row.quality,
        code=row.code,
        detail=row.detail,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
