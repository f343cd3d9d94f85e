import pytest

from storycore.safety import rules
from storyteller.errors import NotFound, RequestRefused
from storyteller.library.manuscripts import Manuscripts
from storyteller.library.runs import RunRecords


@pytest.fixture
def manuscript_id(manuscripts: Manuscripts) -> str:
    return manuscripts.create({"wish": "Маяк"}, "Маяк").id


def test_a_run_is_recorded_from_the_queue_to_its_end(runs: RunRecords, manuscript_id: str):
    made = runs.create(manuscript_id, "write", {"a": 1})
    assert (made.state, made.kind, made.arguments) == ("queued", "write", {"a": 1})

    runs.begin(made.id)
    assert runs.get(made.id).state == "running"
    runs.finish(made.id, "done", words=10, tokens=20, seconds=1.5, quality={"length": 1.0})

    ended = runs.get(made.id)
    assert (ended.state, ended.words, ended.tokens, ended.seconds) == ("done", 10, 20, 1.5)
    assert ended.quality == {"length": 1.0}
    assert ended.started_at is not None
    assert ended.finished_at is not None
    assert made.created_at <= ended.started_at <= ended.finished_at


def test_the_runs_of_a_manuscript_come_newest_first(
    runs: RunRecords, manuscripts: Manuscripts, manuscript_id: str
):
    other = manuscripts.create({"wish": "Лес"}, "Лес").id
    first, second = (runs.create(manuscript_id, "write"), runs.create(manuscript_id, "continue"))
    runs.create(other, "write")

    assert [run.id for run in runs.of_manuscript(manuscript_id)] == [second.id, first.id]


def test_nothing_is_recorded_of_what_is_not_there(runs: RunRecords):
    with pytest.raises(NotFound):
        runs.create("0" * 32, "write")
    with pytest.raises(NotFound):
        runs.get("0" * 32)
    runs.finish("0" * 32, "done")


def test_after_a_kill_the_text_is_kept_and_the_run_is_interrupted(
    runs: RunRecords, manuscripts: Manuscripts, manuscript_id: str
):
    running, queued = runs.create(manuscript_id, "write"), runs.create(manuscript_id, "continue")
    finished = runs.create(manuscript_id, "write")
    runs.begin(running.id)
    runs.finish(finished.id, "done")
    manuscripts.save_partial(
        manuscript_id, 0, "Марина вышла. И тут", cause="write", sources=[{"chunk_id": "1"}]
    )

    assert runs.interrupt_unfinished() == 2
    assert runs.interrupt_unfinished() == 0

    assert {runs.get(run.id).state for run in (running, queued)} == {"interrupted"}
    assert "продолжить" in (runs.get(running.id).detail or "")
    assert runs.get(finished.id).state == "done"
    kept = manuscripts.get(manuscript_id)
    assert (kept.text, kept.revision) == ("Марина вышла. И тут", 2)
    assert (kept.scenes[0].is_partial, kept.scenes[0].sources) == (False, [{"chunk_id": "1"}])


def test_a_text_that_a_kill_cut_into_a_cue_is_dropped_and_its_run_blocked(
    runs: RunRecords, manuscripts: Manuscripts, manuscript_id: str
):
    other = manuscripts.create({"wish": "Лес"}, "Лес").id
    cut, whole = runs.create(manuscript_id, "write"), runs.create(other, "write")
    manuscripts.save_partial(manuscript_id, 0, "Марина вышла. Ей 16", cause="write")
    manuscripts.save_partial(other, 0, "Марина вышла.", cause="write")

    runs.interrupt_unfinished()

    assert [runs.get(run.id).state for run in (cut, whole)] == ["blocked", "interrupted"]
    assert runs.get(cut.id).code == "minor_content"
    assert runs.get(cut.id).detail == RequestRefused.message
    assert (manuscripts.get(manuscript_id).text, manuscripts.get(other).text) == (
        "",
        "Марина вышла.",
    )


def test_a_guard_that_breaks_at_the_start_lets_nothing_through_and_says_so(
    runs: RunRecords,
    manuscripts: Manuscripts,
    manuscript_id: str,
    monkeypatch: pytest.MonkeyPatch,
):
    run = runs.create(manuscript_id, "write")
    manuscripts.save_partial(manuscript_id, 0, "Марина вышла.", cause="write")
    monkeypatch.setattr(rules, "RULES", ())

    runs.interrupt_unfinished()

    ended = runs.get(run.id)
    assert (ended.state, ended.code) == ("blocked", "safety_unavailable")
    assert "Проверка текста не сработала" in (ended.detail or "")
    assert manuscripts.get(manuscript_id).text == ""


def test_a_kill_before_the_first_word_leaves_no_empty_scene(
    runs: RunRecords, manuscripts: Manuscripts, manuscript_id: str
):
    manuscripts.save_partial(manuscript_id, 0, "", cause="write")

    runs.interrupt_unfinished()

    assert manuscripts.get(manuscript_id).scenes == ()
