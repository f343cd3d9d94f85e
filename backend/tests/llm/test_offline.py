"""The offline writer isn't clever, but it must be honest, orderly, repeatable, and no copyist."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing
from importlib import resources

import pytest
from tests.doubles.ollama import story

from storycore.safety import check_adults_only
from storyteller.llm.base import Finish, LanguageModel, Prompt, Sampling
from storyteller.llm.learning import learn
from storyteller.llm.offline import OfflineModel

PROMPT = Prompt("Правила.", "Напиши о встрече у маяка.", words=120)
CORPUS = tuple(story(600, seed) for seed in range(6))


def model(texts: Iterable[str] = CORPUS, version: Callable[[], int] = lambda: 1) -> OfflineModel:
    kept = tuple(texts)
    return OfflineModel(lambda: kept, version)


async def write(
    writer: LanguageModel, prompt: Prompt = PROMPT, sampling: Sampling | None = None
) -> tuple[str, Finish]:
    pieces = writer.complete(prompt, sampling or Sampling(seed=1, max_tokens=5000))
    *text, finish = [piece async for piece in pieces]
    assert isinstance(finish, Finish)
    return "".join(map(str, text)), finish


async def test_writes_as_many_words_as_were_asked_and_ends_the_sentence() -> None:
    text, finish = await write(model())

    assert 120 <= words_of(text) < 165
    assert text[-1] in ".!?…"
    assert text[0].isupper() or text.startswith("— ")
    assert finish.reason == "stop"
    assert finish.prompt_tokens > 0
    assert finish.completion_tokens > 120


@pytest.mark.parametrize("seed", range(8))
async def test_sets_its_text_as_a_book_is_set(seed: int) -> None:
    text, _ = await write(model(), sampling=Sampling(seed=seed, max_tokens=5000))

    assert not re.search(r"\d|[A-Za-z~¶]", text)
    assert not re.search(r"\s[,.!?…:;»]|[,:;][.,!?…:;]|«\s| {2}|\n{3}", text)
    assert not re.search(r"[.!?…] [а-яё]", text)
    assert text.count("«") == text.count("»")
    for paragraph in text.split("\n\n"):
        assert paragraph[-1] in ".!?…»"
        assert paragraph.lstrip("—« ")[0].isupper()


async def test_the_same_seed_tells_the_same_story() -> None:
    first, again, other = [
        (await write(model(), sampling=Sampling(seed=seed, max_tokens=5000)))[0]
        for seed in (5, 5, 6)
    ]

    assert first == again
    assert first != other


async def test_another_wish_makes_another_story_of_the_same_seed() -> None:
    one, _ = await write(model(), Prompt("", "О море.", words=100))
    two, _ = await write(model(), Prompt("", "О снеге.", words=100))

    assert one != two


async def test_without_a_seed_every_story_is_another() -> None:
    sampling = Sampling(seed=None, max_tokens=5000)

    assert await write(model(), sampling=sampling) != await write(model(), sampling=sampling)


async def test_copies_no_eight_words_in_a_row() -> None:
    sampling = Sampling(seed=3, temperature=0.3, max_tokens=9000)

    text, _ = await write(model(), Prompt("", "", words=600), sampling)

    known = {run for source in CORPUS for run in runs_of(source, 8)}
    assert known
    assert not known & set(runs_of(text, 8))


async def test_does_not_repeat_itself() -> None:
    sampling = Sampling(seed=3, temperature=0.1, max_tokens=9000)

    text, _ = await write(model(), Prompt("", "", words=400), sampling)

    runs = list(runs_of(text, 6))
    assert len(runs) - len(set(runs)) <= len(runs) * 0.03


async def test_leans_on_the_passages() -> None:
    passage = (
        "Смотритель зажёг фонарь на старом маяке. Фонарь качался на ветру, и смотритель ждал "
        "корабль. Корабль шёл к маяку, и фонарь горел ровно. Смотритель знал этот корабль. "
    )
    leaning = Prompt(
        "", "О маяке.", passages=(passage, passage.replace("ровно", "ярко")), words=100
    )

    found = 0
    for seed in range(3):
        text, _ = await write(model(), leaning, Sampling(seed=seed, max_tokens=5000))
        found += len(re.findall("смотрител|фонар|корабл", text.lower()))

    assert "смотритель" not in " ".join(CORPUS).lower()
    assert found >= 3


async def test_temperature_widens_the_choice() -> None:
    cold, _ = await write(model(), sampling=Sampling(0.2, 1, 0, 1, seed=1, max_tokens=9000))
    hot, _ = await write(model(), sampling=Sampling(1.6, 1, 0, 1, seed=1, max_tokens=9000))

    assert cold != hot


async def test_a_tiny_top_p_leaves_no_choice_to_the_dice() -> None:
    sampling = [Sampling(1.0, 1e-9, 0, 1, seed=seed, max_tokens=900) for seed in (1, 2)]

    one, two = [(await write(model(), sampling=choice))[0] for choice in sampling]

    assert one == two


async def test_goes_on_from_the_middle_of_a_sentence() -> None:
    prompt = Prompt("", "", tail="В тот вечер Марина встретила его", words=50)

    text, _ = await write(model(), prompt)

    assert text.startswith((" ", ","))
    assert not text[:3].strip()[:1].isupper()


async def test_goes_on_after_a_sentence() -> None:
    prompt = Prompt("", "", tail="Она закрыла книгу.", words=50)

    text, _ = await write(model(), prompt)

    assert text[0].isspace()
    assert text.lstrip()[0].isupper() or text.lstrip().startswith("—")


@pytest.mark.parametrize("limit", [9, 40, 77])
async def test_a_limit_ends_it_sooner_but_never_in_mid_sentence(limit: int) -> None:
    for seed in range(6):
        text, finish = await write(model(), sampling=Sampling(seed=seed, max_tokens=limit))

        assert finish.completion_tokens <= limit
        assert finish.reason == "length"
        assert text[-1] in ".!?…"


async def test_writes_with_an_empty_corpus() -> None:
    text, finish = await write(model(()))

    assert words_of(text) >= 120
    assert finish.reason == "stop"


async def test_writes_from_a_corpus_of_rubbish() -> None:
    text, _ = await write(model(("404", "", "<html>", "Одно слово.")))

    assert words_of(text) >= 120


async def test_learns_again_when_the_corpus_has_changed() -> None:
    versions = iter((1, 1, 2))
    reads: list[int] = []

    def texts() -> Iterator[str]:
        reads.append(1)
        yield from CORPUS[:1]

    writer = OfflineModel(texts, lambda: next(versions))
    short = Prompt("", "", words=20)

    counts = []
    for _ in range(3):
        await write(writer, short)
        counts.append(len(reads))

    # A reading is two walks.
    assert counts == [2, 2, 4]


async def test_learns_once_for_all_who_wait() -> None:
    reads: list[int] = []

    def texts() -> Iterator[str]:
        reads.append(1)
        yield from CORPUS[:1]

    writer = OfflineModel(texts, lambda: 1)

    await asyncio.gather(*(write(writer, Prompt("", "", words=20)) for _ in range(3)))

    assert len(reads) == 2


async def test_the_loop_turns_while_it_learns_and_writes() -> None:
    held, here = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def texts() -> Iterator[str]:
        loop.call_soon_threadsafe(here.set)
        # Fails the test by timeout if the loop itself had to read.
        assert held.wait(20)
        yield from CORPUS[:1]

    writing = asyncio.create_task(write(OfflineModel(texts, lambda: 1)))
    await here.wait()
    held.set()

    text, _ = await writing
    assert words_of(text) >= 120


async def test_comes_in_pieces_and_can_be_left() -> None:
    pieces = []

    async with aclosing(model().complete(PROMPT, Sampling(seed=1))) as story_pieces:
        async for piece in story_pieces:
            pieces.append(piece)
            if len(pieces) == 5:
                break

    assert all(isinstance(piece, str) and len(piece) < 30 for piece in pieces)


async def test_says_that_it_is_no_real_model_and_how_to_get_one() -> None:
    state = await model().state()

    assert state.ready
    assert "офлайн" in state.detail
    assert "ollama pull" in state.detail


def test_takes_a_large_corpus_evenly() -> None:
    early, late = "Рано утром запел скворец.\n" * 3000, "Поздно вечером запел соловей.\n" * 3000

    learned = learn(lambda: (early, late), most_words=2000)

    seen = {word: learned.vocabulary.find(word) for word in ("скворец", "соловей")}
    counts = [int(learned.counts[number]) for number in seen.values() if number is not None]
    assert len(counts) == 2
    assert 150 < min(counts) <= max(counts) < 400


def test_the_text_of_the_house_is_fit_to_be_learnt() -> None:
    text = resources.files("storyteller.llm").joinpath("seed.txt").read_text("utf-8")

    assert check_adults_only(text) == text
    assert not re.search(r"\d|[A-Za-z]", text)
    assert words_of(text) > 1000


def words_of(text: str) -> int:
    return len(re.findall(r"[А-Яа-яЁё-]*[А-Яа-яЁё]", text))


def runs_of(text: str, length: int) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"[а-яё]+(?:-[а-яё]+)*", text.lower())
    return (tuple(words[place : place + length]) for place in range(len(words) - length + 1))
