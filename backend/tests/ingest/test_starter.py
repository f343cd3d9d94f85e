"""The first start fills an empty corpus with our own stories, once."""

from roads import Road, evening

from storycore.safety import check_adults_only
from storyteller.ingest.starter import parse, seed_starter, starter_stories

PAGE = """Название: Ночной поезд
Автор: Анна Ветрова
Жанр: Романтика
Метки: поезд, встреча

Поезд шёл на юг.

— Вы к морю? — спросил он: сосед.
"""


def test_a_page_is_a_story_with_its_facts():
    story = parse(PAGE)

    assert (story.title, story.author, story.category) == (
        "Ночной поезд",
        "Анна Ветрова",
        "Романтика",
    )
    assert story.tags == ("поезд", "встреча")
    assert story.text == "Поезд шёл на юг.\n\n— Вы к морю? — спросил он: сосед."
    assert (story.source, story.url) == ("starter", None)


def test_there_are_twelve_and_all_of_them_may_be_here():
    stories = list(starter_stories())

    assert len(stories) == len({story.id for story in stories}) == 12
    assert len({story.category for story in stories}) >= 3
    for story in stories:
        check_adults_only(story.text, story.title, *story.tags)
        assert story.author
        assert 3000 <= len(story.text) <= 6500


def test_an_empty_corpus_is_filled_and_every_story_gets_in(road: Road):
    number = seed_starter(road.raw, road.ingest.manifest)

    counts = road.drain()

    assert counts["indexed"] == number == 12
    assert [path.name for path in road.raw.rglob("*.*")] == ["starter.jsonl"]


def test_it_happens_once_even_if_the_reader_removes_them_all(road: Road):
    seed_starter(road.raw, road.ingest.manifest)
    road.drain()
    for story in starter_stories():
        road.ingest.manifest.mark_removing(story.id)
    road.drain()
    (road.raw / "starter" / "starter.jsonl").unlink()

    assert seed_starter(road.raw, road.ingest.manifest) == 0
    assert road.store.counts().stories == 0


def test_a_corpus_that_waits_in_the_raw_folder_is_not_an_empty_one(road: Road):
    road.write(evening(1))

    assert seed_starter(road.raw, road.ingest.manifest) == 0


def test_a_kill_half_way_leaves_no_half(road: Road):
    (road.raw / "starter").mkdir(parents=True)
    (road.raw / "starter" / "starter.part").write_bytes(b'{"schema":1,"torn')

    assert seed_starter(road.raw, road.ingest.manifest) == 12
    assert road.drain()["indexed"] == 12
