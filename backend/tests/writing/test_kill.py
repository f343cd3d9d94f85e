"""Kill -9 in the middle of a story: what a reader saw is in the library after the next start."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from storyteller.database import open_database, sqlite_url
from storyteller.library.manuscripts import Manuscripts
from storyteller.library.runs import RunRecords

# What may be lost, in seconds of telling; the promise of the outer interface.
LOSS = 2.0

WRITER = textwrap.dedent(
    """
    import asyncio, sys, time
    from pathlib import Path

    import structlog

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    sys.path.insert(0, sys.argv[2])
    from doubles import ScriptedModel, ScriptedSearch
    from storyteller.cache.memory import MemoryCache
    from storyteller.database import open_database, sqlite_url
    from storyteller.library.manuscripts import Manuscripts
    from storyteller.library.runs import RunRecords
    from storyteller.writing.request import StoryRequest
    from storyteller.writing.runs import Runs
    from storyteller.writing.writer import Writer


    class SlowModel(ScriptedModel):
        async def complete(self, prompt, sampling):
            for number in range(10_000):
                yield f"Волна номер {number} легла на берег. "
                await asyncio.sleep(0.02)


    async def main():
        engine = open_database(sqlite_url(Path(sys.argv[1])))
        writer = Writer(SlowModel([]), ScriptedSearch())
        runs = Runs(Manuscripts(engine), RunRecords(engine), writer, MemoryCache())
        manuscript_id, run_id = await runs.begin(StoryRequest(wish="Море"))
        print(manuscript_id, run_id, flush=True)
        length = 0
        async for event in runs.events(run_id):
            if event.name == "delta":
                length += len(event.data.text)
                print(time.time(), length, flush=True)


    asyncio.run(main())
    """
)


@pytest.mark.parametrize("seconds", [0.4, 3.0])
def test_a_killed_story_is_there_to_the_last_two_seconds(tmp_path: Path, seconds: float):
    database = tmp_path / "library.db"
    engine = open_database(sqlite_url(database))
    command = [sys.executable, "-c", WRITER, str(database), str(Path(__file__).parent)]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        manuscript_id, run_id = process.stdout.readline().split()
        seen = [process.stdout.readline().split()]
        while float(seen[-1][0]) - float(seen[0][0]) < seconds:
            seen.append(process.stdout.readline().split())
        process.kill()
        killed = time.time()
    shelf, records = Manuscripts(engine), RunRecords(engine)
    assert records.get(run_id).state == "running"
    assert records.interrupt_unfinished() == 1

    kept = shelf.get(manuscript_id)
    must_be_there = max([int(n) for moment, n in seen if float(moment) < killed - LOSS], default=1)
    assert records.get(run_id).state == "interrupted"
    assert len(kept.text) >= must_be_there
    story = "".join(f"Волна номер {number} легла на берег. " for number in range(10_000))
    assert story.startswith(kept.text)
    assert (kept.revision, kept.scenes[0].is_partial) == (2, False)
    engine.dispose()
