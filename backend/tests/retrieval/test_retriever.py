"""A whole search over real indexes, and what is left of it when one of them sleeps."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import REGISTRY

from storycore.story import Story
from storyteller.cache.memory import MemoryCache
from storyteller.embedding.base import Vectors
from storyteller.embedding.offline import OfflineEmbedder
from storyteller.errors import IndexUnavailable, ModelUnavailable
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.index import ChunkIndex, open_index
from storyteller.retrieval.keywords import KeywordIndex
from storyteller.retrieval.retriever import Retriever
from storyteller.retrieval.store import CorpusStore

SEA = "Они шли вдоль моря, держась за руки, и молчали о самом важном."
GARDEN = "В старом саду цвели яблони, и Анна ждала письма из далёкого города."
TRAIN = "Инженер Соколов вернулся в город ночным поездом под самый Новый год."
SAILS = "Море шумело за окном, и двое взрослых людей пили чай и смеялись."


class Known(OfflineEmbedder):
    """The shipped offline vectors, said to know meanings, with a count of what was asked."""

    is_semantic = True
    name = "known"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed_query(self, text: str) -> Vectors:
        self.asked.append(text)
        return super().embed_query(text)


class Corpus:
    """A store and both indexes, filled together."""

    def __init__(self, store: CorpusStore, index: ChunkIndex, keywords: KeywordIndex) -> None:
        self.store, self.index, self.keywords = store, index, keywords
        self.embedder = Known()

    def put(self, text: str, category: str | None = None, **facts: str) -> str:
        story = Story.of(text, category=category, **{"source": "test", "title": "Рассказ", **facts})
        chunk = Chunk(f"{story.id}-0", story.id, 0, 0, len(story.text), story.text)
        self.store.put(story, [chunk])
        self.index.upsert([chunk], OfflineEmbedder().embed_passages([chunk.text]), category)
        self.keywords.add([chunk], category)
        self.keywords.commit()
        return chunk.id

    def retriever(self, **parts: object) -> Retriever:
        return Retriever(
            **{
                "store": self.store,
                "index": self.index,
                "keywords": self.keywords,
                "embedder": self.embedder,
                "cache": MemoryCache(),
                **parts,
            }
        )


@pytest.fixture
def open_corpus(tmp_path: Path, store: CorpusStore) -> Iterator[Callable[[str | None], Corpus]]:
    opened: list[Corpus] = []

    def open_at(url: str | None) -> Corpus:
        index = open_index(
            url,
            tmp_path / "chroma",
            embedder_name="known",
            dimension=OfflineEmbedder.dimension,
            chunker_version="sentences-1",
            safety_version="1",
            pause_seconds=0.0,
        )
        opened.append(Corpus(store, index, KeywordIndex(tmp_path / "keywords", writable=True)))
        return opened[-1]

    yield open_at
    for corpus in opened:
        corpus.index.close()
        corpus.keywords.close()


@pytest.fixture
def corpus(open_corpus: Callable[[str | None], Corpus]) -> Corpus:
    pytest.importorskip("chromadb_rust_bindings", reason="chromadb-client has no database in it")
    return open_corpus(None)


async def test_finds_a_passage_with_its_story_and_its_ranks(corpus: Corpus):
    sea = corpus.put(SEA, "drama", title="У воды")
    corpus.put(TRAIN)

    (first, *_) = await corpus.retriever().search("прогулка у моря, они держатся за руки", 5)

    assert (first.chunk_id, first.title, first.category) == (sea, "У воды", "drama")
    assert first.text == SEA
    assert (first.semantic_rank, first.keyword_rank, first.trigram_rank) == (1, 1, 1)
    assert first.score == pytest.approx(2.5 / 61)


async def test_gives_no_more_than_asked_for(corpus: Corpus):
    for text in (SEA, GARDEN, TRAIN, SAILS):
        corpus.put(text)
    retriever = corpus.retriever()

    assert len(await retriever.search("море и город", 2)) == 2
    assert await retriever.search("море и город", 0) == []


@pytest.mark.parametrize("query", ["", "  ", "?!… — «»"])
async def test_a_query_without_words_finds_nothing(corpus: Corpus, query: str):
    corpus.put(SEA)

    assert await corpus.retriever().search(query, 5) == []


async def test_stop_words_alone_are_no_error(corpus: Corpus):
    corpus.put(SEA)

    assert await corpus.retriever().search("и о", 5)


async def test_an_empty_corpus_finds_nothing(corpus: Corpus):
    assert await corpus.retriever().search("море", 5) == []


async def test_a_category_is_the_only_one_found(corpus: Corpus):
    corpus.put(SEA, "drama")
    other = corpus.put(SAILS, "comedy")
    corpus.put(GARDEN)

    found = await corpus.retriever().search("море", 5, "comedy")

    assert [passage.chunk_id for passage in found] == [other]
    assert found[0].semantic_rank == 1


@pytest.mark.parametrize("expected", [0.001, 0.5])
async def test_a_rare_category_is_found_behind_a_thousand_nearer_chunks(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, expected: float
):
    wish = "море, руки и молчание"
    rare = corpus.put("Совсем о другом: лошадь, поле, дорога.", "rare")
    crowd = [Chunk(f"c{n}", "crowd", n, 0, 0, wish) for n in range(1100)]
    noise = np.random.default_rng(7).standard_normal((1100, OfflineEmbedder.dimension))
    near = OfflineEmbedder().embed_query(wish) + 0.02 * noise
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    corpus.index.upsert(crowd, near.astype(np.float32), "common")

    # Told to expect it in every second chunk, it looks among the nearest first.
    monkeypatch.setattr(corpus.keywords, "share", lambda _: expected)

    found = await corpus.retriever().search(wish, 5, "rare")

    assert [(passage.chunk_id, passage.semantic_rank) for passage in found] == [(rare, 1)]


async def test_what_is_no_longer_in_the_store_is_not_found(corpus: Corpus):
    gone, stays = corpus.put(SEA), corpus.put(SAILS)
    corpus.store.delete(gone.removesuffix("-0"))

    found = await corpus.retriever().search("море", 1)

    assert [passage.chunk_id for passage in found] == [stays]


def _refused() -> float:
    labels = {"stage": "passage", "code": "minor_content"}
    return REGISTRY.get_sample_value("storyteller_refusals_total", labels) or 0.0


async def test_a_passage_that_the_guard_refuses_is_dropped_and_counted(corpus: Corpus):
    # As if indexed before the rules knew it: ingest would not have let it in.
    corpus.put("Море. Героиня этой сцены — несовершеннолетняя: [сцена].")
    stays = corpus.put(SAILS)
    retriever, before = corpus.retriever(), _refused()

    found = await retriever.search("море", 5)
    again = await retriever.search("море", 5)

    assert [passage.chunk_id for passage in found] == [stays]
    assert again == found
    assert _refused() == before + 1


@pytest.mark.parametrize("field", ["title", "author", "category"])
async def test_what_a_passage_shows_beside_its_text_is_guarded_too(corpus: Corpus, field: str):
    corpus.put(SEA, **{field: "Несовершеннолетняя"})
    stays = corpus.put(SAILS, title="У воды", author="Анна Лес")

    found = await corpus.retriever().search("море", 5)

    assert [passage.chunk_id for passage in found] == [stays]


async def test_a_verdict_is_of_a_passage_as_it_is_shown(corpus: Corpus):
    shown = corpus.put(SEA)
    retriever = corpus.retriever()
    assert [passage.chunk_id for passage in await retriever.search("море", 5)] == [shown]

    # The same text under another title has the same id.
    corpus.put(SEA, title="Несовершеннолетняя")

    assert await retriever.search("море", 5) == []


async def test_the_same_query_is_embedded_once(corpus: Corpus):
    corpus.put(SEA)
    retriever = corpus.retriever()

    first = await retriever.search("море", 5)
    second = await retriever.search("море", 5)

    assert first == second
    assert corpus.embedder.asked == ["море"]


async def test_without_a_model_words_decide(corpus: Corpus):
    corpus.put(SEA)
    retriever = corpus.retriever(embedder=OfflineEmbedder())

    assert not retriever.is_semantic
    assert (await retriever.search("у моря", 5))[0].text == SEA


async def test_words_are_found_while_chroma_is_away(open_corpus, chroma_server):
    corpus = open_corpus(chroma_server.url)
    corpus.put(SEA)
    retriever = corpus.retriever()
    assert not retriever.state().degraded

    chroma_server.kill()
    (found,) = await retriever.search("море", 5)

    assert (found.semantic_rank, found.keyword_rank) == (None, 1)
    assert retriever.state().without == ("semantic",)

    chroma_server.start()
    (found,) = await retriever.search("море", 5)

    assert found.semantic_rank == 1
    assert not retriever.state().degraded


class Broken:
    """A keyword index whose disk is gone."""

    def search(self, *_: object) -> None:
        raise IndexUnavailable

    keep = share = search


async def test_meaning_is_found_while_the_keywords_are_away(corpus: Corpus):
    corpus.put(SEA, "drama")
    retriever = corpus.retriever(keywords=Broken())

    for category in (None, "drama"):
        (found,) = await retriever.search("море", 5, category)

        assert (found.semantic_rank, found.keyword_rank) == (1, None)
        assert retriever.state().without == ("keywords",)


class Asleep(Known):
    def embed_query(self, text: str) -> Vectors:
        raise ModelUnavailable


async def test_with_neither_the_reader_is_told(corpus: Corpus):
    corpus.put(SEA)
    retriever = corpus.retriever(keywords=Broken(), embedder=Asleep())

    with pytest.raises(IndexUnavailable):
        await retriever.search("море", 5)

    assert retriever.state().without == ("semantic", "keywords")


class Faulty(Known):
    def embed_query(self, text: str) -> Vectors:
        raise ZeroDivisionError

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise ZeroDivisionError


async def test_a_mistake_of_ours_is_not_taken_for_a_sleeping_service(corpus: Corpus):
    corpus.put(SEA)

    with pytest.raises(ZeroDivisionError):
        await corpus.retriever(embedder=Faulty()).search("море", 5)
