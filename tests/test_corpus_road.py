"""The whole corpus road: a crawled site becomes stories that can be read and found."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.replica.server import ReplicaServer
from tests.replica.site import Site, build_site
from tests.studio import Studio, until

from storycore.text import clean

REPOSITORY = Path(__file__).parents[1]
# Enough to have every trap and many lengths; the crawler's own tests take all sixty.
RUSLIT = 15


@pytest.fixture(scope="module")
def site() -> Site:
    return build_site(ruslit=RUSLIT)


@pytest.fixture(scope="module")
def crawled(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio whose corpus is what the crawler brought from the replica."""
    data = tmp_path_factory.mktemp("crawled")
    with ReplicaServer(site) as replica:
        subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "stories"],
            cwd=REPOSITORY / "scraper",
            env={
                **os.environ,
                "SITE_URL": replica.url,
                "DOWNLOAD_DELAY": "0",
                "DATA_DIR": str(data),
                "LOG_LEVEL": "warning",
            },
            check=True,
            timeout=240,
        )
        asked = replica.paths
    assert not [path for path in asked if path.startswith(tuple(site.disallowed))]
    studio = Studio(data)
    try:
        studio.start()
        with studio.reader() as reader:
            until(
                reader,
                "/api/v1/status",
                lambda now: now["corpus"]["stories"] and not now["corpus"]["pending"],
            )
        yield studio
    finally:
        if studio.process:
            studio.kill()


@pytest.fixture
def reader(crawled: Studio) -> Iterator[httpx.Client]:
    with crawled.reader() as client:
        yield client


def test_every_allowed_story_is_in_the_corpus_word_for_word(reader, site):
    listed = reader.get("/api/v1/corpus/stories", params={"limit": 100}).json()
    stories = [
        reader.get(f"/api/v1/corpus/stories/{item['id']}").json() for item in listed["items"]
    ]

    found = {story["title"]: story["text"] for story in stories}

    # What the first attempt lost: the shortest lines of dialogue are text too.
    assert any(len(line) <= 10 for text in found.values() for line in text.split("\n") if line)
    assert listed["total"] == len(site.allowed)
    assert found == {expected.title: clean(expected.text) for expected in site.allowed}
    assert {story["source"] for story in stories} == {"127.0.0.1"}


def test_a_story_with_an_age_cue_is_nowhere_on_the_disk(crawled, site):
    files = [path for path in crawled.data_dir.rglob("*") if path.is_file()]
    kept = b"\n".join(path.read_bytes() for path in files)

    assert site.planted
    for marker in site.planted:
        assert marker.encode() not in kept
        assert marker.encode("cp1251", errors="ignore") not in kept


@pytest.mark.parametrize(
    ("paraphrase", "title"),
    [
        ("хранитель маяка и женщина, что изучает течения, пережидают шторм", "Смотритель маяка"),
        ("настройщик роялей знакомится с попутчицей на опоздавшем поезде", "Поезд до моря"),
        ("театральный подсказчик слышит признание актёра со сцены", "Суфлёр"),
    ],
)
def test_a_crawled_story_is_found_by_its_plot_in_other_words(reader, paraphrase, title):
    found = reader.get("/api/v1/passages", params={"query": paraphrase, "top_k": 3}).json()

    assert title in {passage["title"] for passage in found["items"]}
