"""The command line as a reader types it."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from storycore.story import Story
from storyteller.cli import EXIT_WRONG

LIGHTHOUSE = (
    "Смотритель поднимался по винтовой лестнице и считал ступени.\n\n"
    "— Сто двенадцать, — сказал он наверху.\n\n"
    "Марина ждала его у лампы. Ей было сорок лет, и она никуда не спешила."
)


@pytest.fixture
def storyteller(tmp_path):
    """Return a function that runs one command on a data folder of the test's own."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        named = {"LLM": "offline", "EMBEDDER": "offline", "DATA_DIR": str(tmp_path / "data")}
        return subprocess.run(
            [sys.executable, "-m", "storyteller.cli", *arguments],
            env={**os.environ, **named, **settings, "COLUMNS": "200"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a story, one that is refused, and a broken line."""
    good = Story.of(LIGHTHOUSE, source="upload", title="Ступени")
    refused = Story.of("Ей было шестнадцать лет. [сцена]", source="upload", title="Нет")
    path = tmp_path / "stories.jsonl"
    path.write_bytes(good.to_line() + refused.to_line() + b"{}\n")
    return path


def test_a_file_is_taken_in_and_its_refusals_are_told(storyteller, file, tmp_path):
    added = storyteller("ingest", str(file))
    found = storyteller("search", "винтовая лестница смотрителя", "--top-k", "1")

    assert added.returncode == 0, added.stderr
    assert "принято 1, не принято (правило 18+) 1, испорченных строк 1" in added.stdout
    assert "В корпусе 1 историй" in added.stdout
    assert "Ступени" in found.stdout
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*.jsonl"))
    assert "шестнадцать".encode() not in kept


def test_indexes_are_made_anew_from_the_stories(storyteller, file):
    storyteller("ingest", str(file))

    anew = storyteller("reindex", CHUNK_SIZE="300", CHUNK_OVERLAP="100")
    stopped = storyteller("search", "лестница")

    assert anew.returncode == 0, anew.stderr
    assert "В корпусе 1 историй" in anew.stdout
    assert stopped.returncode == EXIT_WRONG
    assert "storyteller reindex" in stopped.stderr


def test_a_story_is_written_told_and_exported(storyteller, tmp_path):
    written = storyteller("write", "Двое пережидают метель на маяке", "--words", "200")
    manuscript_id = re.search(r"[0-9a-f]{32}", written.stderr)[0]
    exported = storyteller("export", manuscript_id, "-o", str(tmp_path / "story.txt"))

    assert written.returncode == 0, written.stderr
    assert exported.returncode == 0, exported.stderr
    kept = (tmp_path / "story.txt").read_text(encoding="utf-8")
    assert written.stdout.strip().splitlines()[-1] in kept
    assert len(written.stdout.split()) > 120


def test_a_model_that_is_away_is_a_sentence_and_an_exit_code(storyteller):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"

    written = storyteller("write", "Дождь", LLM="ollama", OLLAMA_URL=nobody)

    assert written.returncode == EXIT_WRONG
    assert "Ollama" in written.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ingest", "нет.jsonl"), "нет.jsonl"),
        (("export", "0" * 32), "Не найдено"),
        (("write", "Она школьница. [сцена]"), "восемнадцать"),
    ],
)
def test_wrong_input_is_a_sentence_and_an_exit_code(storyteller, arguments, sentence):
    told = storyteller(*arguments)

    assert told.returncode == EXIT_WRONG
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr


def test_a_port_that_is_taken_is_named(storyteller):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        told = storyteller("serve", "--port", port)

    assert told.returncode == EXIT_WRONG
    assert f"Порт {port} занят" in told.stderr
