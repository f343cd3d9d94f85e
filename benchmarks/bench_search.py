"""How long does a search take at 50 000 chunks, and what does it find of what exact search finds?

A Chroma server, the keyword index and the store are filled once with Russian classics (the
optional folder of test data; kept in benchmarks/results/search) and asked by sentences of theirs.
The limit stands in the same table: one exact numpy product over the same vectors, in this process.
"""

import argparse
import asyncio
import gzip
import hashlib
import json
import logging
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import structlog

from storycore.safety import SAFETY_VERSION
from storycore.story import Story
from storyteller.cache.memory import MemoryCache
from storyteller.database import open_database, sqlite_url
from storyteller.embedding import offline
from storyteller.embedding.base import Vectors
from storyteller.embedding.offline import OfflineEmbedder
from storyteller.ingest import splitter
from storyteller.ingest.splitter import SentenceSplitter
from storyteller.retrieval import keywords, tables, words
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.index import ChunkIndex, open_index
from storyteller.retrieval.keywords import KeywordIndex
from storyteller.retrieval.retriever import Retriever
from storyteller.retrieval.store import CorpusStore

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("SHARED_DIR") or HERE.parents[1] / "shared")
RUSLIT = SHARED / "corpus" / "ruslit.jsonl.gz"
RESULTS = HERE / "results" / "search"
# The first queries warm the caches of the disk and of Chroma, and are not counted.
WARM_UP = 20
SENTENCE = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True)
class Corpus:
    """Everything filled: vectors[i] belongs to ids[i], whose category is categories[i]."""

    folder: Path
    ids: list[str]
    categories: list[str]
    vectors: Vectors
    queries: list[str]


def prepare(chunks: int) -> Path:
    """Return a filled folder; it is made anew when the code that shapes its files has changed."""
    shapes = (tables, words, keywords, offline, splitter)
    code = b"".join(Path(module.__file__ or "").read_bytes() for module in shapes)
    folder = RESULTS / f"{chunks}-{hashlib.sha256(code).hexdigest()[:12]}"
    if not (folder / "queries.json").exists():
        shutil.rmtree(RESULTS, ignore_errors=True)
        folder.mkdir(parents=True)
        # In a process of its own, so that what it needs isn't counted as the memory of search.
        arguments = [__file__, "--chunks", str(chunks), "--fill", str(folder)]
        subprocess.run([sys.executable, *arguments], check=True)
    return folder


def fill(folder: Path, chunks: int) -> None:
    """Fill store, keyword index and Chroma."""
    began = time.perf_counter()
    engine = open_database(sqlite_url(folder / "storyteller.db"))
    store, embedder = CorpusStore(engine), OfflineEmbedder()
    by_words = KeywordIndex(folder / "keywords", writable=True)
    ids, categories, parts, texts = [], [], [], []
    with chroma(folder) as url:
        index = opened(url)
        for category, works in groupby(stories(chunks), key=lambda work: work[0].category):
            pieces = []
            for story, cut in works:
                store.put(story, cut)
                pieces += cut
            vectors = embedder.embed_passages([chunk.text for chunk in pieces])
            by_words.add(pieces, category)
            index.upsert(pieces, vectors, category)
            ids += [chunk.id for chunk in pieces]
            texts += [chunk.text for chunk in pieces]
            categories += [category] * len(pieces)
            parts.append(vectors)
            print(f"\r{len(ids)} chunks, {time.perf_counter() - began:.0f} s", end="", flush=True)
        by_words.commit()
        by_words.close()
        index.close()
    print()
    np.save(folder / "vectors.npy", np.concatenate(parts))
    (folder / "ids.json").write_text(json.dumps([ids, categories]))
    # Written last: it says that all the rest is there.
    (folder / "queries.json").write_text(json.dumps(questions(texts), ensure_ascii=False))


def stories(chunks: int) -> list[tuple[Story, list[Chunk]]]:
    """Return works with their chunks, so many in all; the author stands for a category."""
    cutter = SentenceSplitter()
    with gzip.open(RUSLIT, "rt", encoding="utf-8") as lines:
        works = [json.loads(line) for line in lines]
    # Shuffled before the cut, so that no author is cut off; sorted for large batches.
    random.Random(1).shuffle(works)
    chosen = []
    for work in works:
        facts = {"title": work["title"] or "Без названия", "category": work["author"]}
        story = Story.of(work["text"], source="ruslit", **facts)
        if pieces := cutter.split_story(story)[:chunks]:
            chosen.append((story, pieces))
        chunks -= len(pieces)
    return sorted(chosen, key=lambda work: work[0].category or "")


def questions(texts: list[str]) -> list[str]:
    """Return 300 sentences of 5 to 30 words: what a wish looks like to the indexes."""
    chosen = random.Random(2)
    found: list[str] = []
    while len(found) < 300:
        sentence = chosen.choice(SENTENCE.split(chosen.choice(texts)))
        if 5 <= len(sentence.split()) <= 30:
            found.append(sentence)
    return found


