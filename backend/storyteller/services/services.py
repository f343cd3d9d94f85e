"""What the application can do: every use case that touches more than one part."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storyteller import __version__
from storyteller.cache.base import Cache
from storyteller.cache.rates import Rates
from storyteller.errors import Conflict, NotFound, StorytellerError
from storyteller.ingest.assembly import forget
from storyteller.ingest.manifest import State
from storyteller.ingest.reindex import reindex
from storyteller.library.manuscript import Manuscript
from storyteller.library.manuscripts import Manuscripts
from storyteller.library.runs import RunRecord, RunRecords
from storyteller.library.sessions import Sessions
from storyteller.llm.base import LanguageModel
from storyteller.metrics import CORPUS, CRAWL, QUEUE
from storyteller.retrieval.retriever import Retriever
from storyteller.retrieval.store import CorpusCounts
from storyteller.services.corpus import Corpus
from storyteller.services.crawls import last_crawl
from storyteller.services.status import (
    CorpusStatus,
    EmbedderStatus,
    ModelStatus,
    Part,
    QueueStatus,
    Readiness,
    Status,
    readiness,
    search_status,
)
from storyteller.writing.runs import Runs

# How long a delete waits for the processor; the text is gone before, the indexes follow.
REMOVAL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Services:
    """The open parts, handed to whoever needs them."""

    mode: Literal["embedded", "compose"]
    data_dir: Path
    corpus: Corpus
    retriever: Retriever
    model: LanguageModel
    cache: Cache
    rates: Rates
    manuscripts: Manuscripts
    run_records: RunRecords
    sessions: Sessions
    runs: Runs

    async def status(self) -> Status:
        """Look at everything once, for the page."""
        state = await self.model.state()
        counts, states = await asyncio.to_thread(self._counts)
        queue = self.runs.queue()
        return Status(
            version=__version__,
            mode=self.mode,
            model=ModelStatus(
                provider=self.model.provider,
                name=self.model.name,
                ready=state.ready,
                detail=state.detail,
            ),
            search=search_status(
                semantic=self.retriever.is_semantic, degraded=self.retriever.state().degraded
            ),
            embedder=EmbedderStatus(
                name=self.corpus.embedder.name, dimension=self.corpus.embedder.dimension
            ),
            corpus=CorpusStatus(
                stories=counts.stories,
                chunks=counts.chunks,
                refused=states.get(State.REFUSED, 0),
                pending=states.get(State.SEEN, 0),
            ),
            queue=QueueStatus(**asdict(queue)),
        )

    async def readiness(self) -> Readiness:
        """Ask every part whether it answers."""
        names = ("database", "chroma", "keywords", "redis", "model")
        checks = (
            asyncio.to_thread(self._database),
            asyncio.to_thread(self._chroma),
            asyncio.to_thread(self._keywords),
            self._cache(),
            self._model(),
        )
        return readiness(dict(zip(names, await asyncio.gather(*checks), strict=True)))

    async def measure(self) -> None:
        """Bring the gauges up to date that nobody sets on the way."""
        queue = self.runs.queue()
        QUEUE.labels("running").set(queue.running)
        QUEUE.labels("waiting").set(queue.waiting)
        counts, states = await asyncio.to_thread(self._counts)
        CORPUS.labels("stories").set(counts.stories)
        CORPUS.labels("chunks").set(counts.chunks)
        for state, number in states.items():
            CORPUS.labels(state).set(number)
        for kind, value in (await asyncio.to_thread(last_crawl, self.data_dir)).items():
            CRAWL.labels(kind).set(value)

    async def remove_story(self, story_id: str) -> None:
        """Take a story out of the corpus: unseen at once, out of every index soon after.

        Raises `NotFound`. Waits for the indexes, but not longer than `REMOVAL_SECONDS`.
        """
        corpus = self.corpus
        is_gone = await asyncio.to_thread(
            forget, story_id, manifest=corpus.manifest, store=corpus.store, queue=corpus.queue
        )
        if not is_gone:
            raise NotFound
        deadline = asyncio.get_running_loop().time() + REMOVAL_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            entry = await asyncio.to_thread(self.corpus.manifest.entry, story_id)
            if entry is None or entry.state is State.REMOVED:
                return
            # The processor is another process: the manifest is the only place it answers.
            await asyncio.sleep(0.1)

    def drain(self, progress: Callable[[int, int], None] = lambda _done, _total: None) -> None:
        """Work on everything that lies in the raw folder, here and now."""
        if self.corpus.ingest is not None:
            self.corpus.ingest.worker.drain(progress)

    def reindex(self, progress: Callable[[int, int], None]) -> None:
        """Make both indexes anew."""
        corpus = self.corpus
        if corpus.ingest is None:
            raise Conflict("Указатели принадлежат другому процессу.", code="not_the_writer")
        worker = corpus.ingest.worker
        reindex(worker, corpus.manifest, corpus.index, corpus.keywords, progress)

    def open_manuscript(self, manuscript_id: str) -> tuple[Manuscript, RunRecord | None]:
        """Return a manuscript and its newest run, which says whether it was interrupted."""
        manuscript = self.manuscripts.get(manuscript_id)
        records = self.run_records.of_manuscript(manuscript_id)
        return manuscript, records[0] if records else None

    def _counts(self) -> tuple[CorpusCounts, dict[str, int]]:
        return self.corpus.store.counts(), self.corpus.manifest.counts()

    def _database(self) -> Part:
        try:
            with self.corpus.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except (StorytellerError, SQLAlchemyError) as error:
            return Part(ok=False, detail=type(error).__name__)
        return Part(ok=True, detail=self.corpus.engine.dialect.name)

    def _chroma(self) -> Part:
        return Part(ok=self.corpus.index.ping())

    def _keywords(self) -> Part:
        try:
            return Part(ok=True, detail=f"{self.corpus.keywords.count()} chunks")
        except StorytellerError as error:
            return Part(ok=False, detail=error.code)

    async def _cache(self) -> Part:
        return Part(ok=await self.cache.ping(), detail=type(self.cache).__name__)

    async def _model(self) -> Part:
        state = await self.model.state()
        return Part(ok=state.ready, detail=self.model.name)
