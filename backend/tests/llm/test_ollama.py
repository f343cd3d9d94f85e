"""What a story must survive: every way in which an Ollama was seen to answer or to fall silent."""

import asyncio
import gc
import socket
from collections.abc import Callable
from contextlib import aclosing

import httpx
import pytest
from tests.doubles.ollama import AGE_CUE, MODEL, Behaviour, How, OllamaDouble

from storyteller.errors import ContextExceeded, ModelInterrupted, ModelUnavailable, StorytellerError
from storyteller.llm.base import Finish, LanguageModel, Prompt, Sampling
from storyteller.llm.ollama import OllamaModel, open_client

Build = Callable[..., OllamaModel]

PROMPT = Prompt(system="Ты пишешь по-русски.", user="Напиши 60 слов о встрече у маяка.")


async def write(
    model: LanguageModel, prompt: Prompt = PROMPT, sampling: Sampling | None = None
) -> tuple[str, Finish]:
    *pieces, finish = [piece async for piece in model.complete(prompt, sampling or Sampling())]
    assert isinstance(finish, Finish)
    return "".join(map(str, pieces)), finish


async def kept_until_error(model: OllamaModel) -> tuple[str, StorytellerError]:
    kept = ""
    try:
        async for piece in model.complete(PROMPT, Sampling()):
            kept += str(piece)
    except StorytellerError as error:
        return kept, error
    pytest.fail(f"nothing broke: {kept}")


async def test_writes_a_story_and_says_what_it_cost(build: Build) -> None:
    text, finish = await write(build())

    assert len(text.split()) >= 60
    assert text[0].isupper()
    assert text.endswith(".")
    assert finish.reason == "stop"
    assert finish.prompt_tokens > 10
    assert finish.completion_tokens > 60


async def test_says_that_the_limit_ended_it(build: Build) -> None:
    _, finish = await write(build(), sampling=Sampling(max_tokens=12))

    assert finish == Finish("length", finish.prompt_tokens, 12)


async def test_sends_every_choice_and_trusts_no_default(build: Build, double: OllamaDouble) -> None:
    sampling = Sampling(0.5, 0.9, 0.02, 1.05, seed=7, max_tokens=300)

    await write(build(batch_tokens=64), sampling=sampling)

    body = double.chats()[0].body
    assert {key: body[key] for key in ("model", "stream", "think", "truncate", "shift")} == {
        "model": MODEL,
        "stream": True,
        "think": False,
        "truncate": False,
        "shift": False,
    }
    stop = body["options"].pop("stop")
    assert "[INST]" in stop
    assert body["options"] == {
        "num_ctx": 8192,
        "num_batch": 64,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 100,
        "min_p": 0.02,
        "repeat_penalty": 1.05,
        "repeat_last_n": 512,
        "seed": 7,
        "num_predict": 300,
    }


async def test_asks_for_a_random_seed_when_none_is_given(
    build: Build, double: OllamaDouble
) -> None:
    await write(build())

    assert double.chats()[0].body["options"]["seed"] == -1


async def test_puts_the_written_end_last_in_the_users_turn(
    build: Build, double: OllamaDouble
) -> None:
    prompt = Prompt("Правила.", "Пожелание.", tail="Она открыла окно")

    text, _ = await write(build(), prompt)

    roles, contents = zip(
        *((m["role"], m["content"]) for m in double.chats()[0].body["messages"]), strict=True
    )
    assert roles == ("system", "user")
    assert contents[1].startswith("Пожелание.")
    assert "Она открыла окно" in contents[1]
    assert (prompt.tail + text).startswith("Она открыла окно ")


async def test_thoughts_are_no_part_of_the_story(build: Build, double: OllamaDouble) -> None:
    double.script(Behaviour("thinking", text="Пошёл снег."))

    text, _ = await write(build())

    assert text == "Пошёл снег."


