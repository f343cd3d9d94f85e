"""What was told of a run, kept so that every reader hears all of it exactly once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import structlog
from pydantic import BaseModel

from storyteller.cache.base import Cache
from storyteller.writing.events import Delta, Replace, RunEvent

log = structlog.get_logger()

# How long a reader may be away and still hear the rest as it was told; after that the text itself
# is in the library.
LOG_SECONDS = 24 * 3600
# The copy in the cache is written this often at most, several events at a time.
_MIRROR_SECONDS = 0.2


def log_key(run_id: str) -> str:
    """Return where the copy of a run's log lies in the cache."""
    return f"run:{run_id}"


async def stored_events(cache: Cache, run_id: str) -> list[RunEvent]:
    """Return the copy of a log, up to the first event that can't be read or is out of order."""
    events: list[RunEvent] = []
    for entry in await cache.entries(log_key(run_id)):
        for line in entry.splitlines():
            try:
                event = RunEvent.from_json(line)
            except (ValueError, KeyError, TypeError):
                log.warning("run.log_unreadable", run_id=run_id)
                return events
            if event.id != len(events) + 1:
                return events
            events.append(event)
    return events


def without_text(event: RunEvent) -> RunEvent:
    """Return an event in its place, without a word of the story."""
    match event.data:
        case Delta(scene=scene):
            return RunEvent.of(event.id, Delta(scene=scene, text=""))
        case Replace(scene=scene):
            return RunEvent.of(event.id, Replace(scene=scene, start=0, text=""))
    return event


class RunLog:
    """The events of a living run, numbered from 1; copied to the cache as they come."""

    def __init__(self, run_id: str, cache: Cache) -> None:
        self._key = log_key(run_id)
        self._cache = cache
        self._events: list[RunEvent] = []
        self._news = asyncio.Event()
        self._is_closed = False
        self._mirrored = 0
        self._has_ended = asyncio.Event()
        self._mirror = asyncio.create_task(self._keep_mirroring())

    def add(self, data: BaseModel) -> RunEvent:
        """Tell something to every reader, now and later."""
        event = RunEvent.of(len(self._events) + 1, data)
        self._events.append(event)
        self._wake()
        return event

    async def follow(self, after: int = 0) -> AsyncGenerator[RunEvent]:
        """Yield the events with ids above `after`, then the new ones, to the end of the run."""
        place = min(after, len(self._events))
        while True:
            news = self._news
            while place < len(self._events):
                yield self._events[place]
                place += 1
            if self._is_closed:
                return
            await news.wait()

    async def wipe(self) -> None:
        """Take the text out of every event, here and in the copy; the numbers stay."""
        self._events = [without_text(event) for event in self._events]
        await self._stop_mirroring()
        await self._cache.delete(self._key)
        self._mirrored = 0

    async def close(self) -> None:
        """End the log: readers are let go after its last event, the copy is completed."""
        self._is_closed = True
        self._wake()
        await self._stop_mirroring()
        await self._copy()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _keep_mirroring(self) -> None:
        while not self._has_ended.is_set():
            news = self._news
            if self._mirrored == len(self._events):
                await news.wait()
            await self._copy()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._has_ended.wait(), _MIRROR_SECONDS)

    async def _copy(self) -> None:
        fresh = self._events[self._mirrored :]
        if fresh:
            self._mirrored += len(fresh)
            entry = b"\n".join(event.to_json() for event in fresh)
            await self._cache.append(self._key, entry, ttl=LOG_SECONDS)

    async def _stop_mirroring(self) -> None:
        """Let a copy that is on its way arrive: nothing may follow what is written after this."""
        self._has_ended.set()
        self._wake()
        await self._mirror
