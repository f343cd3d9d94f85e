"""What readers of a run may rely on, whatever the model, the others and the clock do."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest
from doubles import STORY, Gate, ScriptedModel, ScriptedSearch, passage, pieces

from storycore.safety import StreamGuard, rules
from storyteller.cache.memory import MemoryCache
from storyteller.errors import (
    Conflict,
    Malformed,
    ModelInterrupted,
    ModelUnavailable,
    NotFound,
    QueueFull,
    RequestRefused,
    StorageUnavailable,
)
from storyteller.library.manuscripts import Manuscripts
from storyteller.library.runs import RunRecords
from storyteller.writing.draft import Draft
from storyteller.writing.events import RunEvent
from storyteller.writing.request import StoryRequest
from storyteller.writing.runlog import log_key
from storyteller.writing.runs import Runs
from storyteller.writing.writer import Writer

CUE = "Ей шестнадцать лет."
WISH = StoryRequest(wish="Встреча на маяке")

Library = tuple[Manuscripts, RunRecords]
Open = Callable[..., Runs]


@pytest.fixture
async def cache() -> MemoryCache:
    return MemoryCache()


@pytest.fixture
async def open_runs(library: Library, cache: MemoryCache) -> AsyncIterator[Open]:
    opened: list[Runs] = []

    def open_(model: ScriptedModel, **options: object) -> Runs:
        writer = Writer(model, ScriptedSearch(passage()))
        runs = Runs(*library, writer, cache, **options)  # type: ignore[arg-type]
        opened.append(runs)
        return runs

    yield open_
    for runs in opened:
        await runs.close()


async def heard(runs: Runs, run_id: str, after: int = 0) -> list[RunEvent]:
    return [event async for event in runs.events(run_id, after)]


async def hear_until(runs: Runs, run_id: str, name: str) -> list[RunEvent]:
    """Listen up to the first event of a name, then leave."""
    told = []
    async for event in runs.events(run_id):
        told.append(event)
        if event.name == name:
            break
    return told


def text_of(events: list[RunEvent], scene: int = 0) -> str:
    draft = Draft()
    for event in events:
        draft.apply(event.data)
    return draft.scenes[scene].text if scene in draft.scenes else ""


def names(events: list[RunEvent]) -> list[str]:
    return [event.name for event in events if event.name != "delta"]


async def test_a_run_ends_with_its_text_in_the_library(open_runs: Open, library: Library):
    runs = open_runs(ScriptedModel(pieces(STORY)))

    manuscript_id, run_id = await runs.begin(WISH)
    told = await heard(runs, run_id)

    assert names(told) == ["scene", "sources", "scene_done", "done"]
    assert [event.id for event in told] == list(range(1, len(told) + 1))
    kept = library[0].get(manuscript_id)
    assert kept.text == text_of(told) == STORY
    assert (kept.title, kept.revision, kept.scenes[0].is_partial) == ("Встреча на маяке", 2, False)
    assert kept.scenes[0].sources[0]["chunk_id"] == "chunk-1"
    assert kept.scenes[0].quality["completeness"] == 1.0
    record = await runs.state(run_id)
    assert (record.state, record.words, record.tokens) == ("done", 28, len(pieces(STORY)))
    last = told[-1].data
    assert (last.manuscript_id, last.words, last.tokens) == (  # type: ignore[attr-defined]
        manuscript_id,
        record.words,
        record.tokens,
    )


async def test_a_reader_hears_everything_exactly_once_from_any_place(open_runs: Open):
    gate = Gate()
    runs = open_runs(ScriptedModel([*pieces(STORY)[:60], gate, *pieces(STORY)[60:]]))
    _, run_id = await runs.begin(WISH)
    await gate.reached.wait()

    early = asyncio.create_task(heard(runs, run_id))
    late = asyncio.create_task(heard(runs, run_id, after=3))
    gate.opened.set()
    whole = await early

    assert await late == whole[3:]
    for after in range(len(whole) + 2):
        assert await heard(runs, run_id, after) == whole[after:]


async def test_two_readers_hear_the_same(open_runs: Open):
    runs = open_runs(ScriptedModel(pieces(STORY, 1)))
    _, run_id = await runs.begin(WISH)

    first, second = await asyncio.gather(heard(runs, run_id), heard(runs, run_id))

    assert first == second


async def test_a_run_of_another_process_is_heard_from_the_stored_log(
    open_runs: Open,
):
    runs = open_runs(ScriptedModel(pieces(STORY)))
    _, run_id = await runs.begin(WISH)
    whole = await heard(runs, run_id)
    await runs.close()

    restarted = open_runs(ScriptedModel([]))

    assert await heard(restarted, run_id) == whole
    assert await heard(restarted, run_id, 5) == whole[5:]


@pytest.mark.parametrize("after", [0, 4, 500])
async def test_without_a_log_the_library_tells_how_the_run_stands(
    open_runs: Open, cache: MemoryCache, after: int
):
    runs = open_runs(ScriptedModel(pieces(STORY)))
    _, run_id = await runs.begin(WISH)
    whole = await heard(runs, run_id)
    await runs.close()
    await cache.delete(log_key(run_id))

    told = await heard(open_runs(ScriptedModel([])), run_id, after)

    assert text_of([*whole[:after], *told]) == STORY
    assert told[-1].name == "done"
    assert told[-1].data == whole[-1].data
    assert [event.id for event in told] == list(range(after + 1, after + len(told) + 1))


async def test_a_log_that_a_kill_cut_off_is_completed_from_the_library(
    open_runs: Open, library: Library, cache: MemoryCache
):
    gate = Gate()
    runs = open_runs(ScriptedModel([*pieces(STORY), gate]))
    manuscript_id, run_id = await runs.begin(WISH)
    await gate.reached.wait()
    before = await hear_until(runs, run_id, "delta")
    await until(lambda: len(library[0].get(manuscript_id).text) > 60)

    # As after a kill: the same database and cache, nothing of the process.
    library[1].interrupt_unfinished()
    restarted = open_runs(ScriptedModel([]))
    told = await heard(restarted, run_id, len(before))

    assert text_of([*before, *told]) == library[0].get(manuscript_id).text
    assert told[-1].name == "error"
    assert told[-1].data.code == "interrupted"  # type: ignore[attr-defined]
    assert told[-1].data.retryable  # type: ignore[attr-defined]


async def until(is_true: Callable[[], bool]) -> None:
    """Wait for something that only the database shows."""
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(is_true):  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.02)


async def test_stopping_keeps_the_text_up_to_a_sentence(open_runs: Open, library: Library):
    gate = Gate()
    model = ScriptedModel([*pieces(STORY * 2), gate])
    runs = open_runs(model)
    manuscript_id, run_id = await runs.begin(WISH)
    await gate.reached.wait()

    await runs.stop(run_id)
    told = await heard(runs, run_id)

    kept = library[0].get(manuscript_id).text
    assert told[-1].name == "stopped"
    assert kept == text_of(told)
    assert STORY.startswith(kept[: len(STORY)])
    assert kept.endswith((".", "!", "…"))
    assert model.closed == 1
    assert (await runs.state(run_id)).state == "stopped"


async def test_stopping_what_is_over_changes_nothing(open_runs: Open, library: Library):
    runs = open_runs(ScriptedModel(pieces(STORY)))
    manuscript_id, run_id = await runs.begin(WISH)
    await heard(runs, run_id)

    await runs.stop(run_id)

    assert (await runs.state(run_id)).state == "done"
    assert library[0].get(manuscript_id).revision == 2


async def test_what_is_not_there_is_not_found(open_runs: Open):
    runs = open_runs(ScriptedModel([STORY]))

    with pytest.raises(NotFound):
        await runs.state("0" * 32)
    with pytest.raises(NotFound):
        await runs.stop("0" * 32)
    with pytest.raises(NotFound):
        await heard(runs, "0" * 32)
    with pytest.raises(NotFound):
        await runs.start("0" * 32, "continue")


async def test_those_who_wait_see_themselves_coming_nearer(open_runs: Open):
    gates = [Gate(), Gate()]
    model = ScriptedModel(*([gate, *pieces(STORY)] for gate in gates), pieces(STORY))
    runs = open_runs(model)
    ids = [(await runs.begin(WISH))[1] for _ in range(3)]
    assert runs.queue().running == 1
    assert runs.queue().waiting == 2

    listening = [asyncio.create_task(heard(runs, run_id)) for run_id in ids]
    for gate in gates:
        await gate.reached.wait()
        gate.opened.set()
    told = await asyncio.gather(*listening)

    positions = [
        [event.data.position for event in events if event.name == "queued"]  # type: ignore[attr-defined]
        for events in told
    ]
    assert positions == [[], [1], [2, 1]]
    assert all(events[-1].name == "done" for events in told)
    assert runs.queue().running == runs.queue().waiting == 0


async def test_a_full_queue_says_when_to_come_back_and_keeps_nothing(
    open_runs: Open, library: Library
):
    gate = Gate()
    runs = open_runs(ScriptedModel([gate, STORY]), queue_limit=2)
    for _ in range(3):
        await runs.begin(WISH)

    with pytest.raises(QueueFull) as full:
        await runs.begin(WISH)

    assert full.value.retry_after is not None
    assert full.value.retry_after >= 1
    assert library[0].page().total == 3


async def test_many_at_once_never_overfill_the_queue(open_runs: Open, library: Library):
    runs = open_runs(ScriptedModel([Gate(), STORY]), queue_limit=2)

    begun = await asyncio.gather(*(runs.begin(WISH) for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(result, QueueFull) for result in begun) == 5
    assert library[0].page().total == 3


async def test_one_who_stops_waiting_lets_the_others_forward(open_runs: Open):
    gate = Gate()
    runs = open_runs(ScriptedModel([gate, *pieces(STORY)]))
    ids = [(await runs.begin(WISH))[1] for _ in range(3)]

    await runs.stop(ids[1])

    assert names(await heard(runs, ids[1])) == ["queued", "stopped"]
    gate.opened.set()
    last = await heard(runs, ids[2])
    assert [e.data.position for e in last if e.name == "queued"] == [2, 1]  # type: ignore[attr-defined]
    assert last[-1].name == "done"


async def test_a_refused_request_keeps_nothing(open_runs: Open, library: Library):
    runs = open_runs(ScriptedModel([STORY]))

    with pytest.raises(RequestRefused):
        await runs.begin(StoryRequest(wish="Встреча", tone=CUE))

    assert library[0].page().total == 0
    assert runs.queue().running == 0


async def test_a_blocked_run_leaves_its_text_nowhere(
    open_runs: Open, library: Library, cache: MemoryCache
):
    gate = Gate()
    model = ScriptedModel([*pieces(STORY), gate, *pieces(f" {CUE} {STORY}", 2)])
    runs = open_runs(model)
    manuscript_id, run_id = await runs.begin(WISH)
    await gate.reached.wait()
    await until(lambda: "Марина" in library[0].get(manuscript_id).text)
    live = asyncio.create_task(heard(runs, run_id))

    gate.opened.set()
    told = await live

    assert told[-1].name == "blocked"
    assert told[-1].data.code == "minor_content"  # type: ignore[attr-defined]
    assert text_of(told) == ""
    assert "шест" not in "".join(str(event.data) for event in told)
    again = await heard(runs, run_id)
    stored = b"".join(await cache.entries(log_key(run_id))).decode()
    for copy in (str(again), stored, str(library[0].get(manuscript_id))):
        assert "Марина" not in copy
    assert [event.id for event in again] == list(range(1, len(told) + 1))
    assert (await runs.state(run_id)).state == "blocked"
    assert model.closed == 1


# Innocent to its end, and an age when it is cut after the number: as a whole it may not be kept.
RINGS = f"Ей 16 раз звонили с маяка, и никто не снял там трубку. {STORY}"


def shown_as(shown: str) -> str:
    """Return as much of RINGS as makes the stream's guard show exactly so much."""
    return next(
        RINGS[:end] for end in range(len(RINGS)) if StreamGuard().feed(RINGS[:end]) == shown
    )


