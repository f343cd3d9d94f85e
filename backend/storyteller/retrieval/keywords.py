"""The keyword index: tantivy over dictionary forms and three-letter pieces, ranked by BM25.

One process writes (a second one is told so), any number read and see each commit at their next
search. The text itself isn't kept here: a hit is a chunk's id.
"""

import math
import shutil
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy

from storyteller.errors import IndexMismatch, IndexUnavailable
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.spelling import repair
from storyteller.retrieval.words import STOP_WORDS, lemma, split_words, trigrams

# Queries up to this long are wishes, where stop words only blur; in a whole sentence they help
# a little (1 point of nDCG@10 on sentences of prose, the other way round on questions).
_SHORT = 16
# Of a longer query the rarest words decide; the rest costs time and hardly moves BM25.
_MOST_WORDS = 40
# Each takes a few milliseconds; whoever mistypes more than this in one wish isn't helped by us.
_MOST_REPAIRS = 8
# tantivy refuses less than 15 MB for its one writing thread; this holds some 20 thousand chunks.
_WRITER_BYTES = 64_000_000

_LOCKED = (
    "Индекс слов уже открыт на запись другим процессом: остановите второй processor "
    "(или второй «storyteller serve») и повторите."
)
_FOREIGN = "Индекс слов построен другой версией программы. Выполните «storyteller reindex»."


@dataclass(frozen=True, slots=True)
class KeywordHits:
    """Chunk ids by dictionary forms and by three-letter pieces, each best first."""

    lemma: list[str]
    trigram: list[str]


