"""All runs: who may begin, who is watching, and what became of those that are over.

A run is watched or it isn't. One that nobody ever watched (a script, the command line) goes to its
end; one whose last reader has been gone for `grace_seconds` is stopped, waiting or writing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from functools import partial

import structlog

from storyteller.cache.base import Cache
from storyteller.errors import Conflict, Malformed
from storyteller.library.manuscripts import Manuscripts
from storyteller.library.runs import RunRecord, RunRecords
from storyteller.writing.events import RunEvent
from storyteller.writing.guard import check_request
from storyteller.writing.ledger import Ledger
from storyteller.writing.line import Line, QueueState
from storyteller.writing.replay import past_events
from storyteller.writing.request import StoryRequest, stored_request
from storyteller.writing.run import Run
from storyteller.writing.runlog import RunLog, log_key
from storyteller.writing.title import make_title
from storyteller.writing.writer import Writer

log = structlog.get_logger()

# Runs that are over and still in memory, for readers who come back at once.
_REMEMBERED = 16


class Runs:
    """Begins, watches and stops runs; one writes at a time, `queue_limit` wait."""

    def __init__(
        self,
        manuscripts: Manuscripts,
        records: RunRecords,
        writer: Writer,
        cache: Cache,
        *,
        queue_limit: int = 8,
        grace_seconds: float = 30.0,
    ) -> None:
        self._ledger = Ledger(manuscripts, records)
        self._writer = writer
        self._cache = cache
        self._line = Line(queue_limit)
        self._grace_seconds = grace_seconds
        self._runs: OrderedDict[str, Run] = OrderedDict()
        # Manuscripts that a run is being prepared for.
        self._claimed: set[str] = set()
        self._leaving: set[asyncio.Task[None]] = set()

    async def begin(self, request: StoryRequest) -> tuple[str, str]:
        """Make a manuscript and write its first scene; return the ids of manuscript and run.

        Raises `RequestRefused` and `QueueFull` before anything is kept.
        """
        await asyncio.to_thread(check_request, request)
        with self._line.reserved():
            manuscript = await self._ledger.write(
                self._ledger.manuscripts.create,
                request.model_dump(mode="json"),
                make_title(request.wish),
            )
            run = await self._add(manuscript.id, "write", scene_index=0)
        return manuscript.id, run.record.id

    async def start(self, manuscript_id: str, kind: str) -> str:
        """Go on with a manuscript and return the id of the run; `kind` is `continue` for now.

        Raises `NotFound`, `Malformed` for a kind we don't know yet, `Conflict` when the manuscript
        is being written, `RequestRefused` when its text is refused today, and `QueueFull`.
        """
        with self._line.reserved(), self._claim(manuscript_id):
            manuscript = await self._ledger.write(self._ledger.manuscripts.get, manuscript_id)
            if kind != "continue":
                raise Malformed(
                    "Такого мы ещё не умеем. Историю можно продолжить.", code="kind_not_supported"
                )
            request = stored_request(manuscript.request)
            await asyncio.to_thread(check_request, request, manuscript.text)
            last = max(0, len(manuscript.scenes) - 1)
            run = await self._add(manuscript_id, kind, scene_index=last)
        return run.record.id

    async def state(self, run_id: str) -> RunRecord:
        """Return the record of a run; raises `NotFound`."""
        return await self._ledger.write(self._ledger.records.get, run_id)

    async def events(self, run_id: str, after: int = 0) -> AsyncGenerator[RunEvent]:
        """Yield the events of a run with ids above `after`, live to the one that ends it.

        Raises `NotFound`. Closing the iterator tells that the reader is gone.
        """
        run = self._runs.get(run_id)
        if run is None:
            for event in await self._past(run_id, after):
                yield event
            return
        abandon = partial(self._abandon, run)
        watched = run.events(after, grace_seconds=self._grace_seconds, abandon=abandon)
        async with aclosing(watched) as events:
            async for event in events:
                yield event

    async def stop(self, run_id: str) -> None:
        """Stop a run and return when its text is kept; one that is over stays as it is."""
        run = self._runs.get(run_id)
        if run is not None:
            await run.stop()
        else:
            await self.state(run_id)

    async def discard(self, manuscript_id: str) -> None:
        """Stop what is written in a manuscript and delete it, with every trace of its runs."""
        for run in [r for r in self._runs.values() if r.record.manuscript_id == manuscript_id]:
            await run.stop()
        ledger = self._ledger
        past = await ledger.write(ledger.records.of_manuscript, manuscript_id)
        await ledger.write(ledger.manuscripts.delete, manuscript_id)
        for record in past:
            self._runs.pop(record.id, None)
            await self._cache.delete(log_key(record.id))

    def queue(self) -> QueueState:
        """Return how many runs write and wait."""
        return self._line.state()

    async def close(self) -> None:
        """End every run as interrupted, with all that it wrote; for the end of the program."""
        living = [run for run in self._runs.values() if not run.is_over]
        await asyncio.gather(*(run.stop("interrupted") for run in living))
        await asyncio.to_thread(self._ledger.close)

    async def _add(self, manuscript_id: str, kind: str, *, scene_index: int) -> Run:
        record = await self._ledger.write(
            self._ledger.records.create, manuscript_id, kind, scene_index=scene_index
        )
        log_ = RunLog(record.id, self._cache)
        run = Run(record, self._writer, self._ledger, self._line, log_)
        self._runs[record.id] = run
        over = [run_id for run_id, run in self._runs.items() if run.is_over]
        for run_id in over[:-_REMEMBERED]:
            del self._runs[run_id]
        return run

    @contextmanager
    def _claim(self, manuscript_id: str) -> Iterator[None]:
        """Let one run at a time be made for a manuscript."""
        writes = any(
            run.record.manuscript_id == manuscript_id and not run.is_over
            for run in self._runs.values()
        )
        if writes or manuscript_id in self._claimed:
            raise Conflict("Эта рукопись уже пишется. Дождитесь конца.", code="run_active")
        self._claimed.add(manuscript_id)
        try:
            yield
        finally:
            self._claimed.discard(manuscript_id)

    async def _past(self, run_id: str, after: int) -> list[RunEvent]:
        record = await self.state(run_id)
        manuscript = await self._ledger.write(self._ledger.manuscripts.get, record.manuscript_id)
        return await past_events(self._cache, record, manuscript, after)

    def _abandon(self, run: Run) -> None:
        log.info("run.abandoned", run_id=run.record.id)
        leaving = asyncio.create_task(run.stop())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
