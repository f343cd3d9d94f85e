"""What goes into the corpus comes out the same; what is deleted is gone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, select

from storycore.story import Story
from storyteller.database import open_database
from storyteller.errors import Malformed
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.store import CorpusCounts, CorpusStore
from storyteller.retrieval.tables import StoryRow

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> CorpusStore:
    return CorpusStore(engine)


def story(title: str = "Вечер у моря", *, number: int = 0, **facts: object) -> Story:
    text = f"Они встретились {number} мая. Море молчало 🌊, и он подал ей руку.\n\n— Пойдёмте?"
    known = {"crawled_at": NOON + timedelta(minutes=number), **facts}
    return Story.of(text, source="test", title=title, **known)


def halves(of: Story) -> list[Chunk]:
    middle = of.text.index("Море")
    places = [(0, middle), (middle, len(of.text))]
    return [
        Chunk(f"{of.id}-{index}", of.id, index, start, end, of.text[start:end])
        for index, (start, end) in enumerate(places)
    ]


def test_a_story_comes_back_with_every_fact(store: CorpusStore):
    whole = story(
        url="http://example.test/1",
        author="Анна Ветрова",
        category="Романтика",
        tags=("море", "встреча"),
        published=date(2025, 7, 1),
        rating=8.5,
        views=1200,
    )
    bare = story("Без всего", number=2)

    store.put(whole, halves(whole))
    store.put(bare, [])

    assert store.story(whole.id) == whole
    assert store.story(bare.id) == bare
    assert store.story("0" * 32) is None


def test_chunks_are_cut_from_the_text_by_character_and_not_by_byte(store: CorpusStore):
    kept = story(author="Анна Ветрова", category="Романтика")
    chunks = halves(kept)
    store.put(kept, chunks)

    loaded = store.load([chunks[1].id, "nobody"])

    assert store.chunks_of(kept.id) == chunks
    assert list(loaded) == [chunks[1].id]
    assert loaded[chunks[1].id].text == "Море молчало 🌊, и он подал ей руку.\n\n— Пойдёмте?"
    assert loaded[chunks[1].id].author == "Анна Ветрова"
    assert store.load([]) == {}


def test_many_chunks_are_loaded_by_one_query(store: CorpusStore, engine: Engine):
    stories = [story(number=number) for number in range(20)]
    for one in stories:
        store.put(one, halves(one))
    queries: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: queries.append(args[2]))

    loaded = store.load([chunk.id for one in stories for chunk in halves(one)])

    assert len(loaded) == 40
    assert len(queries) == 1


def test_putting_again_replaces(store: CorpusStore):
    first = story("Старое название")
    store.put(first, halves(first))

    store.put(story("Новое название"), halves(first)[:1])

    assert store.counts() == CorpusCounts(stories=1, chunks=1)
    assert store.page("новое").total == 1
    assert store.page("старое").total == 0


def test_a_put_that_fails_changes_nothing(store: CorpusStore):
    kept = story()
    store.put(kept, halves(kept))
    before = store.version()
    twins = [halves(kept)[0], halves(kept)[0]]

    with pytest.raises(Exception, match=r"(?i)unique"):
        store.put(kept, twins)

    assert store.chunks_of(kept.id) == halves(kept)
    assert store.version() == before


def test_what_is_deleted_is_gone(store: CorpusStore, engine: Engine):
    kept = story()
    store.put(kept, halves(kept))

    assert store.delete(kept.id) is True
    assert store.delete(kept.id) is False

    assert store.counts() == CorpusCounts(0, 0)
    assert store.load([halves(kept)[0].id]) == {}
    with engine.connect() as connection:
        assert connection.execute(select(StoryRow.text)).all() == []


def test_the_version_changes_with_every_change_and_survives_a_restart(
    store: CorpusStore, engine: Engine
):
    seen = [store.version()]
    store.put(story(), [])
    seen.append(store.version())
    store.delete(story().id)
    seen.append(CorpusStore(engine).version())

    assert len(set(seen)) == 3
    assert store.version() == seen[-1]


@pytest.mark.parametrize("query", ["ЁЛКА", "елка", "ветр", "ВЕТРОВА ёл", "  ёлка  ", "е\u0308лка"])
def test_a_title_or_author_is_found_in_any_case_and_with_either_e(store: CorpusStore, query: str):
    store.put(story("Ёлка в январе", author="Анна ВЕТРОВА"), [])
    store.put(story("Море в июле", number=1), [])

    page = store.page(query)

    assert [item.title for item in page.items] == ["Ёлка в январе"]
    assert page.total == 1


@pytest.mark.parametrize("query", ["%", "_", "\\", "100% нет", "е_ка"])
def test_a_query_has_no_wildcards(store: CorpusStore, query: str):
    store.put(story("Ёлка"), [])

    assert store.page(query).total == 0


def test_pages_follow_each_other_without_a_gap_while_stories_come_and_go(store: CorpusStore):
    # Three share a moment, so the moment alone can't be the key.
    moments = [NOON, NOON, NOON, NOON + timedelta(hours=1), NOON - timedelta(hours=1)]
    stories = [story(f"№ {n}", number=n, crawled_at=at) for n, at in enumerate(moments)]
    for one in stories:
        store.put(one, [])

    first = store.page(limit=2)
    store.put(story("Новее всех", number=9, crawled_at=NOON + timedelta(days=1)), [])
    store.delete(first.items[-1].id)
    second = store.page(cursor=first.next_cursor, limit=2)
    third = store.page(cursor=second.next_cursor, limit=2)

    seen = [item.id for page in (first, second, third) for item in page.items]
    expected = sorted(stories, key=lambda one: (one.crawled_at, one.id), reverse=True)
    assert seen == [one.id for one in expected]
    assert first.items[0].title == "№ 3"
    assert (first.total, second.total, third.next_cursor) == (5, 5, None)


def test_a_list_of_one_category_counts_only_it(store: CorpusStore):
    for number, category in enumerate(["Драма", "Драма", "Романтика", None]):
        store.put(story(number=number, category=category), [])

    page = store.page(category="Драма", limit=1)

    assert (len(page.items), page.total) == (1, 2)
    assert store.categories() == [("Драма", 2), ("Романтика", 1)]


@pytest.mark.parametrize("cursor", ["", "нет", "AAAA", "WyJhIl0=", "WzEsMl0=", "bnVsbA=="])
def test_a_cursor_of_somebody_elses_making_is_malformed(store: CorpusStore, cursor: str):
    with pytest.raises(Malformed):
        store.page(cursor=cursor)


def test_texts_are_streamed_whole_and_once_while_the_corpus_changes(store: CorpusStore):
    stories = sorted((story(number=number) for number in range(40)), key=lambda one: one.id)
    for one in stories:
        store.put(one, [])

    texts = store.texts()
    seen = [next(texts)]
    store.delete(stories[-1].id)
    seen.extend(texts)

    assert seen == [one.text for one in stories[:-1]]
    assert list(store.ids()) == [one.id for one in stories[:-1]]