class KeywordIndex:
    """Opened for writing by one process, for reading by any."""

    def __init__(self, path: Path, *, writable: bool = False, anew: bool = False) -> None:
        """Open the index in folder `path`; only a writer creates it.

        Raises `IndexUnavailable` when another process writes, `IndexMismatch` when the index was
        made by a version of the program that analysed words otherwise; a writer that will fill it
        `anew` throws such a one away.
        """
        self._path = path
        self._schema = _schema()
        self._lock = threading.Lock()
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None
        self._seen: tuple[int, int] | None = None
        if writable:
            path.mkdir(parents=True, exist_ok=True)
            self._index = _open(self._schema, path, anew=anew)
            self._writer = _lock_for_writing(self._index)

    def add(self, chunks: Iterable[Chunk], category: str | None) -> None:
        """Add chunks, replacing those of the same ids; they are found after `commit`."""
        writer = self._require_writer()
        for chunk in chunks:
            document = self._document(chunk, category)
            with self._lock:
                writer.delete_documents_by_term("id", chunk.id)
                writer.add_document(document)

    def delete_story(self, story_id: str) -> None:
        """Forget the chunks of a story, from the next `commit` on."""
        with self._lock:
            self._require_writer().delete_documents_by_term("story_id", story_id)

    def commit(self) -> None:
        """Make what was added and deleted durable and visible."""
        with self._lock:
            self._require_writer().commit()

    def drop(self) -> None:
        """Empty the index, at once."""
        with self._lock:
            self._require_writer().delete_all_documents()
            self._require_writer().commit()

    def close(self) -> None:
        """Let the next writer in; what was not committed is gone."""
        with self._lock:
            self._writer = None
            self._index = None

    def count(self) -> int:
        """Return how many chunks are in it."""
        searcher = self._searcher()
        return int(searcher.num_docs) if searcher else 0

    def search(self, query: str, limit: int, category: str | None = None) -> KeywordHits:
        """Return the best `limit` chunk ids of each field; none for a query without words."""
        searcher = self._searcher()
        words = split_words(query)
        if searcher is None or not words:
            return KeywordHits([], [])
        forms = _choose(words, searcher)
        pieces = dict.fromkeys(piece for word in forms for piece in trigrams(word))
        return KeywordHits(
            self._find(searcher, "lemma", dict.fromkeys(forms.values()), limit, category),
            self._find(searcher, "trigram", pieces, limit, category),
        )

    def share(self, category: str) -> float:
        """Return which part of all chunks is in a category, from 0 to 1."""
        searcher = self._searcher()
        if searcher is None or not searcher.num_docs:
            return 0.0
        return min(1.0, searcher.doc_freq("category", category) / searcher.num_docs)

    def keep(self, chunk_ids: Sequence[str], category: str) -> list[str]:
        """Return those of the chunks that are in a category, in the given order."""
        searcher = self._searcher()
        if searcher is None or not chunk_ids:
            return []
        wanted = tantivy.Query.term_set_query(self._schema, "id", list(chunk_ids))
        both = self._in_category(wanted, category)
        inside = set(_ids(searcher, both, len(chunk_ids)))
        return [chunk_id for chunk_id in chunk_ids if chunk_id in inside]

    def _find(
        self,
        searcher: tantivy.Searcher,
        field: str,
        terms: Iterable[str],
        limit: int,
        category: str | None,
    ) -> list[str]:
        # Built from terms, never parsed: a reader's quotes and brackets are no query language.
        any_of = tantivy.Query.boolean_query(
            [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.term_query(self._schema, field, term, index_option="freq"),
                )
                for term in terms
            ]
        )
        query = self._in_category(any_of, category) if category is not None else any_of
        return _ids(searcher, query, limit)

    def _in_category(self, query: tantivy.Query, category: str) -> tantivy.Query:
        # It adds the same to every score, so it doesn't reorder.
        exact = tantivy.Query.term_query(self._schema, "category", category, index_option="basic")
        must = tantivy.Occur.Must
        return tantivy.Query.boolean_query([(must, exact), (must, query)])

    def _document(self, chunk: Chunk, category: str | None) -> tantivy.Document:
        words = split_words(chunk.text)
        fields: dict[str, Any] = {
            "id": chunk.id,
            "story_id": chunk.story_id,
            "word": " ".join(words),
            "lemma": " ".join(map(lemma, words)),
            "trigram": " ".join(piece for word in words for piece in trigrams(word)),
        }
        if category is not None:
            fields["category"] = category
        return tantivy.Document(**fields)

    def _searcher(self) -> tantivy.Searcher | None:
        """Return a view of the last commit, whoever made it; None before the first."""
        meta = self._path / "meta.json"
        try:
            stat = meta.stat()
        except FileNotFoundError:
            return None
        # A commit replaces the file; asking the file is 100 times cheaper than reloading.
        seen = (stat.st_ino, stat.st_mtime_ns)
        with self._lock:
            if self._index is None:
                self._index = _open(self._schema, self._path)
            if seen != self._seen:
                self._index.reload()
                self._seen = seen
            return self._index.searcher()

    def _require_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            raise IndexUnavailable(_LOCKED, code="index_read_only")
        return self._writer


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("story_id", "category"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    # Analysed by us, so that tantivy has only spaces to split at. No positions: nobody asks for
    # phrases, and they would double the index.
    for name in ("lemma", "trigram"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    # The forms as written: what spelling is repaired by.
    builder.add_text_field("word", tokenizer_name="whitespace", index_option="basic")
    return builder.build()


def _open(schema: tantivy.Schema, path: Path, *, anew: bool = False) -> tantivy.Index:
    try:
        index = tantivy.Index(schema, path=str(path))
    except ValueError as error:
        if not anew:
            raise IndexMismatch(_FOREIGN) from error
        shutil.rmtree(path)
        path.mkdir()
        index = tantivy.Index(schema, path=str(path))
    except OSError as error:
        raise IndexUnavailable from error
    index.config_reader(reload_policy="manual")
    return index


def _lock_for_writing(index: tantivy.Index) -> tantivy.IndexWriter:
    try:
        return index.writer(heap_size=_WRITER_BYTES, num_threads=1)
    except ValueError as error:
        raise IndexUnavailable(_LOCKED, code="index_locked") from error


def _choose(words: Sequence[str], searcher: tantivy.Searcher) -> dict[str, str]:
    """Return the words that shall decide, each with its dictionary form."""
    forms = {word: lemma(word) for word in words}
    if len(words) <= _SHORT:
        told = {w: f for w, f in forms.items() if w not in STOP_WORDS and f not in STOP_WORDS}
        # A query of nothing but stop words is still a query.
        forms = told or forms
    known = {word: searcher.doc_freq("lemma", form) for word, form in forms.items()}
    if len(forms) > _MOST_WORDS:
        # Words that the corpus doesn't know come last: they can only help by their pieces.
        rarest = sorted(forms, key=lambda word: known[word] or math.inf)
        forms = {word: forms[word] for word in rarest[:_MOST_WORDS]}
    unknown = [word for word in forms if not known[word]]
    for word in unknown[:_MOST_REPAIRS]:
        better = repair(word, lambda other: searcher.doc_freq("word", other))
        del forms[word]
        forms[better] = lemma(better)
    return forms


def _ids(searcher: tantivy.Searcher, query: tantivy.Query, limit: int) -> list[str]:
    hits = searcher.search(query, limit, count=False).hits
    return [str(searcher.doc(address)["id"][0]) for _, address in hits]
