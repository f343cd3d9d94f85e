"""Opens everything that the settings ask for, and closes it in the opposite order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager

from storyteller.cache.base import Cache
from storyteller.cache.memory import MemoryCache
from storyteller.cache.rates import Rates
from storyteller.config import Settings
from storyteller.ingest.starter import seed_starter
from storyteller.library.manuscripts import Manuscripts
from storyteller.library.runs import RunRecords
from storyteller.library.sessions import Sessions
from storyteller.retrieval.retriever import Retriever
from storyteller.services.corpus import Corpus, Role, open_corpus
from storyteller.services.models import open_model
from storyteller.services.services import Services
from storyteller.writing.runs import Runs
from storyteller.writing.writer import Writer


@asynccontextmanager
async def open_services(
    settings: Settings, *, serving: bool = True, anew: bool = False
) -> AsyncIterator[Services]:
    """Open the services; a server takes what was left unfinished for dead, and without a queue
    elsewhere it also ingests. `serving=False` is for one command of the CLI, which does neither.

    `anew` opens the indexes to be made anew by this process, wherever else a writer may be at
    home. Raises what `open_corpus` and `open_model` raise.
    """
    embedded = settings.redis_url is None
    async with AsyncExitStack() as stack:
        parts = stack.enter_context(ExitStack())
        role: Role = "work" if embedded or anew else "send"
        corpus = await asyncio.to_thread(open_corpus, settings, parts, role, anew=anew)
        model = await open_model(settings, corpus.store, stack)
        cache = await _open_cache(settings, stack)
        retriever = Retriever(corpus.store, corpus.index, corpus.keywords, corpus.embedder, cache)
        manuscripts, records = Manuscripts(corpus.engine), RunRecords(corpus.engine)
        if serving:
            # What a kill left unfinished is told as such before anybody asks.
            await asyncio.to_thread(records.interrupt_unfinished)
        runs = Runs(
            writer=Writer(model, retriever, top_k=settings.top_k),
            manuscripts=manuscripts,
            records=records,
            cache=cache,
            queue_limit=settings.queue_limit,
        )
        stack.push_async_callback(runs.close)
        if embedded and serving:
            await asyncio.to_thread(_start_ingest, corpus, parts)
        yield Services(
            mode="embedded" if embedded else "compose",
            data_dir=settings.data_dir,
            corpus=corpus,
            retriever=retriever,
            model=model,
            cache=cache,
            rates=Rates(
                settings.rate_limit, str(settings.redis_url) if settings.redis_url else None
            ),
            manuscripts=manuscripts,
            run_records=records,
            sessions=Sessions(corpus.engine),
            runs=runs,
        )


def _start_ingest(corpus: Corpus, stack: ExitStack) -> None:
    assert corpus.ingest is not None  # noqa: S101 - the embedded role has one
    seed_starter(corpus.raw_dir, corpus.manifest)
    corpus.ingest.worker.start()
    stack.callback(corpus.ingest.worker.stop)


async def _open_cache(settings: Settings, stack: AsyncExitStack) -> Cache:
    if settings.redis_url is None:
        return MemoryCache()
    from storyteller.cache.redis import RedisCache

    cache = RedisCache(str(settings.redis_url))
    stack.push_async_callback(cache.close)
    return cache