def is_nowhere(text: str, library: Library, manuscript_id: str) -> bool:
    return text not in str(library[0].get(manuscript_id))


@pytest.mark.parametrize("ending", ["stop", "close"])
async def test_a_text_that_taking_the_model_away_made_a_cue_is_blocked(
    open_runs: Open, library: Library, cache: MemoryCache, ending: str
):
    gate = Gate()
    shown = "Ей 16 раз " if ending == "stop" else "Ей 16 "
    runs = open_runs(ScriptedModel([shown_as(shown), gate]))
    manuscript_id, run_id = await runs.begin(WISH)
    await gate.reached.wait()
    live = asyncio.create_task(heard(runs, run_id))
    await until(lambda: "16" in library[0].get(manuscript_id).text)

    await (runs.stop(run_id) if ending == "stop" else runs.close())
    told = await live

    assert (told[-1].name, text_of(told)) == ("blocked", "")
    assert library[1].get(run_id).state == "blocked"
    assert is_nowhere("Ей", library, manuscript_id)
    assert "Ей" not in b"".join(await cache.entries(log_key(run_id))).decode()


@pytest.mark.parametrize(
    "script",
    [[shown_as("Ей 16 "), RuntimeError()], ["Ей 16 раз"]],
    ids=["failed", "done"],
)
async def test_a_text_that_its_end_made_a_cue_is_blocked_and_can_be_gone_on_with(
    open_runs: Open, library: Library, script: list[str | BaseException]
):
    runs = open_runs(ScriptedModel(script, pieces(STORY)))
    manuscript_id, run_id = await runs.begin(WISH)

    told = await heard(runs, run_id)
    again = await heard(runs, await runs.start(manuscript_id, "continue"))

    assert (told[-1].name, told[-1].data.code) == ("blocked", "minor_content")  # type: ignore[attr-defined]
    assert again[-1].name == "done"
    assert library[0].get(manuscript_id).text == STORY


