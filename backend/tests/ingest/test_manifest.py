"""The manifest remembers, on every database, what became of every story."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from storyteller.database import open_database
from storyteller.ingest.manifest import MAX_ATTEMPTS, Manifest, State, Versions

OURS = Versions("sentences-1/1000/200", "embedder-1", "1")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def manifest(engine: Engine) -> Manifest:
    return Manifest(engine)


def state(manifest: Manifest, story_id: str) -> State:
    entry = manifest.entry(story_id)
    assert entry is not None
    return entry.state


def test_a_story_is_new_once(manifest: Manifest):
    assert manifest.add([("a", None), ("b", "http://example.test/b")]) == ["a", "b"]
    assert manifest.add([("b", None), ("c", None)]) == ["c"]
    assert manifest.in_state(State.SEEN) == ["a", "b", "c"]
    assert manifest.entry("d") is None


def test_attempts_are_counted_before_the_work_and_given_back_when_it_was_not_the_story(
    manifest: Manifest,
):
    manifest.add([("a", None)])

    counted = [manifest.begin("a"), manifest.begin("a")]
    manifest.give_back("a")
    counted.append(manifest.begin("a"))

    assert counted == [1, 2, 2]
    assert manifest.begin("nobody") == 0


def test_the_last_failed_attempt_parks_with_its_reason(manifest: Manifest):
    manifest.add([("a", None)])

    states = []
    for _ in range(MAX_ATTEMPTS):
        manifest.begin("a")
        states.append(manifest.fail("a", "ValueError"))

    assert states == [State.SEEN, State.SEEN, State.PARKED]
    [problem] = manifest.last_errors()
    assert (problem.story_id, problem.reason) == ("a", "ValueError")


def test_parking_keeps_what_an_earlier_attempt_could_tell(manifest: Manifest):
    manifest.add([("told", None), ("silent", None)])
    manifest.fail("told", "ValueError")

    manifest.park("told", "killed_the_processor")
    manifest.park("silent", "killed_the_processor")

    reasons = {problem.story_id: problem.reason for problem in manifest.last_errors()}
    assert reasons == {"told": "ValueError", "silent": "killed_the_processor"}


def test_an_indexed_story_has_its_attempts_back_and_carries_the_versions(manifest: Manifest):
    manifest.add([("a", None), ("b", None)])
    manifest.begin("a")
    manifest.fail("a", "ValueError")

    manifest.index([("a", 7), ("b", 5)], OURS)

    entry = manifest.entry("a")
    assert entry is not None
    assert (entry.state, entry.attempts, entry.code) == (State.INDEXED, 0, None)
    assert (entry.chunks, entry.versions) == (7, OURS)
    assert manifest.indexed_chunks() == 12


@pytest.mark.parametrize("changed", [{"chunker": "2"}, {"embedder": "2"}, {"safety": "2"}])
def test_a_change_of_any_version_makes_a_story_outdated(
    manifest: Manifest, changed: dict[str, str]
):
    manifest.add([("a", None), ("never", None)])
    manifest.index([("a", 1)], OURS)
    facts = {"chunker": OURS.chunker, "embedder": OURS.embedder, "safety": OURS.safety}

    assert manifest.outdated(OURS) == []
    assert manifest.outdated(Versions(**{**facts, **changed})) == ["a"]


def test_a_refused_story_leaves_its_id_the_code_and_the_rule(manifest: Manifest):
    manifest.add([("a", "http://example.test/what-it-is-about")])

    manifest.refuse("a", "minor_content", "some_rule", "1")

    entry = manifest.entry("a")
    assert entry is not None
    assert (entry.state, entry.code, entry.rule) == (State.REFUSED, "minor_content", "some_rule")
    # Seen again, it has to be taken out of the raw folder again.
    assert manifest.add([("a", None)]) == ["a"]
    assert state(manifest, "a") is State.REFUSED


def test_what_a_reader_removed_does_not_come_back(manifest: Manifest):
    manifest.add([("a", None)])
    manifest.index([("a", 3)], OURS)

    assert manifest.mark_removing("a") is True
    assert manifest.mark_removing("a") is False
    manifest.index([("a", 3)], OURS)
    assert manifest.begin("a") == 0
    assert state(manifest, "a") is State.REMOVING
    manifest.mark_removed("a")
    manifest.add([("a", None)])

    assert state(manifest, "a") is State.REMOVED
    assert manifest.mark_removing("a") is False
    assert manifest.indexed_chunks() == 0


@pytest.mark.parametrize("end", [State.REMOVING, State.REMOVED])
@pytest.mark.parametrize(
    "say",
    [
        lambda manifest: manifest.fail("a", "ValueError"),
        lambda manifest: manifest.refuse("a", "minor_content", "some_rule", "1"),
        lambda manifest: manifest.park("a", "killed_the_processor"),
        lambda manifest: manifest.again(["a"]),
        lambda manifest: manifest.index([("a", 3)], OURS),
    ],
    ids=["fail", "refuse", "park", "again", "index"],
)
def test_no_end_of_an_attempt_undoes_a_readers_delete(
    manifest: Manifest, say: Callable[[Manifest], object], end: State
):
    manifest.add([("a", "http://example.test/a")])
    manifest.begin("a")
    manifest.mark_removing("a")
    if end is State.REMOVED:
        manifest.mark_removed("a")

    say(manifest)

    assert state(manifest, "a") is end


def test_a_failure_says_that_its_story_is_being_removed(manifest: Manifest):
    manifest.add([("a", None)])
    manifest.begin("a")
    manifest.mark_removing("a")

    assert manifest.fail("a", "ValueError") is State.REMOVING


def test_stories_can_be_worked_on_again_however_many(manifest: Manifest):
    ids = [f"{number:04}" for number in range(1200)]
    manifest.add((story_id, None) for story_id in ids)
    manifest.index([(story_id, 1) for story_id in ids[:3]], OURS)
    manifest.park(ids[4], "killed_the_processor")

    manifest.again(ids)

    assert manifest.in_state(State.SEEN) == ids
    assert manifest.last_errors() == []


def test_every_state_has_a_count(manifest: Manifest):
    manifest.add([("a", None), ("b", None)])
    manifest.index([("a", 3)], OURS)

    counts = manifest.counts()

    assert counts == {state.value: 0 for state in State} | {"indexed": 1, "seen": 1}
