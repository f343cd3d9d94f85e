"""The queue and both indexes can be lost; the manifest, the store and the raw lines bring them back."""

import shutil
from collections.abc import Callable

from roads import Road, evening
from sqlalchemy import delete

from storyteller.ingest.assembly import forget
from storyteller.ingest.reindex import reindex
from storyteller.retrieval.tables import StoryRow

Roads = Callable[..., Road]


def filled(road: Road) -> dict[str, object]:
    road.write(*[evening(number) for number in range(5)])
    road.drain()
    return road.contents()


def test_lost_vectors_of_one_story_are_made_again_and_only_those(road: Road):
    before = filled(road)
    embedded = len(road.embedder.embedded)
    road.index.delete_story(evening(2).id)

    road.drain()

    assert road.contents() == before
    again = road.embedder.embedded[embedded:]
    assert again == [chunk.text for chunk in road.splitter.split_story(evening(2))]


def test_a_lost_vector_index_is_made_again(road: Road, roads: Roads):
    before = filled(road)
    road.index.drop()
    road.close()

    again = roads(road.folder)
    again.drain()

    assert again.contents() == before


def test_a_lost_keyword_index_is_made_again_without_embedding(road: Road, roads: Roads):
    before = filled(road)
    road.close()
    shutil.rmtree(road.folder / "keywords")

    again = roads(road.folder)
    again.drain()

    assert again.contents() == before
    assert again.embedder.embedded == []
    assert again.keywords.search("пальто", 5).lemma


def test_words_that_belong_to_nobody_go_away(road: Road):
    before = filled(road)
    stranger = evening(77)
    road.keywords.add(road.splitter.split_story(stranger), None)
    road.keywords.commit()

    road.drain()

    assert road.contents() == before


def test_a_lost_text_comes_back_from_its_raw_line(road: Road):
    before = filled(road)
    with road.engine.begin() as connection:
        connection.execute(delete(StoryRow).where(StoryRow.id == evening(1).id))

    road.drain()

    assert road.contents() == before


def test_where_nothing_is_missing_nothing_is_done(road: Road):
    filled(road)
    version = road.store.version()

    counts = road.drain()

    assert counts["indexed"] == 5
    assert road.store.version() == version


def test_a_reindex_gives_the_same_corpus_and_tells_how_far_it_is(road: Road):
    before = filled(road)
    told: list[tuple[int, int]] = []

    counts = reindex(
        road.ingest.worker,
        road.ingest.manifest,
        road.index,
        road.keywords,
        lambda done, total: told.append((done, total)),
    )

    assert road.contents() == before
    assert counts["indexed"] == 5
    assert told[0] == (0, 5)
    assert told[-1] == (5, 5)


def test_a_reindex_survives_the_loss_of_the_raw_files(road: Road):
    before = filled(road)
    shutil.rmtree(road.raw)

    reindex(road.ingest.worker, road.ingest.manifest, road.index, road.keywords)

    assert road.contents() == before


def test_a_forgotten_story_can_be_read_by_nobody_at_once(road: Road):
    filled(road)
    known = {"manifest": road.ingest.manifest, "store": road.store, "queue": road.queue}

    assert forget(evening(1).id, **known) is True

    assert road.store.story(evening(1).id) is None
    assert forget(evening(1).id, **known) is False
    assert forget("nobody", **known) is False
    road.drain()
    assert road.state(evening(1)) == "removed"
    assert road.index.count() == road.store.counts().chunks