async def test_a_guard_that_breaks_says_so_and_nothing_is_kept(
    open_runs: Open, library: Library, monkeypatch: pytest.MonkeyPatch
):
    gate = Gate()
    runs = open_runs(ScriptedModel([*pieces(STORY), gate, *pieces(STORY)]))
    manuscript_id, run_id = await runs.begin(WISH)
    await gate.reached.wait()

    monkeypatch.setattr(rules, "RULES", ())
    gate.opened.set()
    told = await heard(runs, run_id)

    assert told[-1].data.code == "safety_unavailable"  # type: ignore[attr-defined]
    assert "Проверка текста не сработала" in told[-1].data.detail  # type: ignore[attr-defined]
    assert is_nowhere("Марина", library, manuscript_id)


async def test_a_text_refused_after_a_kill_is_not_told_from_the_log(
    open_runs: Open, library: Library
):
    gate = Gate()
    runs = open_runs(ScriptedModel([shown_as("Ей 16 "), gate]))
    manuscript_id, run_id = await runs.begin(WISH)
    await gate.reached.wait()
    before = await hear_until(runs, run_id, "delta")
    await until(lambda: "16" in library[0].get(manuscript_id).text)

    # As after a kill: the same database and cache, nothing of the process.
    library[1].interrupt_unfinished()
    told = await heard(open_runs(ScriptedModel([])), run_id)

    assert "16" in text_of(before)
    assert (told[-1].name, text_of(told)) == ("blocked", "")
    assert is_nowhere("Ей", library, manuscript_id)