@pytest.mark.parametrize("how", ["no_done", "error_line", "cut", "half_line", "garbage"])
async def test_keeps_what_came_before_a_break(build: Build, double: OllamaDouble, how: How) -> None:
    double.script(Behaviour(how, after=4, text="Дождь кончился, и они вышли на мост."))

    kept, error = await kept_until_error(build())

    assert isinstance(error, ModelInterrupted)
    assert kept == "Дождь кончился"


async def test_refuses_to_hold_an_endless_line(build: Build, double: OllamaDouble) -> None:
    double.script(Behaviour("giant_line", after=2))

    kept, error = await kept_until_error(build())

    assert isinstance(error, ModelInterrupted)
    assert 0 < len(kept) < 100
    # Left in the middle of it, not after it.
    assert await asyncio.to_thread(double.chats()[0].closed_early.wait, 5)


async def test_a_break_before_the_first_word_is_a_break_too(
    build: Build, double: OllamaDouble
) -> None:
    double.script(Behaviour("no_done", after=0))

    kept, error = await kept_until_error(build())

    assert (kept, type(error)) == ("", ModelInterrupted)


async def test_says_the_exact_counts_of_an_overflow(build: Build) -> None:
    model = build(context_tokens=2048)

    with pytest.raises(ContextExceeded) as caught:
        await write(model, Prompt("Правила.", "Дождь шёл весь вечер. " * 400))

    assert caught.value.context_tokens == 2048
    assert caught.value.prompt_tokens > 2048


@pytest.mark.parametrize(
    ("how", "word"), [("busy", "занята"), ("html", "502"), ("load_fails", "500")]
)
async def test_says_why_it_could_not_start(
    build: Build, double: OllamaDouble, how: How, word: str
) -> None:
    double.script(Behaviour(how))

    kept, error = await kept_until_error(build())

    assert (kept, type(error)) == ("", ModelUnavailable)
    assert word in error.message


async def test_tells_how_to_get_a_missing_model(build: Build) -> None:
    model = build("vikhr:9b")

    _, error = await kept_until_error(model)

    assert isinstance(error, ModelUnavailable)
    assert error.code == "model_missing"
    assert "ollama pull vikhr:9b" in error.message


async def test_gives_up_on_a_model_that_never_starts(build: Build, double: OllamaDouble) -> None:
    double.script(Behaviour("hang"), Behaviour("hang_after_headers"))

    _, silent = await kept_until_error(build(first_token=0.1))
    _, headers_only = await kept_until_error(build(first_token=0.1))

    assert isinstance(silent, ModelUnavailable)
    assert isinstance(headers_only, ModelUnavailable)
    assert "не начала писать" in headers_only.message


async def test_gives_up_on_a_model_that_falls_silent(build: Build, double: OllamaDouble) -> None:
    double.script(Behaviour("hang_midstream", after=3))

    kept, error = await kept_until_error(build(between_tokens=0.1))

    assert isinstance(error, ModelInterrupted)
    assert kept
    assert await asyncio.to_thread(double.chats()[0].closed_early.wait, 5)


async def test_ends_a_story_that_takes_for_ever(build: Build, double: OllamaDouble) -> None:
    double.script(Behaviour(pace=0.01, words=5000))

    kept, error = await kept_until_error(build(whole=0.3))

    assert isinstance(error, ModelInterrupted)
    assert kept


async def test_a_slow_listener_is_not_mistaken_for_a_silent_model(
    build: Build, double: OllamaDouble
) -> None:
    double.script(Behaviour(pace=0.02, text="Он ждал у моста."))
    heard = ""

    async for piece in build(between_tokens=0.15).complete(PROMPT, Sampling()):
        heard += "" if isinstance(piece, Finish) else piece
        await asyncio.sleep(0.2 if heard == "Он" else 0)

    assert heard == "Он ждал у моста."


async def test_closing_the_iterator_stops_the_model(build: Build, double: OllamaDouble) -> None:
    double.script(Behaviour(pace=0.005, words=5000))

    async with aclosing(build().complete(PROMPT, Sampling())) as pieces:
        await anext(pieces)

    assert await asyncio.to_thread(double.chats()[0].closed_early.wait, 5)


