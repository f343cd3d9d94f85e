"""The whole spider against a real HTTP server with the habits of the real site."""

import signal
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from crawling import Crawled, crawl, start
from tests.replica.server import Moods, ReplicaServer
from tests.replica.site import ROOT, Site, build_site
from tests.replica.texts import own

from storycore.story import Story, read_stories
from storycore.text import clean


@cache
def full() -> Site:
    """Everything at hand: built when first needed, since it judges every text."""
    return build_site()


SMALL = build_site(list(own()))


# Markers behind robots.txt, in the endless story and on another host: no guard has seen them.
UNJUDGED = {"цапельник", "чернотал", "шишкодей", "щеглолов"}


@pytest.fixture(scope="module")
def served() -> Iterator[ReplicaServer]:
    with ReplicaServer(full()) as server:
        yield server


@pytest.fixture(scope="module")
def crawled(served: ReplicaServer, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    """One crawl of everything, as talkative as can be."""
    data = tmp_path_factory.mktemp("data")
    return crawl(served.url, data, "-s", "STORY_PAGE_LIMIT=100", LOG_LEVEL="debug")


@pytest.fixture
def small() -> Iterator[ReplicaServer]:
    with ReplicaServer(SMALL) as server:
        yield server


def by_title(crawled: Crawled) -> dict[str, Story]:
    return {story.title: story for story in crawled.stories}


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def found(words: list[str], haystack: bytes) -> list[str]:
    spellings = {
        word: (word.encode(), word.encode("cp1251"), ascii(word)[1:-1].encode()) for word in words
    }
    return [word for word, forms in spellings.items() if any(form in haystack for form in forms)]


# --- what comes home ---------------------------------------------------------------------------


def test_every_allowed_story_comes_home_once_and_word_for_word(crawled: Crawled):
    titles = Counter(story.title for story in crawled.stories)
    texts = {story.title: story.text for story in crawled.stories}

    assert crawled.code == 0, crawled.output
    assert titles == Counter(story.title for story in full().allowed)
    assert texts == {story.title: clean(story.text) for story in full().allowed}


def test_lines_of_one_word_are_kept(crawled: Crawled):
    """The first public attempt dropped text nodes of ten characters and fewer."""
    lines = by_title(crawled)["Разводной мост"].text.split("\n")

    assert {"— Да.", "— Нет.", "— На что?"} <= set(lines)


def test_the_facts_of_each_story_are_those_of_its_page_and_null_where_it_has_none(
    crawled: Crawled,
):
    """The first public attempt made up a rating and a date."""
    stories = by_title(crawled)

    for title, facts in full().facts.items():
        story = stories[title]
        day = story.published
        assert (story.author, story.category, story.tags) == (
            facts.author,
            facts.category,
            facts.tags,
        )
        assert (story.rating, story.views) == (facts.rating, facts.views)
        assert (day and (day.year, day.month, day.day)) == facts.published
    for fact in ("author", "category", "published", "rating", "views"):
        assert {getattr(story, fact) is None for story in stories.values()} == {True, False}


def test_a_second_crawl_adds_a_file_and_changes_no_id(tmp_path: Path, small: ReplicaServer):
    """In the first public attempt ids began at 0 in each file, so the second overwrote the first."""
    first = crawl(small.url, tmp_path / "one")
    second = crawl(small.url, tmp_path / "two")

    ids = {story.title: story.id for story in first.stories}
    assert len(set(ids.values())) == len(ids)
    assert {story.title: story.id for story in second.stories} == ids


def test_the_file_is_named_by_the_site_and_lies_in_raw(crawled: Crawled):
    """In the first public attempt a client chose the path."""
    (file,) = crawled.data.glob("raw/*/*.jsonl")

    assert file.parent.name == "127.0.0.1"
    assert {story.source for story in crawled.stories} == {"127.0.0.1"}


# --- what must not ------------------------------------------------------------------------------


def test_a_story_of_a_minor_is_nowhere_on_the_disk(crawled: Crawled):
    assert found(full().planted, bytes_below(crawled.data)) == []


def test_the_log_holds_no_word_of_any_story(crawled: Crawled):
    lines = [line for story in full().allowed for line in story.text.split("\n") if len(line) > 40]

    assert found(full().planted, crawled.output.encode()) == []
    assert not [line for line in lines if line.strip()[:40] in crawled.output]


def test_the_log_holds_no_address_and_still_tells_what_came_of_each(crawled: Crawled):
    assert "://" not in crawled.output
    assert "chitat_" not in crawled.output
    assert "Crawled (200) <GET [address]>" in crawled.output
    assert "Retrying <GET [address]> (failed 1 times): 503 Service Unavailable" in crawled.output


def test_a_page_that_was_given_up_is_told_without_its_address(tmp_path: Path):
    with ReplicaServer(SMALL, moods=Moods(turn_after=20, turn_status=500)) as server:
        crawled = crawl(server.url, tmp_path, LOG_LEVEL="error")

    assert "Gave up retrying <GET [address]> (failed 4 times)" in crawled.output
    assert "://" not in crawled.output


def test_no_switch_of_scrapy_brings_an_unjudged_page_to_the_disk(
    tmp_path: Path, small: ReplicaServer
):
    crawled = crawl(
        small.url,
        tmp_path / "data",
        *("-s", "HTTPCACHE_ENABLED=1", "-s", f"HTTPCACHE_DIR={tmp_path / 'cache'}"),
        *("-s", f"JOBDIR={tmp_path / 'job'}", "-s", f"LOG_FILE={tmp_path / 'log'}"),
        *("-s", "LOG_LEVEL=DEBUG", "-o", f"{tmp_path / 'feed.jsonl'}"),
    )

    assert found(SMALL.planted, bytes_below(tmp_path)) == []
    assert len(crawled.stories) == len(SMALL.allowed)


def test_nothing_that_robots_closes_is_asked_for(served: ReplicaServer, crawled: Crawled):
    assert crawled.report["dropped_reasons"]["robots"] == 2
    assert [path for path in served.paths if path.startswith(full().disallowed[0])] == []
    assert served.paths[0] == "/robots.txt"


def test_no_other_host_is_asked_even_by_a_redirect(served: ReplicaServer, crawled: Crawled):
    assert crawled.report["dropped_reasons"]["offsite"] == 2
    assert {asked.host for asked in served.log} == {f"127.0.0.1:{served.port}"}
    # Scrapy's own cookies would fetch the list of public domains.
    assert "publicsuffix" not in crawled.output


def test_only_pages_of_lists_and_stories_are_asked_for(served: ReplicaServer, crawled: Crawled):
    paths = set(served.paths) - {"/robots.txt"}

    assert all(path.startswith(ROOT) for path in paths)
    assert not [path for path in paths if "reklama" in path or "ne-hud" in path or "9999" in path]
    assert [path for path in paths if path.endswith("chitat_chuzhoj_1.html")] == []


def test_a_story_without_an_end_is_dropped_at_the_page_limit(
    served: ReplicaServer, crawled: Crawled
):
    asked = [path for path in served.paths if "beskonechnost" in path]

    assert crawled.report["dropped_reasons"]["too_many_pages"] == 1
    assert len(set(asked)) == 100


def test_a_page_too_big_is_not_read_to_its_end(tmp_path: Path, small: ReplicaServer):
    crawled = crawl(small.url, tmp_path, "-s", "DOWNLOAD_MAXSIZE=2600")

    assert crawled.report["dropped_reasons"]["too_big"] > 0
    assert 0 < len(crawled.stories) < len(SMALL.allowed)


def test_the_report_counts_every_story(crawled: Crawled):
    report = crawled.report

    assert report["reason"] == "finished"
    assert report["stories"] == len(full().allowed)
    assert report["refused"] == len([word for word in full().planted if word not in UNJUDGED])
    assert report["dropped"] == sum(report["dropped_reasons"].values())
    assert "записано рассказов" in crawled.output


# --- manners ------------------------------------------------------------------------------------


def test_the_age_form_is_answered_wherever_it_comes_back(served: ReplicaServer, crawled: Crawled):
    answered = [asked.path for asked in served.log if asked.method == "POST"]

    assert any(path.endswith("izmena/") or "page-" in path for path in answered)  # on a list
    assert any("_1-2.html" in path for path in answered)  # in the middle of a story
    assert len(answered) > 5
    assert "age_gate" not in crawled.report["dropped_reasons"]


def test_a_busy_page_is_asked_again_when_it_said(served: ReplicaServer, crawled: Crawled):
    log = served.log
    busy = [index for index, asked in enumerate(log) if asked.status == 503]

    assert len(busy) == 2
    for index in busy:
        assert log[index + 1].path == log[index].path  # nothing else meanwhile
        assert log[index + 1].at - log[index].at >= 1.0


def test_a_crawl_delay_is_kept(tmp_path: Path):
    site = build_site(list(own())[:1], crawl_delay=0.2)
    with ReplicaServer(site) as server:
        crawl(server.url, tmp_path, "-s", "CLOSESPIDER_ITEMCOUNT=1")
        times = [asked.at for asked in server.log]

    gaps = [after - before for before, after in pairwise(times[1:])]
    # Measured where answers leave; the delay is kept where requests do.
    assert min(gaps) > 0.15


def test_agents_take_turns(tmp_path: Path, small: ReplicaServer):
    crawl(
        small.url, tmp_path, "-a", "category=drama", USER_AGENTS="Guest/1 (a@b.example) | Guest/2"
    )

    agents = [asked.agent for asked in small.log]
    assert set(agents) == {"Guest/1 (a@b.example)", "Guest/2"}
    assert agents[2] != agents[3]


def test_a_403_ends_the_crawl(tmp_path: Path):
    with ReplicaServer(SMALL, moods=Moods(turn_after=20, turn_status=403)) as server:
        crawled = crawl(server.url, tmp_path)

        assert [asked.status for asked in server.log].count(403) == 1
    assert crawled.report["reason"] == "forbidden_403"
    assert crawled.code == 1
    assert "сайт запретил обход" in crawled.output


def test_a_third_429_in_a_row_ends_the_crawl(tmp_path: Path):
    moods = Moods(turn_after=20, turn_status=429, retry_after="0")
    with ReplicaServer(SMALL, moods=moods) as server:
        crawled = crawl(server.url, tmp_path)

        assert [asked.status for asked in server.log].count(429) == 3
    assert crawled.report["reason"] == "too_many_requests_429"
    assert crawled.code == 1


def test_a_site_that_asks_for_a_long_pause_is_left_alone(tmp_path: Path):
    moods = Moods(turn_after=20, turn_status=503, retry_after="86400")
    with ReplicaServer(SMALL, moods=moods) as server:
        crawled = crawl(server.url, tmp_path)

    assert crawled.report["reason"] == "retry_after_too_long"


@pytest.mark.parametrize("status", [500, 503])
def test_without_robots_nothing_is_asked_for(tmp_path: Path, status: int):
    with ReplicaServer(SMALL, moods=Moods(robots_status=status, retry_after="0")) as server:
        crawled = crawl(server.url, tmp_path)

        assert set(server.paths) == {"/robots.txt"}
    assert crawled.report["reason"] == "robots_unreachable"
    assert crawled.stories == []


def test_a_site_without_robots_closes_nothing(tmp_path: Path):
    with ReplicaServer(SMALL, moods=Moods(robots_status=404)) as server:
        crawled = crawl(server.url, tmp_path, "-a", "category=vstrecha")

    assert crawled.report["reason"] == "finished"


# --- asking for less, and stopping --------------------------------------------------------------


def test_one_category_asks_for_no_other(tmp_path: Path, small: ReplicaServer):
    crawled = crawl(small.url, tmp_path, "-a", "category=izmena")

    folders = {path.split("/")[4] for path in small.paths if path.startswith(ROOT)} - {""}
    assert folders == {"izmena"}
    assert "Дорога к мосту" in by_title(crawled)


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [(("-s", "CLOSESPIDER_ITEMCOUNT=3"), {}), ((), {"MAX_STORIES": "3"})],
)
def test_a_crawl_brings_no_more_stories_than_asked(
    tmp_path: Path, small: ReplicaServer, arguments: tuple[str, ...], settings: dict[str, str]
):
    crawled = crawl(small.url, tmp_path, *arguments, **settings)

    assert len(crawled.stories) == 3
    assert crawled.report["reason"] == "closespider_itemcount"
    assert crawled.code == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_crawl_stopped_in_the_middle_leaves_whole_lines_and_can_be_repeated(
    tmp_path: Path, small: ReplicaServer, how: signal.Signals
):
    process = start(small.url, tmp_path)
    small.wait_for(requests=40)
    process.send_signal(how)
    output, _ = process.communicate(timeout=60)

    stopped = Crawled(process.returncode, output, tmp_path)
    assert len(stopped.stories) < len(SMALL.allowed)
    if how != signal.SIGKILL:
        assert stopped.report["reason"] == "shutdown"
    again = crawl(small.url, tmp_path)
    assert set(by_title(again)) == {story.title for story in SMALL.allowed}
    for path in tmp_path.glob("raw/*/*.jsonl"):
        assert path.read_bytes().endswith(b"\n")
        assert all(isinstance(line, Story) for line in read_stories(path))