async def test_a_model_that_breaks_off_leaves_every_word(open_runs: Open, library: Library):
    runs = open_runs(ScriptedModel([*pieces(f"{STORY} И тут она ска"), ModelInterrupted()]))

    manuscript_id, run_id = await runs.begin(WISH)
    told = await heard(runs, run_id)

    assert told[-1].name == "error"
    assert told[-1].data.code == "model_interrupted"  # type: ignore[attr-defined]
    assert told[-1].data.retryable  # type: ignore[attr-defined]
    kept = library[0].get(manuscript_id)
    assert kept.text == text_of(told) == f"{STORY} И тут она ска"
    record = await runs.state(run_id)
    assert (record.state, record.code) == ("interrupted", "model_interrupted")


async def test_an_interrupted_story_goes_on_from_its_last_sentence(
    open_runs: Open, library: Library
):
    broken = [*pieces(f"{STORY} И тут она ска"), ModelInterrupted()]
    model = ScriptedModel(broken, pieces("Утром они вышли к морю."))
    runs = open_runs(model)
    manuscript_id, run_id = await runs.begin(WISH)
    await heard(runs, run_id)

    second = await runs.start(manuscript_id, "continue")
    told = await heard(runs, second)

    kept = library[0].get(manuscript_id)
    assert kept.text == text_of(told) == f"{STORY}\n\nУтром они вышли к морю."
    assert (len(kept.scenes), kept.revision) == (1, 3)
    assert model.prompts[1].tail == STORY
    assert model.prompts[1].words == 800 - 28


