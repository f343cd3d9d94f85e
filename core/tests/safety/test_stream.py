"""A stream is shown a little late, and a cue in it is never shown at all."""

import random

import pytest

from storycore.safety import ForbiddenContent, SafetyUnavailable, StreamGuard, check, rules

CALM = (
    "Вера поставила чайник. За окном шёл дождь, и город казался корабельной палубой. "
    "— Останешься? — спросила она. — Останусь, — сказал Пётр и снял мокрый плащ. "
)
CUES = ["Ей шестнадцать, и она молчит.", "Соседка-школьница стучит в дверь.", "Оле 15 лет."]
HARMLESS = [
    "Шестнадцать лет назад они встретились здесь.",
    "Он налил ей пятнадцатилетний виски.",
    "Ей двадцать шесть лет, она врач.",
    "Ей 16 раз звонили с работы, и она выключила телефон.",
    "Они прожили вместе семнадцать лет.",
]


def pieces(text: str, rng: random.Random, longest: int) -> list[str]:
    cut = []
    while text:
        size = rng.randint(1, longest)
        cut.append(text[:size])
        text = text[size:]
    return cut


def shown(guard: StreamGuard, parts: list[str]) -> str:
    return "".join([*(guard.feed(part) for part in parts), guard.finish()])


def until_refused(guard: StreamGuard, parts: list[str]) -> str:
    """Return what was shown before the refusal, which has to come."""
    out = ""
    try:
        for part in parts:
            out += guard.feed(part)
        guard.finish()
    except ForbiddenContent:
        return out
    pytest.fail("the stream was not refused")


@pytest.mark.parametrize("longest", [1, 3, 12, 400])
def test_a_calm_stream_comes_out_whole(longest):
    text = CALM * 12

    assert shown(StreamGuard(), pieces(text, random.Random(7), longest)) == text


@pytest.mark.parametrize("sentence", HARMLESS)
def test_a_number_waits_for_what_follows_it(sentence):
    text = CALM + sentence + " " + CALM

    for seed in range(8):
        assert shown(StreamGuard(), pieces(text, random.Random(seed), 4)) == text


@pytest.mark.parametrize("cue", CUES)
def test_no_cutting_into_pieces_shows_a_cue(cue):
    text = CALM * 3 + cue + " " + CALM

    for seed in range(20):
        out = until_refused(StreamGuard(), pieces(text, random.Random(seed), 6))

        assert (CALM * 3).startswith(out)


@pytest.mark.parametrize("cue", CUES)
def test_a_cue_at_the_very_end_is_caught_by_the_finish(cue):
    guard = StreamGuard()
    guard.feed(CALM)
    guard.feed(cue)

    with pytest.raises(ForbiddenContent):
        guard.finish()


def test_at_least_forty_characters_are_held():
    guard = StreamGuard()

    out = guard.feed(CALM)

    assert CALM.startswith(out)
    assert len(CALM) - len(out) >= 40


def test_after_a_refusal_nothing_more_comes():
    guard = StreamGuard()
    with pytest.raises(ForbiddenContent):
        guard.feed("Ей шестнадцать. [сцена] " + CALM)

    with pytest.raises(ForbiddenContent):
        guard.feed("")
    with pytest.raises(ForbiddenContent):
        guard.feed(CALM)
    with pytest.raises(ForbiddenContent):
        guard.finish()


def test_a_wall_of_letters_still_flows():
    guard = StreamGuard()

    out = "".join(guard.feed("а" * 100) for _ in range(100))

    assert len(out) > 5000


def test_a_guard_that_breaks_stops_the_stream(monkeypatch):
    guard = StreamGuard()
    monkeypatch.setattr(rules, "RULES", ())

    with pytest.raises(SafetyUnavailable):
        guard.feed(CALM)

    monkeypatch.undo()
    with pytest.raises(ForbiddenContent):
        guard.feed(CALM)


def test_an_age_split_from_its_person_by_a_flush_still_meets_it():
    guard = StreamGuard()
    text = CALM + "Марине, как он потом узнал из её дневника, той весной было пятнадцать. " + CALM

    with pytest.raises(ForbiddenContent):
        shown(guard, list(text))


def test_only_the_recent_text_is_read_again(monkeypatch):
    longest = 0
    judge = check.judge

    def measuring(settled: str, lookahead: str = ""):
        nonlocal longest
        longest = max(longest, len(settled))
        return judge(settled, lookahead)

    monkeypatch.setattr("storycore.safety.stream.judge", measuring)
    guard = StreamGuard()
    for part in [CALM] * 100:
        guard.feed(part)

    assert longest < 1500
