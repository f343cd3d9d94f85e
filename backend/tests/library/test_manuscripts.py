from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from storyteller.database import Base, open_database, sqlite_url
from storyteller.errors import Conflict, Malformed, NotFound
from storyteller.library.manuscripts import Manuscripts

WISH = {"wish": "Встреча на маяке, осень", "words": 800}


def test_a_new_manuscript_is_empty_and_at_its_first_revision(manuscripts: Manuscripts):
    made = manuscripts.create(WISH, "Встреча на маяке")

    assert manuscripts.get(made.id) == made
    assert (made.title, made.request, made.revision) == ("Встреча на маяке", WISH, 1)
    assert (made.scenes, made.words, made.plan, made.bible) == ((), 0, None, None)


def test_a_saved_scene_makes_a_revision_and_keeps_what_belongs_to_it(manuscripts: Manuscripts):
    made = manuscripts.create(WISH, "Маяк")

    saved = manuscripts.save_scene_text(
        made.id,
        0,
        "Марина поднялась на маяк.",
        cause="write",
        title="Маяк",
        sources=[{"chunk_id": "c1", "text": "Море шумело."}],
        quality={"length": 0.5},
    )

    assert manuscripts.get(made.id) == saved
    (scene,) = saved.scenes
    assert (saved.revision, saved.words, saved.text) == (2, 4, "Марина поднялась на маяк.")
    assert (scene.index, scene.title, scene.words) == (0, "Маяк", 4)
    assert scene.sources == [{"chunk_id": "c1", "text": "Море шумело."}]
    assert (scene.quality, scene.variants, scene.is_partial) == ({"length": 0.5}, [], False)
    assert saved.updated_at >= made.updated_at


def test_an_edited_scene_keeps_its_id_and_its_title(manuscripts: Manuscripts):
    made = manuscripts.create(WISH, "Маяк")
    first = manuscripts.save_scene_text(made.id, 0, "Раз.", cause="write", title="Начало")

    second = manuscripts.save_scene_text(made.id, 0, "Раз, два.", cause="edit")

    assert second.scenes[0].id == first.scenes[0].id
    assert (second.scenes[0].title, second.scenes[0].text) == ("Начало", "Раз, два.")


def test_the_next_index_adds_a_scene_and_a_further_one_is_not_there(manuscripts: Manuscripts):
    made = manuscripts.create(WISH, "Маяк")
    manuscripts.save_scene_text(made.id, 0, "Раз.", cause="write")

    with pytest.raises(NotFound):
        manuscripts.save_scene_text(made.id, 2, "Три.", cause="write")
    both = manuscripts.save_scene_text(made.id, 1, "Два.", cause="write")

    assert both.text == "Раз.\n\nДва."
    assert [scene.index for scene in both.scenes] == [0, 1]


def test_history_only_grows(manuscripts: Manuscripts):
    made = manuscripts.create(WISH, "Маяк")
    manuscripts.save_scene_text(made.id, 0, "Раз.", cause="write")
    manuscripts.save_scene_text(made.id, 0, "Раз, два.", cause="edit")
    manuscripts.save_scene_text(made.id, 1, "Три.", cause="continue")

    history = manuscripts.revisions(made.id)

    assert [entry.number for entry in history] == [1, 2, 3, 4]
    assert [entry.parent for entry in history] == [None, 1, 2, 3]
    assert [entry.cause for entry in history] == ["create", "write", "edit", "continue"]
    assert [entry.words for entry in history] == [0, 1, 2, 3]
    assert {entry.title for entry in history} == {"Маяк"}


def test_an_edit_of_an_old_revision_is_refused_and_changes_nothing(manuscripts: Manuscripts):
    made = manuscripts.create(WISH, "Маяк")
    current = manuscripts.save_scene_text(made.id, 0, "Раз.", cause="write", revision=1)

    with pytest.raises(Conflict):
        manuscripts.save_scene_text(made.id, 0, "Иначе.", cause="edit", revision=1)

    assert manuscripts.get(made.id) == current


def test_edits_at_the_same_time_each_get_a_revision(manuscripts: Manuscripts):
    made = manuscripts.create(WISH, "Маяк")
    manuscripts.save_scene_text(made.id, 0, "Раз.", cause="write")

    def edit(number: int) -> None:
        manuscripts.save_scene_text(made.id, 0, f"Раз, {number}.", cause="edit")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(edit, range(24)))

    assert [entry.number for entry in manuscripts.revisions(made.id)] == list(range(1, 27))
    assert manuscripts.get(made.id).revision == 26


def test_a_growing_scene_is_seen_without_making_revisions(manuscripts: Manuscripts):
    made = manuscripts.create(WISH, "Маяк")
    for grown in ("Марина", "Марина поднялась", "Марина поднялась на"):
        manuscripts.save_partial(made.id, 0, grown, cause="write", title="Маяк")

    seen = manuscripts.get(made.id)

    assert seen.text == "Марина поднялась на"
    assert (seen.revision, seen.scenes[0].is_partial, seen.words) == (1, True, 3)