async def test_a_continuation_that_comes_to_nothing_leaves_the_text_as_it_was(
    open_runs: Open, library: Library
):
    model = ScriptedModel(pieces(STORY), [ModelUnavailable()])
    runs = open_runs(model)
    manuscript_id, run_id = await runs.begin(WISH)
    await heard(runs, run_id)

    told = await heard(runs, await runs.start(manuscript_id, "continue"))

    kept = library[0].get(manuscript_id)
    assert (told[-1].name, kept.text, kept.revision) == ("error", STORY, 2)
    assert text_of(told) == STORY


async def test_a_blocked_continuation_gives_the_old_text_back(open_runs: Open, library: Library):
    model = ScriptedModel(pieces(STORY), pieces(f"Утро. {CUE} [сцена]"))
    runs = open_runs(model)
    manuscript_id, run_id = await runs.begin(WISH)
    await heard(runs, run_id)

    told = await heard(runs, await runs.start(manuscript_id, "continue"))

    assert told[-1].name == "blocked"
    assert text_of(told) == library[0].get(manuscript_id).text == STORY


async def test_a_text_refused_today_is_not_gone_on_with(open_runs: Open, library: Library):
    runs = open_runs(ScriptedModel([STORY]))
    made = library[0].create(WISH.model_dump(mode="json"), "Маяк")
    library[0].save_scene_text(made.id, 0, f"{CUE} [сцена]", cause="edit")

    with pytest.raises(RequestRefused):
        await runs.start(made.id, "continue")


async def test_a_manuscript_is_written_by_one_run_at_a_time(open_runs: Open):
    gate = Gate()
    runs = open_runs(ScriptedModel([gate, *pieces(STORY)]))
    manuscript_id, run_id = await runs.begin(WISH)

    with pytest.raises(Conflict):
        await runs.start(manuscript_id, "continue")
    gate.opened.set()
    await heard(runs, run_id)

    assert await runs.start(manuscript_id, "continue")


@pytest.mark.parametrize("kind", ["plan", "rewrite", "regenerate", "next_scene", "write", ""])
async def test_what_we_cannot_do_yet_is_said_so(open_runs: Open, library: Library, kind: str):
    runs = open_runs(ScriptedModel([STORY]))
    made = library[0].create(WISH.model_dump(mode="json"), "Маяк")

    with pytest.raises(Malformed) as refused:
        await runs.start(made.id, kind)

    assert refused.value.code == "kind_not_supported"


async def test_a_run_whose_readers_are_gone_is_stopped(open_runs: Open):
    gate = Gate()
    model = ScriptedModel([*pieces(STORY), gate])
    runs = open_runs(model, grace_seconds=0.01)
    _, run_id = await runs.begin(WISH)
    await gate.reached.wait()

    await hear_until(runs, run_id, "delta")
    await until_over(runs, run_id)

    assert (await runs.state(run_id)).state == "stopped"
    assert model.closed == 1


async def until_over(runs: Runs, run_id: str) -> None:
    """Wait for a run's end without being its reader."""
    async with asyncio.timeout(10):
        while (await runs.state(run_id)).finished_at is None:  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.01)


async def test_a_waiting_run_whose_readers_are_gone_leaves_the_queue(open_runs: Open):
    gate = Gate()
    runs = open_runs(ScriptedModel([gate, STORY]), grace_seconds=0.01)
    await runs.begin(WISH)
    _, waiting = await runs.begin(WISH)

    await hear_until(runs, waiting, "queued")
    await until_over(runs, waiting)

    assert runs.queue().waiting == 0


async def test_one_reader_who_stays_is_enough(open_runs: Open):
    gate = Gate()
    runs = open_runs(ScriptedModel([*pieces(STORY), gate]), grace_seconds=0)
    _, run_id = await runs.begin(WISH)
    staying = asyncio.create_task(heard(runs, run_id))
    await gate.reached.wait()

    for _ in range(3):
        await hear_until(runs, run_id, "delta")
    gate.opened.set()

    assert (await staying)[-1].name == "done"


