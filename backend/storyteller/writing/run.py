"""One run: it waits, writes, is watched, and ends in exactly one way with its text in the library.

How a run ends decides what is kept. Done or stopped: the text up to the end of a sentence.
Broken off (the model, the program, a failure): every word that came, since `continue` goes on from
there and mends the seam. Blocked: nothing of it, anywhere.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import structlog
from pydantic import BaseModel

from storycore.language import count_words
from storycore.safety import ForbiddenContent
from storyteller.library.manuscript import Manuscript
from storyteller.library.runs import RunRecord
from storyteller.llm.base import Finish
from storyteller.metrics import RUNS
from storyteller.writing.draft import Draft, SceneDraft
from storyteller.writing.events import (
    Delta,
    Done,
    Queued,
    Replace,
    RunEvent,
    SceneDone,
    SceneStarted,
)
from storyteller.writing.guard import check_scene
from storyteller.writing.ledger import Autosave, Ledger
from storyteller.writing.line import Line
from storyteller.writing.outcome import UNFORESEEN, Outcome, Reason, outcome_of, outcome_of_error
from storyteller.writing.request import stored_request
from storyteller.writing.runlog import RunLog
from storyteller.writing.sentences import ending, finished
from storyteller.writing.writer import SceneTask, Writer

log = structlog.get_logger()

# A rest shorter than this isn't worth a run of its own; then the story grows by a whole measure.
_SMALLEST_REST = 200


class Run:
    """A run that lives in this process; begins as soon as it is made."""

    def __init__(
        self, record: RunRecord, writer: Writer, ledger: Ledger, line: Line, log_: RunLog
    ) -> None:
        self.record = record
        # Whether its end is written down, so that the manuscript is free for another run.
        self.is_over = False
        self._writer = writer
        self._ledger = ledger
        self._line = line
        self._log = log_
        self._draft = Draft()
        self._readers = 0
        self._leaving: asyncio.TimerHandle | None = None
        self._why: Reason = "stopped"
        # The scene's text as it stood in the library, and the part of it that is gone on with.
        self._original = self._before = ""
        self._tokens = 0
        self._started: float | None = None
        self._quality: dict[str, float] = {}
        self._autosave = Autosave(ledger, self._save_partial)
        self._ticket = line.join(self._tell_position)
        self._work = asyncio.create_task(self._wait_and_write())
        self._end = asyncio.create_task(self._finish())

    async def stop(self, why: Reason = "stopped") -> None:
        """Take the model away and return when the end is written; harmless when it is over."""
        if not self._work.done():
            self._why = why
            self._work.cancel()
        await asyncio.wait({self._end})

    async def events(
        self, after: int, *, grace_seconds: float, abandon: Callable[[], None]
    ) -> AsyncGenerator[RunEvent]:
        """Yield the events after `after` to its end.

        `abandon` is called when there was a reader and for `grace_seconds` there is none.
        """
        self._readers += 1
        if self._leaving is not None:
            self._leaving.cancel()
        try:
            async with aclosing(self._log.follow(after)) as events:
                async for event in events:
                    yield event
        finally:
            self._readers -= 1
            if not self._readers and not self._work.done():
                loop = asyncio.get_running_loop()
                self._leaving = loop.call_later(grace_seconds, abandon)

    # --- the work -----------------------------------------------------------------------------

    async def _wait_and_write(self) -> None:
        await self._ticket.turn.wait()
        self._started = time.monotonic()
        await self._ledger.write(self._ledger.records.begin, self.record.id)
        log.info("run.started", run_id=self.record.id, kind=self.record.kind)
        manuscript = await self._ledger.write(
            self._ledger.manuscripts.get, self.record.manuscript_id
        )
        task = self._open_scene(manuscript)
        async with aclosing(self._writer.write(task)) as events:
            async for event in events:
                match event:
                    case Finish(completion_tokens=tokens):
                        self._tokens = tokens
                    case SceneDone(quality=quality):
                        self._quality = quality
                        self._tell(event)
                    case _:
                        self._tell(event)
                # A model that answers from memory never waits, but its readers must get their turn.
                await asyncio.sleep(0)

    def _open_scene(self, manuscript: Manuscript) -> SceneTask:
        """Show the readers the scene as it stands and say what is to be added to it."""
        request = stored_request(manuscript.request)
        index = self.record.scene_index
        words = request.words
        self._tell(SceneStarted(index=index, title=manuscript.title))
        if index < len(manuscript.scenes):
            self._original = manuscript.scenes[index].text
            kept = finished(self._original)
            self._before = f"{kept}\n\n" if kept else ""
            self._tell(Replace(scene=index, start=0, text=self._before))
            rest = words - count_words(kept)
            words = rest if rest >= _SMALLEST_REST else words
        return SceneTask(request, manuscript.id, words, index, self._before)

    def _tell(self, event: BaseModel) -> None:
        """Tell the readers, and take the same into our own text: they can't differ."""
        self._draft.apply(event)
        self._log.add(event)
        if isinstance(event, Delta):
            self._autosave.mark()

    def _tell_position(self, position: int, eta_seconds: int) -> None:
        self._log.add(Queued(position=position, eta_seconds=eta_seconds))

    def _save_partial(self) -> None:
        scene = self._draft.scenes[self.record.scene_index]
        self._ledger.manuscripts.save_partial(
            self.record.manuscript_id,
            self.record.scene_index,
            scene.text,
            cause=self.record.kind,
            sources=scene.sources,
        )

    # --- the end ------------------------------------------------------------------------------

    async def _finish(self) -> None:
        await asyncio.wait({self._work})
        await self._autosave.stop()
        seconds = time.monotonic() - self._started if self._started is not None else 0.0
        outcome = outcome_of(self._work, self._why)
        last: BaseModel = UNFORESEEN
        try:
            outcome, last = await self._write_down(outcome, round(seconds, 3))
        finally:
            # Whatever happened, the line moves on and no reader waits for more.
            self.is_over = True
            self._line.leave(self._ticket, seconds if outcome.state == "done" else None)
            self._log.add(last)
            await self._log.close()
        if self._leaving is not None:
            self._leaving.cancel()
        RUNS.labels(outcome.state).inc()
        log.info("run.ended", run_id=self.record.id, state=outcome.state, seconds=seconds)

    async def _write_down(self, outcome: Outcome, seconds: float) -> tuple[Outcome, BaseModel]:
        """Put text and record into the library; return how it ended and the event that says so."""
        try:
            outcome, words = await self._keep_text(outcome)
        except Exception as error:
            log.exception("run.text_not_saved", run_id=self.record.id)
            outcome = outcome_of_error(error)
            words = 0
        event = outcome.event or Done(
            manuscript_id=self.record.manuscript_id,
            words=words,
            seconds=seconds,
            tokens=self._tokens,
            quality=self._quality,
        )
        try:
            await self._ledger.write(
                self._ledger.records.finish,
                self.record.id,
                outcome.state,
                words=words,
                tokens=self._tokens,
                seconds=seconds,
                quality=self._quality,
                code=getattr(event, "code", None),
                detail=getattr(event, "detail", None),
            )
        except Exception:
            # The next start finds the run unfinished and marks it; its text is kept already.
            log.exception("run.end_not_saved", run_id=self.record.id)
        return outcome, event

    async def _keep_text(self, outcome: Outcome) -> tuple[Outcome, int]:
        """Leave in the library what this ending keeps; return the words of the manuscript.

        The one place where a run's text is saved, and so where it is judged as a whole: text that
        is refused makes the run a blocked one, however it ended.
        """
        index = self.record.scene_index
        scene = self._draft.scenes.get(index)
        is_new = scene is not None and scene.text.rstrip() != self._before.rstrip()
        if outcome.state != "blocked" and scene is not None and is_new:
            if outcome.state == "stopped" and (cut := ending(scene.text)) is not None:
                self._tell(Replace(scene=index, start=cut[0], text=cut[1]))
            try:
                await asyncio.to_thread(check_scene, scene.text)
            except ForbiddenContent as refusal:
                outcome = outcome_of_error(refusal)
            else:
                return outcome, await self._ledger.write(self._save, scene)
        if outcome.state == "blocked":
            await self._log.wipe()
        if scene is not None:
            # Nothing of this run stays: the readers have the scene again as the library has it.
            self._tell(Replace(scene=index, start=0, text=self._original))
        return outcome, await self._ledger.write(self._drop_partial)

    def _save(self, scene: SceneDraft) -> int:
        saved = self._ledger.manuscripts.save_scene_text(
            self.record.manuscript_id,
            self.record.scene_index,
            scene.text,
            cause=self.record.kind,
            sources=scene.sources,
            quality=self._quality,
        )
        return saved.words

    def _drop_partial(self) -> int:
        self._ledger.manuscripts.drop_partial(self.record.manuscript_id)
        return self._ledger.manuscripts.get(self.record.manuscript_id).words