# --- what is told when it cannot be done --------------------------------------------------------


def test_a_wrong_setting_is_named_in_one_sentence(tmp_path: Path):
    crawled = crawl("nonsense", tmp_path, DOWNLOAD_DELAY="fast")

    assert crawled.code != 0
    assert crawled.output.strip() == (
        "Неверная настройка SITE_URL: нужен адрес сайта вида https://sefan.ru (сейчас: 'nonsense'); "
        "DOWNLOAD_DELAY: нужно число (сейчас: 'fast')."
    )


@pytest.mark.parametrize("argument", ["category=../../etc", "categry=drama"])
def test_a_wrong_argument_is_named_before_anything_is_asked(
    tmp_path: Path, small: ReplicaServer, argument: str
):
    crawled = crawl(small.url, tmp_path, "-a", argument)

    assert crawled.code == 2
    assert argument.partition("=")[0] in crawled.output
    assert small.log == []


def test_an_unknown_category_is_told_with_those_there_are(tmp_path: Path, small: ReplicaServer):
    crawled = crawl(small.url, tmp_path, "-a", "category=detektiv")

    assert crawled.code == 1
    assert "«detektiv» на сайте нет. Есть: drama, izmena" in crawled.output
    assert crawled.report["reason"] == "unknown_category"


def test_a_site_that_does_not_answer_is_told(tmp_path: Path):
    crawled = crawl("http://127.0.0.1:9", tmp_path)

    assert crawled.code == 1
    assert crawled.report["reason"] == "robots_unreachable"


def test_a_disk_that_takes_nothing_ends_the_crawl(tmp_path: Path, small: ReplicaServer):
    (tmp_path / "raw").write_text("a file where a folder should be")

    crawled = crawl(small.url, tmp_path)

    assert crawled.report["reason"] == "cannot_write"
    assert crawled.code == 1