def test_the_finished_scene_takes_the_place_and_the_id_of_the_growing_one(
    manuscripts: Manuscripts,
):
    made = manuscripts.create(WISH, "Маяк")
    manuscripts.save_partial(made.id, 0, "Марина", cause="write")
    growing = manuscripts.get(made.id).scenes[0]

    saved = manuscripts.save_scene_text(made.id, 0, "Марина пришла.", cause="write")

    assert saved.scenes[0].id == growing.id
    assert (saved.scenes[0].text, saved.scenes[0].is_partial) == ("Марина пришла.", False)


def test_a_dropped_partial_leaves_the_scene_as_it_was(manuscripts: Manuscripts):
    made = manuscripts.create(WISH, "Маяк")
    before = manuscripts.save_scene_text(made.id, 0, "Раз.", cause="write")
    manuscripts.save_partial(made.id, 0, "Раз. Два", cause="continue")
    assert manuscripts.get(made.id).text == "Раз. Два"

    manuscripts.drop_partial(made.id)
    manuscripts.drop_partial(made.id)

    assert manuscripts.get(made.id) == before


def test_what_is_deleted_is_in_no_table_any_more(manuscripts: Manuscripts, runs, engine: Engine):
    made = manuscripts.create(WISH, "Маяк")
    manuscripts.save_scene_text(made.id, 0, "Раз.", cause="write")
    manuscripts.save_partial(made.id, 0, "Раз. Два", cause="continue")
    runs.create(made.id, "write")

    manuscripts.delete(made.id)

    ours = ("manuscripts", "revisions", "scene_versions", "partials", "runs")
    with engine.connect() as connection:
        left = {
            name: connection.scalar(text(f"SELECT count(*) FROM {name}"))
            for name in Base.metadata.tables
            if name in ours
        }
    assert left == dict.fromkeys(ours, 0)
    with pytest.raises(NotFound):
        manuscripts.get(made.id)
    with pytest.raises(NotFound):
        manuscripts.delete(made.id)


def test_a_partial_of_no_manuscript_is_refused(manuscripts: Manuscripts):
    with pytest.raises((NotFound, IntegrityError)):
        manuscripts.save_partial("0" * 32, 0, "Раз", cause="write")


def test_the_library_is_listed_newest_first_and_page_by_page(manuscripts: Manuscripts):
    made = [manuscripts.create(WISH, f"История {number}") for number in range(7)]

    titles, cursor = [], None
    for _ in range(3):
        page = manuscripts.page(cursor=cursor, limit=3)
        assert page.total == 7
        titles += [item.title for item in page.items]
        cursor = page.next_cursor

    assert cursor is None
    assert titles == [item.title for item in reversed(made)]


def test_a_page_that_is_exactly_full_is_the_last_one(manuscripts: Manuscripts):
    for number in range(3):
        manuscripts.create(WISH, f"История {number}")

    assert manuscripts.page(limit=3).next_cursor is None


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("ёлка", ["ЕЛКА у моря"]),
        ("ЕЛКА", ["ЕЛКА у моря"]),
        ("моря", ["ЕЛКА у моря"]),
        ("маяк у", ["ЕЛКА у моря"]),
        ("ОСЕНЬ", ["Сто процентов", "ЕЛКА у моря"]),
        ("100%", []),
        ("_", []),
        ("зима", []),
    ],
)
def test_a_search_knows_cyrillic_and_takes_every_sign_as_itself(
    manuscripts: Manuscripts, query: str, titles: list[str]
):
    manuscripts.create(WISH, "ЕЛКА у моря")
    manuscripts.create({"wish": "Осень без моряков"[:5]}, "Сто процентов")

    page = manuscripts.page(query)

    assert [item.title for item in page.items] == titles
    assert page.total == len(titles)


@pytest.mark.parametrize("cursor", ["", "%%%", "0KHQuA==", "MjAyNiBhYmMgZGVm"])
def test_a_cursor_that_is_not_ours_is_refused(manuscripts: Manuscripts, cursor: str):
    with pytest.raises(Malformed):
        manuscripts.page(cursor=cursor)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=20)), max_size=8))
def test_the_scenes_are_the_last_texts_given_to_them(tmp_path_factory, edits):
    engine = open_database(sqlite_url(tmp_path_factory.mktemp("library") / "test.db"))
    shelf = Manuscripts(engine)
    made = shelf.create(WISH, "Маяк")
    expected: list[str] = []
    for index, written in edits:
        place = min(index, len(expected))
        expected[place : place + 1] = [written]
        shelf.save_scene_text(made.id, place, written, cause="edit")

    assert [scene.text for scene in shelf.get(made.id).scenes] == expected
    assert shelf.get(made.id).revision == len(edits) + 1
    engine.dispose()
