"""A story that may be here can be found; one that may not is nowhere; nothing is done twice."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from roads import CountingEmbedder, Road, evening, planted

from storycore.safety import ForbiddenContent, SafetyUnavailable
from storyteller.embedding.base import Vectors
from storyteller.errors import IndexUnavailable
from storyteller.ingest.manifest import State
from storyteller.ingest.pipeline import IngestStopped
from storyteller.ingest.splitter import SentenceSplitter

Roads = Callable[..., Road]


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_story_can_be_found_in_every_index(road: Road):
    story = evening(1, category="Романтика")

    assert road.ingest.pipeline.ingest(story) is State.INDEXED

    chunks = road.splitter.split_story(story)
    nearest = road.index.search(road.embedder.embed_query(chunks[2].text), 1)
    assert nearest == [chunks[2].id]
    hits = road.keywords.search("накинул пальто", 50, category="Романтика")
    assert set(hits.lemma) <= {chunk.id for chunk in chunks}
    assert hits.lemma
    assert road.store.chunks_of(story.id) == chunks


def test_a_second_pass_changes_nothing_and_embeds_nothing(road: Road, roads: Roads):
    road.write(*[evening(number) for number in range(6)], planted(1))
    road.drain()
    before, version = road.contents(), road.store.version()
    road.close()

    again = roads(road.folder)
    counts = again.drain()
    for number in range(6):
        again.ingest.worker.handle(evening(number).id, "index")

    assert again.contents() == before
    assert again.store.version() == version
    assert again.embedder.embedded == []
    assert counts["indexed"] == 6


def test_a_second_crawl_of_the_same_stories_adds_no_chunk(road: Road):
    stories = [evening(number) for number in range(4)]
    road.write(*stories)
    road.drain()
    before, embedded = road.contents(), len(road.embedder.embedded)

    road.write(*stories, file="test/2.jsonl")
    counts = road.drain()

    assert road.contents() == before
    assert len(road.embedder.embedded) == embedded
    assert counts["duplicate"] == 4


def test_a_refused_story_is_nowhere_on_disk(road: Road):
    refused = planted(1)
    road.write(evening(1), refused, evening(2))

    counts = road.drain()

    assert (counts["indexed"], counts["refused"]) == (2, 1)
    assert road.store.story(refused.id) is None
    road.close()
    everything = on_disk(road.folder)
    assert "Подброшено".encode() not in everything
    assert "шестнадцать".encode() not in everything
    assert evening(1).text.split("\n")[0].encode() in everything


@pytest.mark.parametrize(
    "facts",
    [
        {"title": "Несовершеннолетняя"},
        {"author": "Несовершеннолетняя"},
        {"category": "Несовершеннолетние"},
        {"tags": ("море", "несовершеннолетняя")},
    ],
)
def test_a_cue_in_any_field_is_a_refusal(road: Road, facts: dict[str, object]):
    assert road.ingest.pipeline.ingest(evening(1, **facts)) is State.REFUSED
    assert road.contents()["chunks"] == {}


def test_a_chunk_is_looked_at_as_well_as_the_story(road: Road, monkeypatch: pytest.MonkeyPatch):
    story = evening(1)

    def by_length(text: str, *_fields: str) -> str:
        if len(text) < len(story.text):
            raise ForbiddenContent("minor_content", "chunk")
        return text

    monkeypatch.setattr("storyteller.ingest.pipeline.check_adults_only", by_length)

    assert road.ingest.pipeline.ingest(story) is State.REFUSED
    assert road.contents()["chunks"] == {}


def test_newer_rules_take_out_what_older_ones_let_in(
    road: Road, roads: Roads, monkeypatch: pytest.MonkeyPatch
):
    road.write(evening(1), evening(2))
    road.drain()
    road.close()

    def stricter(text: str, *_fields: str) -> str:
        if "Глава 2." in text:
            raise ForbiddenContent("minor_content", "newer")
        return text

    monkeypatch.setattr("storyteller.ingest.pipeline.SAFETY_VERSION", "newer")
    monkeypatch.setattr("storyteller.ingest.pipeline.check_adults_only", stricter)
    later = roads(road.folder)
    counts = later.drain()

    assert (counts["indexed"], counts["refused"]) == (1, 1)
    assert list(later.store.ids()) == [evening(1).id]
    assert later.index.count() == later.keywords.count() == later.store.counts().chunks
    assert later.embedder.embedded == []
    assert "Глава 2." not in (later.raw / "test" / "1.jsonl").read_text()


class Brittle(CountingEmbedder):
    """Fails for one story, or for all of them while `away`."""

    away: Exception | None = None
    poison = "Глава 3."

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if self.away:
            raise self.away
        if any(self.poison in text for text in texts):
            raise ValueError(texts[0])
        return super().embed_passages(texts)


def test_a_story_that_fails_each_time_is_parked_and_the_others_get_in(roads: Roads, tmp_path: Path):
    road = roads(tmp_path, embedder=Brittle())
    road.write(*[evening(number) for number in range(6)])

    counts = road.drain()

    assert (counts["indexed"], counts["parked"], counts["seen"]) == (5, 1, 0)
    [problem] = road.ingest.manifest.last_errors()
    assert (problem.story_id, problem.reason) == (evening(3).id, "ValueError")


def test_a_story_that_kills_the_processor_is_parked_and_leaves_no_half(
    roads: Roads, tmp_path: Path
):
    class Killer(CountingEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            if "Глава 1." in texts[0]:
                raise KeyboardInterrupt
            return super().embed_passages(texts)

    road = roads(tmp_path, embedder=Killer())
    road.write(evening(0), evening(1), evening(2))

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            road.drain()
        road.close()
        road = roads(tmp_path, embedder=Killer())
    counts = road.drain()

    assert (counts["indexed"], counts["parked"]) == (2, 1)
    assert road.ingest.manifest.last_errors()[0].reason == "killed_the_processor"
    assert set(road.store.ids()) == {evening(0).id, evening(2).id}
    assert road.index.count() == road.keywords.count() == road.store.counts().chunks


def test_kills_before_the_commit_are_no_storys_fault(road: Road, roads: Roads):
    stories = [evening(number) for number in range(4)]
    road.write(*stories)
    list(road.ingest.raw.scan())

    for _ in range(5):
        for story in stories:
            road.ingest.pipeline.add(story)
        road.close()
        road = roads(road.folder)

    assert road.drain()["indexed"] == 4


def test_a_novel_that_gets_on_is_never_parked(road: Road, roads: Roads):
    class Restarted(CountingEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            if len(self.embedded) >= 520:
                raise KeyboardInterrupt
            return super().embed_passages(texts)

    novel = evening(1, sentences=9000)
    road.write(novel)
    for _ in range(4):
        road.close()
        road = roads(road.folder, embedder=Restarted())
        with pytest.raises(KeyboardInterrupt):
            road.drain()
    road.close()

    assert roads(road.folder).drain()["indexed"] == 1


def test_a_part_that_is_away_costs_a_story_no_attempt(roads: Roads, tmp_path: Path):
    embedder = Brittle()
    road = roads(tmp_path, embedder=embedder)
    road.write(evening(1))
    embedder.away = IndexUnavailable()

    for _ in range(5):
        with pytest.raises(IndexUnavailable):
            road.drain()
    embedder.away = None

    assert road.drain()["indexed"] == 1


def test_a_guard_that_breaks_lets_nothing_in(road: Road, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: str) -> str:
        raise RuntimeError

    monkeypatch.setattr("storyteller.ingest.pipeline.check_adults_only", broken)
    road.write(evening(1))

    counts = road.drain()

    assert counts["parked"] == 1
    assert road.contents()["chunks"] == {}
    assert road.index.count() == 0


def test_a_story_that_the_guard_cannot_judge_is_parked_with_its_line_kept(
    road: Road, monkeypatch: pytest.MonkeyPatch
):
    file = road.write(evening(1))
    line = file.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr("storycore.safety.rules.RULES", ())
        counts = road.drain()

    assert (counts["parked"], counts["refused"], counts["indexed"]) == (1, 0, 0)
    assert road.ingest.manifest.last_errors()[0].reason == "SafetyUnavailable"
    assert file.read_bytes() == line
    assert list(road.store.ids()) == []
    assert road.index.count() == road.keywords.count() == 0

    road.ingest.manifest.again([evening(1).id])

    assert road.drain()["indexed"] == 1


def test_an_indexed_story_that_newer_rules_break_on_is_found_nowhere_and_its_line_kept(
    road: Road, roads: Roads, monkeypatch: pytest.MonkeyPatch
):
    file = road.write(evening(1), evening(2))
    lines = file.read_bytes()
    road.drain()
    road.close()

    def breaks(text: str, *_fields: str) -> str:
        if "Глава 2." in text:
            raise SafetyUnavailable("ValueError")
        return text

    monkeypatch.setattr("storyteller.ingest.pipeline.SAFETY_VERSION", "newer")
    monkeypatch.setattr("storyteller.ingest.pipeline.check_adults_only", breaks)
    later = roads(road.folder)
    counts = later.drain()

    assert (counts["indexed"], counts["parked"], counts["refused"]) == (1, 1, 0)
    assert file.read_bytes() == lines
    assert list(later.store.ids()) == [evening(1).id]
    assert later.index.count() == later.keywords.count() == later.store.counts().chunks


def test_a_stopped_story_goes_on_where_it_was_left(road: Road, roads: Roads):
    class Stopper(CountingEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            road.ingest.pipeline.stop()
            return super().embed_passages(texts)

    story = evening(1, sentences=400)
    chunks = road.splitter.split_story(story)
    road.ingest.pipeline._embedder = Stopper()
    with pytest.raises(IngestStopped):
        road.ingest.pipeline.ingest(story)
    done = road.index.ids_of_story(story.id)
    road.close()

    later = roads(road.folder)
    later.drain()

    assert 0 < len(done) < len(chunks)
    assert len(later.embedder.embedded) == len(chunks) - len(done)
    assert later.index.ids_of_story(story.id) == {chunk.id for chunk in chunks}
    assert later.state(story) == "indexed"


def test_another_chunker_leaves_no_old_chunk_behind(road: Road, roads: Roads):
    road.write(evening(1))
    road.drain()
    road.index.drop()
    road.close()

    finer = roads(road.folder, splitter=SentenceSplitter(200, 40))
    finer.drain()

    chunks = finer.splitter.split_story(evening(1))
    assert finer.store.chunks_of(evening(1).id) == chunks
    assert finer.index.count() == finer.keywords.count() == len(chunks)


def test_a_removed_story_is_gone_from_everything_and_stays_away(road: Road):
    road.write(evening(1), evening(2))
    road.drain()

    road.ingest.manifest.mark_removing(evening(1).id)
    road.drain()
    road.write(evening(1), file="test/2.jsonl")
    counts = road.drain()

    assert (counts["removed"], counts["indexed"]) == (1, 1)
    assert list(road.store.ids()) == [evening(2).id]
    assert road.index.ids_of_story(evening(1).id) == set()
    assert road.keywords.count() == road.store.counts().chunks
    road.close()
    everything = on_disk(road.folder)
    assert "Глава 1.".encode() not in everything
    assert "Глава 2.".encode() in everything


def test_a_story_whose_line_is_gone_is_parked_with_that_reason(road: Road):
    file = road.write(evening(1))
    for _ in road.ingest.raw.scan():
        file.unlink()

    counts = road.drain()

    assert counts["parked"] == 1
    assert road.ingest.manifest.last_errors()[0].reason == "raw_line_missing"
