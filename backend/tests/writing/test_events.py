import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyteller.writing.draft import Draft
from storyteller.writing.events import (
    EVENTS,
    FINAL,
    Delta,
    Done,
    Queued,
    Replace,
    RunEvent,
    SceneStarted,
    Stopped,
)


def test_the_events_are_those_of_the_outer_interface():
    assert set(EVENTS) == {
        *("queued", "plan", "scene", "sources", "delta", "notice", "replace", "scene_done"),
        *("done", "stopped", "blocked", "error"),
    }
    assert {"done", "stopped", "blocked", "error"} == FINAL


def test_a_replacement_says_from_on_the_wire():
    event = RunEvent.of(3, Replace(scene=0, start=7, text="море"))

    assert json.loads(event.data.model_dump_json()) == {"scene": 0, "from": 7, "text": "море"}
    assert event.name == "replace"


@given(st.integers(1, 10**6), st.text())
def test_an_event_of_the_stored_log_reads_as_it_was_written(number: int, text: str):
    event = RunEvent.of(number, Delta(scene=1, text=text))

    line = event.to_json()

    assert b"\n" not in line
    assert RunEvent.from_json(line) == event


@pytest.mark.parametrize("line", [b"[]", b"{}", b'{"id":1,"name":"os","data":{}}'])
def test_a_line_that_is_no_event_is_refused(line: bytes):
    with pytest.raises(ValueError, match="not a run event"):
        RunEvent.from_json(line)


@pytest.mark.parametrize("data", [Queued(position=1, eta_seconds=5), Stopped()])
def test_only_four_events_end_a_run(data):
    assert RunEvent.of(1, data).is_final == isinstance(data, Stopped | Done)


def test_a_draft_is_the_sum_of_what_was_told():
    draft = Draft()

    for event in (
        SceneStarted(index=0, title="Маяк"),
        Delta(scene=0, text="Море шу"),
        Delta(scene=0, text="мело. И"),
        Replace(scene=0, start=12, text=" Да."),
    ):
        draft.apply(event)

    assert draft.scenes[0].text == "Море шумело. Да."
    assert draft.scenes[0].title == "Маяк"
