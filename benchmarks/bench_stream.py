"""What does our client add to a bare HTTP stream: before the first token, and to each token?

Both read the same stand-in for Ollama (its own process), turn about in one run, so that the
machine's moods hit both alike. Wall time says what a reader waits; the processor time of this
process says what the client costs. At a real 7B's pace a token takes 100 000 µs.
"""

import argparse
import asyncio
import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.doubles.ollama import MODEL

from storyteller.llm.base import Finish, Prompt, Sampling
from storyteller.llm.ollama import OllamaModel, open_client
from storyteller.llm.ollama_wire import Runtime, chat_request

PROMPT = Prompt("Ты пишешь по-русски.", "Напиши 1500 слов о встрече у маяка.")
SAMPLING = Sampling(seed=1, max_tokens=4000)


@dataclass(frozen=True)
class Reading:
    first_ms: float
    wall_us: float
    cpu_us: float
    tokens: int


def read_bare(url: str) -> Reading:
    """Read the lines of the answer and look at none of them: the floor."""
    body = json.dumps(chat_request(MODEL, Runtime(8192), PROMPT, SAMPLING))
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    began, cpu = time.perf_counter(), time.process_time()
    connection.request("POST", "/api/chat", body)
    answer = connection.getresponse()
    answer.readline()
    first = time.perf_counter()
    tokens = sum(1 for _ in answer)
    return _reading(began, first, cpu, tokens)


async def read_ours(model: OllamaModel) -> Reading:
    """Read the same through `OllamaModel`."""
    began, cpu, first, tokens = time.perf_counter(), time.process_time(), 0.0, 0
    async for piece in model.complete(PROMPT, SAMPLING):
        first = first or time.perf_counter()
        tokens += not isinstance(piece, Finish)
    return _reading(began, first, cpu, tokens)


def _reading(began: float, first: float, cpu: float, tokens: int) -> Reading:
    end = time.perf_counter()
    return Reading(
        first_ms=(first - began) * 1e3,
        wall_us=(end - first) / tokens * 1e6,
        cpu_us=(time.process_time() - cpu) / tokens * 1e6,
        tokens=tokens,
    )


async def compare(url: str, rounds: int) -> None:
    bare: list[Reading] = []
    ours: list[Reading] = []
    async with open_client(url) as client:
        model = OllamaModel(client, MODEL, 8192)
        # Imports, connections and caches are not the question.
        await read_ours(model)
        for _ in range(rounds):
            bare.append(read_bare(url))
            ours.append(await read_ours(model))
    print(f"stream of {ours[0].tokens} tokens, median of {rounds} rounds in turn")
    print(f"{'':28}{'bare HTTP':>12}{'OllamaModel':>13}{'added':>12}{'ratio':>8}")
    _row("first token, ms", bare, ours, lambda reading: reading.first_ms)
    _row("wall per token, us", bare, ours, lambda reading: reading.wall_us)
    _row("client CPU per token, us", bare, ours, lambda reading: reading.cpu_us)


def _row(
    name: str, bare: list[Reading], ours: list[Reading], value: Callable[[Reading], float]
) -> None:
    floor, mine = (statistics.median(map(value, readings)) for readings in (bare, ours))
    print(f"{name:28}{floor:12.2f}{mine:13.2f}{mine - floor:12.2f}{mine / floor:8.1f}")


def run(rounds: int, compare: Callable[[str, int], Coroutine[None, None, None]]) -> None:
    double = subprocess.Popen(
        [sys.executable, "-m", "tests.doubles.ollama", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert double.stdout
        port = double.stdout.readline().strip().rpartition(":")[2]
        asyncio.run(compare(f"http://127.0.0.1:{port}", rounds))
    finally:
        double.kill()
        double.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    run(parser.parse_args().rounds, compare)
