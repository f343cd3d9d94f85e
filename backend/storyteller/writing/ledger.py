"""All that a run writes down, in one thread and so in order: nothing late overtakes the end."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from storyteller.errors import StorytellerError
from storyteller.library.manuscripts import Manuscripts
from storyteller.library.runs import RunRecords

log = structlog.get_logger()

# Half of what may be lost at a kill, so that a slow disk has the other half.
_PAUSE = 0.5

P = ParamSpec("P")
T = TypeVar("T")


class Ledger:
    """Manuscripts and run records behind one thread."""

    def __init__(self, manuscripts: Manuscripts, records: RunRecords) -> None:
        self.manuscripts = manuscripts
        self.records = records
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a piece of work after all that was asked before it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(work, *args, **kwargs))

    def close(self) -> None:
        """Wait for what was asked."""
        self._thread.shutdown()


class Autosave:
    """Saves a growing text as soon as it grows, but at most twice a second."""

    def __init__(self, ledger: Ledger, save: Callable[[], None]) -> None:
        self._ledger = ledger
        self._save = save
        self._grown = asyncio.Event()
        self._task = asyncio.create_task(self._keep_saving())

    def mark(self) -> None:
        """Say that the text has grown."""
        self._grown.set()

    async def stop(self) -> None:
        """Save no more; what is being saved still is."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _keep_saving(self) -> None:
        while True:
            await self._grown.wait()
            self._grown.clear()
            try:
                await self._ledger.write(self._save)
            except StorytellerError as error:
                # The next word tries again; the end of the run tells the reader if none succeeds.
                log.warning("run.autosave_failed", code=error.code)
            except Exception:
                # Nobody waits for this task, so it would die without a word.
                log.exception("run.autosave_failed")
            await asyncio.sleep(_PAUSE)