async def test_a_reader_who_comes_back_in_time_keeps_the_run(open_runs: Open):
    gate = Gate()
    runs = open_runs(ScriptedModel([*pieces(STORY), gate]), grace_seconds=3600)
    _, run_id = await runs.begin(WISH)
    await gate.reached.wait()
    before = await hear_until(runs, run_id, "delta")

    coming_back = asyncio.create_task(heard(runs, run_id, before[-1].id))
    gate.opened.set()
    after = await coming_back

    assert after[-1].name == "done"
    assert text_of(before + after) == STORY


async def test_a_run_that_nobody_watches_goes_to_its_end(open_runs: Open):
    runs = open_runs(ScriptedModel(pieces(STORY)), grace_seconds=0)
    _, run_id = await runs.begin(WISH)

    await until_over(runs, run_id)

    assert (await runs.state(run_id)).state == "done"


async def test_the_end_of_the_program_keeps_what_was_written(open_runs: Open, library: Library):
    gate = Gate()
    runs = open_runs(ScriptedModel([*pieces(STORY), gate]))
    writing = await runs.begin(WISH)
    waiting = await runs.begin(WISH)
    await gate.reached.wait()
    reader = asyncio.create_task(heard(runs, writing[1]))

    await runs.close()
    told = await reader

    assert told[-1].data.code == "interrupted"  # type: ignore[attr-defined]
    assert library[0].get(writing[0]).text == text_of(told)
    assert "Марина" in text_of(told)
    assert {library[1].get(run_id).state for _, run_id in (writing, waiting)} == {"interrupted"}
    assert library[1].interrupt_unfinished() == 0


async def test_a_discarded_manuscript_is_gone_with_its_logs(
    open_runs: Open, library: Library, cache: MemoryCache
):
    gate = Gate()
    model = ScriptedModel([*pieces(STORY), gate])
    runs = open_runs(model)
    manuscript_id, run_id = await runs.begin(WISH)
    await gate.reached.wait()

    await runs.discard(manuscript_id)

    assert library[0].page().total == 0
    assert await cache.entries(log_key(run_id)) == []
    assert model.closed == 1
    with pytest.raises(NotFound):
        await heard(runs, run_id)
    with pytest.raises(NotFound):
        await runs.discard(manuscript_id)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageUnavailable(), "storage_unavailable"),
        (RuntimeError("[сцена]"), "internal_error"),
    ],
)
async def test_a_library_that_fails_is_told_and_the_next_run_still_comes(
    open_runs: Open,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
):
    def fail(*_args: object, **_facts: object) -> None:
        raise error

    runs = open_runs(ScriptedModel(pieces(STORY)))
    with monkeypatch.context() as broken:
        broken.setattr(library[0], "save_scene_text", fail)
        broken.setattr(library[1], "finish", fail)
        _, first = await runs.begin(WISH)
        async with asyncio.timeout(10):
            told = await heard(runs, first)
    _, second = await runs.begin(WISH)

    assert told[-1].name == "error"
    assert told[-1].data.code == code  # type: ignore[attr-defined]
    assert (await heard(runs, second))[-1].name == "done"


async def test_a_text_that_could_not_be_saved_once_is_saved_with_the_next_word(
    open_runs: Open, library: Library, monkeypatch: pytest.MonkeyPatch
):
    save, tried = library[0].save_partial, threading.Event()

    def fail_once(*args: object, **facts: object) -> None:
        if not tried.is_set():
            tried.set()
            raise RuntimeError("[сцена]")
        save(*args, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(library[0], "save_partial", fail_once)
    gates = [Gate(), Gate()]
    script = [*pieces(STORY), gates[0], *pieces(f" {STORY}"), gates[1]]
    runs = open_runs(ScriptedModel(script))
    manuscript_id, _ = await runs.begin(WISH)

    await until(tried.is_set)
    gates[0].opened.set()

    await until(lambda: "Марина" in library[0].get(manuscript_id).text)


async def test_a_failure_nobody_foresaw_ends_the_run_too(open_runs: Open):
    runs = open_runs(ScriptedModel([*pieces(STORY), RuntimeError("[сцена]")], pieces(STORY)))
    _, first = await runs.begin(WISH)

    told = await heard(runs, first)
    _, second = await runs.begin(WISH)

    assert (told[-1].name, told[-1].data.code) == ("error", "internal_error")  # type: ignore[attr-defined]
    assert (await heard(runs, second))[-1].name == "done"