@contextmanager
def chroma(folder: Path) -> Iterator[str]:
    """Run a Chroma server over the folder; yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("chroma")
    arguments = ["run", "--path", str(folder / "chroma"), "--port", str(port)]
    with subprocess.Popen(
        [program, *arguments, "--host", "127.0.0.1"], stdout=subprocess.DEVNULL, cwd=folder
    ) as server:
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=60).close()
                break
            except OSError:
                time.sleep(0.1)
        RSS["Chroma"] = server.pid
        try:
            yield url
        finally:
            server.terminate()


RSS = {"this process": os.getpid()}


def opened(url: str) -> ChunkIndex:
    embedder = OfflineEmbedder()
    return open_index(
        url,
        HERE,
        embedder_name=embedder.name,
        dimension=embedder.dimension,
        chunker_version=SentenceSplitter().version,
        safety_version=SAFETY_VERSION,
    )


def load(folder: Path) -> Corpus:
    ids, categories = json.loads((folder / "ids.json").read_text())
    queries = json.loads((folder / "queries.json").read_text())
    return Corpus(folder, ids, categories, np.load(folder / "vectors.npy"), queries)


def measure(corpus: Corpus, url: str, queries: int) -> None:
    """Ask everything in turn, query by query, so that the machine's moods hit all alike."""
    embedder, index = OfflineEmbedder(), opened(url)
    by_words = KeywordIndex(corpus.folder / "keywords")
    store = CorpusStore(open_database(sqlite_url(corpus.folder / "storyteller.db")))
    retriever = Retriever(store, index, by_words, embedder, MemoryCache())
    rows = {chunk_id: row for row, chunk_id in enumerate(corpus.ids)}
    sizes = Counter(corpus.categories)
    ranked = [name for name, _ in sizes.most_common()]
    filters = {"broad": ranked[0], "middle": ranked[len(ranked) // 2], "rare": ranked[-1]}
    readings: dict[str, list[float]] = {}
    recalls: list[float] = []
    with asyncio.Runner() as runner:

        def search(query: str, category: str | None = None) -> object:
            return runner.run(retriever.search(query, 5, category))

        for number, query in enumerate(corpus.queries[: queries + WARM_UP]):
            vector = embedder.embed_query(query)
            scores, exact = timed(lambda v=vector: corpus.vectors @ v)
            near, semantic = timed(lambda v=vector: index.search(v, 50))
            _, asking = timed(lambda q=query: by_words.search(q, 50))
            _, loading = timed(lambda found=near: store.load(found[:5]))
            _, first = timed(lambda q=query: search(q))
            _, again = timed(lambda q=query: search(q))
            row = {
                "one exact product (the limit)": exact,
                "semantic: Chroma, 50 nearest": semantic,
                "keywords: both fields, 50 each": asking,
                "load: 5 texts": loading,
                "search, query not embedded before": first,
                "search, query's vector in the cache": again,
            }
            for kind, category in filters.items():
                share = sizes[category] / len(corpus.ids)
                _, row[f"search in a {kind} category ({share:.1%})"] = timed(
                    lambda q=query, c=category: search(q, c)
                )
            if number >= WARM_UP:
                for name, seconds in row.items():
                    readings.setdefault(name, []).append(seconds)
                recalls.append(recall(scores, [rows[chunk_id] for chunk_id in near[:10]]))
    index.close()
    report(readings, recalls)


def timed(call: Callable[[], object]) -> tuple[object, float]:
    began = time.perf_counter()
    answer = call()
    return answer, time.perf_counter() - began


def recall(scores: Vectors, found: list[int]) -> float:
    """Return how many of the found are at least as near as the tenth of exact search."""
    tenth = np.partition(scores, -10)[-10] - 1e-6
    return sum(scores[row] >= tenth for row in found) / 10


def report(readings: dict[str, list[float]], recalls: list[float]) -> None:
    limit = statistics.median(readings["one exact product (the limit)"])
    print(f"{'':40}{'p50 ms':>9}{'p95 ms':>9}{'p50/limit':>11}{'p95/p50':>9}")
    for name, seconds in readings.items():
        p50, p95 = np.percentile(seconds, [50, 95])
        numbers = f"{p50 * 1000:9.1f}{p95 * 1000:9.1f}{p50 / limit:11.2f}{p95 / p50:9.2f}"
        print(f"{name:40}{numbers}")
    print(f"recall@10 of the semantic side against exact search: {np.mean(recalls):.3f}")
    for name, pid in RSS.items():
        status = Path(f"/proc/{pid}/status")
        if status.exists():
            kilobytes = int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1])
            print(f"RSS of {name}: {kilobytes // 1024} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=50_000)
    parser.add_argument("--queries", type=int, default=150)
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # The guard refuses many a page of the classics; here that is no news.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    if not RUSLIT.exists():
        print(f"skipped: the optional folder of test data is not here: {RUSLIT}")
        return
    if options.fill:
        fill(options.fill, options.chunks)
        return
    folder = prepare(options.chunks)
    with chroma(folder) as url:
        measure(load(folder), url, options.queries)


if __name__ == "__main__":
    main()