async def test_cancelling_the_task_stops_the_model(build: Build, double: OllamaDouble) -> None:
    double.script(Behaviour("hang_midstream", after=3))
    begun = asyncio.Event()

    async def listen() -> None:
        async for _ in build().complete(PROMPT, Sampling()):
            begun.set()

    writing = asyncio.create_task(listen())
    await begun.wait()

    writing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await asyncio.to_thread(double.chats()[0].closed_early.wait, 5)


async def test_a_broken_story_leaves_the_next_one_alone(build: Build, double: OllamaDouble) -> None:
    model = build()
    double.script(Behaviour("cut", after=2), Behaviour("error_line", after=2))
    await kept_until_error(model)
    await kept_until_error(model)

    text, finish = await write(model)

    assert text.endswith(".")
    assert finish.reason == "stop"


async def test_leaves_no_connection_behind(build: Build, client: httpx.AsyncClient) -> None:
    model = build()
    for _ in range(5):
        async with aclosing(model.complete(PROMPT, Sampling())) as pieces:
            await anext(pieces)

    gc.collect()

    # The pool has no public view.
    pool = client._transport._pool  # type: ignore[attr-defined]
    assert [c for c in pool.connections if not c.is_idle()] == []


async def test_an_age_cue_comes_through_in_crumbs_for_the_guard_to_find(
    build: Build, double: OllamaDouble
) -> None:
    double.script(Behaviour("age_cue", text="Вечер был тихим."))
    pieces = [
        piece
        async for piece in build().complete(PROMPT, Sampling())
        if not isinstance(piece, Finish)
    ]

    assert max(map(len, pieces[-6:])) <= 3
    assert "".join(pieces).endswith(AGE_CUE)


async def test_says_when_it_is_ready(build: Build) -> None:
    state = await build().state()

    assert state.ready
    assert MODEL in state.detail


async def test_says_which_model_is_missing(build: Build) -> None:
    state = await build("saiga").state()

    assert not state.ready
    assert "ollama pull saiga" in state.detail


async def test_a_name_without_a_tag_means_latest() -> None:
    with OllamaDouble(models=("tiny-ru",)) as double:
        async with open_client(double.url) as client:
            state = await OllamaModel(client, "Tiny-RU", 4096).state()

    assert state.ready


async def test_asks_for_its_state_at_most_once_a_second(build: Build, double: OllamaDouble) -> None:
    model = build()

    await model.state()
    await model.state()

    assert [request.path for request in double.requests] == ["/api/tags"]


async def test_says_that_nobody_is_there() -> None:
    url = f"http://127.0.0.1:{_free_port()}"
    async with open_client(url) as client:
        model = OllamaModel(client, MODEL, 8192)
        _, error = await kept_until_error(model)
        state = await model.state()

    assert isinstance(error, ModelUnavailable)
    assert "не запущена" in error.message
    assert not state.ready
    assert "не запущена" in state.detail


async def test_says_that_another_server_is_there() -> None:
    def page(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html="<h1>Роутер</h1>")

    async with httpx.AsyncClient(
        base_url="http://router", transport=httpx.MockTransport(page)
    ) as client:
        state = await OllamaModel(client, MODEL, 8192).state()

    assert not state.ready
    assert "не Ollama" in state.detail


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        ("mistral:7b-instruct-q4_K_M", 2.32),
        ("mistral-nemo:12b", 3.20),
        ("hf.co/Vikhr/Vikhr-Nemo-12B", 3.20),
        ("gemma2:9b", 3.43),
        ("qwen2.5:7b", 2.70),
        ("llama3.1:8b", 3.06),
        ("something-else", 2.3),
    ],
)
def test_guesses_how_much_russian_a_token_holds(name: str, ratio: float) -> None:
    model = OllamaModel(httpx.AsyncClient(), name, 8192)

    assert model.chars_per_token == ratio


def _free_port() -> int:
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        return int(probe_socket.getsockname()[1])
