"""What the guard catches and what it lets pass, counted over sets of phrases.

A phrase is a cue of age, or something that only looks like one, and a placeholder. `dev.jsonl` and
the held-out sets that have been looked at since are what the rules were made by; the newest
held-out set is only measured. The first measure of each, before anything was mended by it, is in
README.md beside them.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from storycore.safety import decide

HERE = Path(__file__).parent
TUNED = ("dev.jsonl", "heldout-1.jsonl", "heldout-2.jsonl", "heldout-3.jsonl", "heldout-4.jsonl")
HELD_OUT = "heldout-5.jsonl"


def phrases(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def measure(*names: str) -> tuple[float, float, list[str]]:
    """Return recall, false alarms and the ids judged wrongly."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    wrong = []
    for phrase in (phrase for name in names for phrase in phrases(name)):
        label = phrase["label"]
        total[label] += 1
        if (decide(phrase["text"]) is not None) == (label == "minor"):
            right[label] += 1
        else:
            wrong.append(phrase["id"])
    return right["minor"] / total["minor"], 1 - right["adults"] / total["adults"], wrong


def test_phrases_the_rules_were_made_by_are_judged_rightly():
    recall, false_alarms, wrong = measure(*TUNED)

    assert recall >= 0.98, wrong
    assert false_alarms <= 0.01, wrong


def test_phrases_the_rules_never_saw_are_mostly_judged_rightly():
    # The floor keeps what stands; 0.95 and 0.03 are where it has to come.
    recall, false_alarms, _ = measure(HELD_OUT)

    assert recall >= 0.8
    assert false_alarms <= 0.12


@pytest.mark.parametrize("name", [*TUNED, HELD_OUT])
def test_a_phrase_has_its_own_id_and_a_label(name):
    each = phrases(name)

    assert len({phrase["id"] for phrase in each}) == len(each)
    assert {phrase["label"] for phrase in each} == {"minor", "adults"}
    assert all(set(phrase) == {"id", "text", "class", "label"} for phrase in each)


def test_a_cue_is_found_wherever_it_stands_in_a_long_text():
    calm = "Дождь шёл весь вечер. Она читала, он чинил лампу. " * 200

    missed = [
        phrase["id"]
        for phrase in phrases("dev.jsonl")
        if phrase["label"] == "minor"
        and phrase["class"] not in ("sheet", "birth")
        and decide(f"{calm}{phrase['text']} {calm}") is None
    ]

    assert missed == []
