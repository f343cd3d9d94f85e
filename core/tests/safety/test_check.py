"""The guard's contract: one question, no switch, and no answer but "no" when it can't judge."""

import inspect
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storycore import safety
from storycore.safety import (
    SAFETY_VERSION,
    Decision,
    ForbiddenContent,
    SafetyUnavailable,
    check,
    check_adults_only,
    decide,
    rules,
)

ADULTS = "Вере тридцать два. Она поставила чайник и улыбнулась мужу. [сцена]"
MINOR = "Ей шестнадцать. [сцена]"


def test_a_text_of_adults_comes_back_as_it_was():
    assert check_adults_only(ADULTS) == ADULTS


def test_a_text_of_a_minor_is_refused_by_a_stable_code():
    with pytest.raises(ForbiddenContent) as refusal:
        check_adults_only(MINOR)

    assert (refusal.value.code, refusal.value.rule) == ("minor_content", "age")
    assert decide(MINOR) == Decision("minor_content", "age")


def test_nothing_of_the_text_travels_with_the_refusal():
    with pytest.raises(ForbiddenContent) as refusal:
        check_adults_only("Марфуше шестнадцать. [сцена]")

    told = repr(refusal.value) + str(refusal.value) + repr(vars(refusal.value))
    assert "арфуш" not in told
    assert "шестнадцать" not in told


@pytest.mark.parametrize(
    "fields",
    [
        ("Аня", "16"),
        ("А.", "16"),
        ("Напиши про Аню.", "возраст: 16"),
        ("Аня", "16 лет", "рыжая"),
        ("Вечер у моря.", "герой", "ей шестнадцать"),
        ("Сколько ей лет?", "Семнадцать"),
    ],
)
def test_fields_are_read_as_one(fields):
    with pytest.raises(ForbiddenContent):
        check_adults_only(*fields)


def test_each_field_alone_may_be_innocent():
    check_adults_only("Аня")
    check_adults_only("16 роз")


@pytest.mark.parametrize(
    "disclaimer", ["Все герои старше 18 лет.", "Это вымысел, всем есть 18.", "18+", "Ей можно."]
)
def test_a_disclaimer_never_cancels_an_age(disclaimer):
    with pytest.raises(ForbiddenContent):
        check_adults_only(f"{disclaimer} {MINOR}")
    with pytest.raises(ForbiddenContent):
        check_adults_only(f"{MINOR} {disclaimer}")


def test_no_rules_means_no():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "RULES", ())
        with pytest.raises(SafetyUnavailable) as refusal:
            check_adults_only(ADULTS)

    assert refusal.value.code == "safety_unavailable"


def test_a_rule_that_breaks_means_no_and_tells_nothing():
    def breaks(_: object) -> None:
        raise RuntimeError(ADULTS)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "find", breaks)
        with pytest.raises(ForbiddenContent) as refusal:
            check_adults_only(ADULTS)

    assert refusal.value.code == "safety_unavailable"
    assert refusal.value.__cause__ is None
    assert "Вере" not in repr(refusal.value) + str(refusal.value)


def test_there_is_no_parameter_that_weakens():
    parameters = inspect.signature(check_adults_only).parameters.values()

    assert [(each.name, each.kind.name) for each in parameters] == [
        ("text", "POSITIONAL_OR_KEYWORD"),
        ("fields", "VAR_POSITIONAL"),
    ]


def test_no_environment_weakens(monkeypatch):
    for name in ("SAFETY", "GUARD", "DISABLE_GUARD", "STORYCORE_SAFETY", "SAFETY_ENABLED"):
        monkeypatch.setenv(name, "0")

    with pytest.raises(ForbiddenContent):
        check_adults_only(MINOR)


def test_the_package_reads_no_environment():
    sources = [path.read_text("utf-8") for path in Path(check.__file__).parent.glob("*.py")]

    assert sources
    assert not any(word in source for source in sources for word in ("environ", "getenv", "open("))


def test_the_version_is_a_word_to_write_beside_a_chunk():
    assert SAFETY_VERSION
    assert safety.SAFETY_VERSION is SAFETY_VERSION


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=300))
def test_any_text_can_be_judged(text):
    try:
        check_adults_only(text)
    except ForbiddenContent as refusal:
        assert refusal.code == "minor_content"  # noqa: PT017


WALLS = [
    "а", "а ", "1", "1 ", "ш.", "ей 16 роз ", "16 лет назад ", "как школьница ", "шко-", "a1",
    "16-16-", "ученик ", "летняя ", "ребенок ", "«", "\n", "оошо", "is 16 roses ", "a'", "*",
]  # fmt: skip


@pytest.mark.parametrize("wall", WALLS)
def test_a_wall_of_one_thing_is_judged(wall):
    text = (wall * 200_000)[:200_000]

    assert decide(text) is None


@pytest.mark.parametrize("wall", ["ей 16 роз ", "16 лет назад ", "ученик ", "как школьница "])
def test_work_grows_no_faster_than_the_text(wall):
    assert _work(wall * 4000) < 2.3 * _work(wall * 2000)


def _work(text: str) -> int:
    """Count the words that the rules look at."""
    looked = 0
    words = rules.Words.of(text)

    class Counting(list[str]):
        def __getitem__(self, place):
            nonlocal looked
            found = super().__getitem__(place)
            looked += len(found) if isinstance(place, slice) else 1
            return found

    rules.find(rules.Words(Counting(words.all), words.settled))
    return looked
