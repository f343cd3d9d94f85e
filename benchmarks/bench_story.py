"""What does the whole road add to a bare stream: from the wish to the first word, and per token?

The studio runs as a reader has it (a process of its own, asked over HTTP, its events read as they
come) with search, guard, event log and autosave; the bare stream is the same stand-in for Ollama
read line by line. The same run, turn about. What the guard holds back (80 characters) is in it.
"""

import statistics
import tempfile
import time
from pathlib import Path

import httpx
from benchmarks.bench_stream import read_bare
from tests.doubles.ollama import Behaviour, OllamaDouble
from tests.studio import Studio, is_filled, until

ROUNDS = 5
WORDS = 800
WISH = {"wish": "Двое чинят старый маяк и пережидают шторм", "words": WORDS}


def read_story(reader: httpx.Client) -> tuple[float, float, int]:
    """Write one story; return milliseconds to the first text and to the end, and characters."""
    began = time.perf_counter()
    begun = reader.post("/api/v1/manuscripts", json=WISH).raise_for_status().json()
    first, characters = 0.0, 0
    with reader.stream("GET", begun["events_url"]) as stream:
        for line in stream.iter_lines():
            if line.startswith("event: delta"):
                first = first or time.perf_counter()
            characters += len(line)
    end = time.perf_counter()
    return (first - began) * 1e3, (end - began) * 1e3, characters


def main() -> None:
    """Measure and print."""
    behaviour = Behaviour(words=WORDS)
    with tempfile.TemporaryDirectory() as folder, OllamaDouble(default=behaviour) as ollama:
        studio = Studio(Path(folder), {"LLM": "ollama", "OLLAMA_URL": ollama.url})
        studio.start()
        try:
            with studio.reader() as reader:
                until(reader, "/api/v1/status", is_filled)
                _compare(reader, ollama)
        finally:
            studio.kill()


def _compare(reader: httpx.Client, ollama: OllamaDouble) -> None:
    # The first story loads dictionaries and connections.
    read_story(reader)
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(read_bare(ollama.url))
        ours.append((*read_story(reader)[:2], ollama.chats()[-1].tokens_sent))
    bare_first = statistics.median(reading.first_ms for reading in bare)
    first = statistics.median(row[0] for row in ours)
    bare_token = statistics.median(reading.wall_us for reading in bare)
    token = statistics.median((row[1] - row[0]) * 1e3 / row[2] for row in ours)
    print(f"stories of {ours[-1][2]} tokens, median of {ROUNDS} rounds in turn")
    print(f"{'':28}{'bare':>10}{'studio':>10}{'added':>10}")
    print(f"{'first text, ms':28}{bare_first:10.1f}{first:10.1f}{first - bare_first:10.1f}")
    print(f"{'each token, µs':28}{bare_token:10.1f}{token:10.1f}{token - bare_token:10.1f}")
    print("A 7B model takes about 100 000 µs for a token on a laptop.")


if __name__ == "__main__":
    main()
