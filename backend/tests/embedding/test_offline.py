"""The vectors that need no model: the same everywhere, and honest about what they are."""

import hashlib
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from storyteller.embedding.offline import OfflineEmbedder

WISH = "Девушка ждёт письма у моря"
# SHA-256 of the vector's bytes: other numbers would need another name in `OfflineEmbedder.name`.
KNOWN = "a12436597e23e047f2e4f622367c9cfcd6a13d41143cd108179a991c7f62eac3"


def digest(text: str) -> str:
    return hashlib.sha256(OfflineEmbedder().embed_query(text).tobytes()).hexdigest()


def test_the_numbers_are_the_recorded_ones():
    assert digest(WISH) == KNOWN


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_another_process_gives_the_same_numbers(seed: str):
    program = (
        "import hashlib; from storyteller.embedding.offline import OfflineEmbedder as E;"
        f"print(hashlib.sha256(E().embed_query({WISH!r}).tobytes()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}

    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment, capture_output=True, text=True
    ).stdout

    assert printed.strip() == KNOWN


def test_forms_of_the_same_words_are_near_and_others_far():
    embedder = OfflineEmbedder()
    wish = embedder.embed_query(WISH)

    same = wish @ embedder.embed_query("У морей девушки ждут письмо")
    other = wish @ embedder.embed_query("Инженер чинит паровоз на станции")

    assert same > 0.6
    assert abs(other) < 0.2


@pytest.mark.parametrize("text", ["", "и", "?!…", "я ты он", "море " * 10_000])
def test_every_text_has_a_vector_of_length_one(text: str):
    vector = OfflineEmbedder().embed_query(text)

    assert (vector.shape, vector.dtype) == ((768,), np.float32)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_passages_and_queries_are_one_space():
    embedder = OfflineEmbedder()

    assert np.array_equal(embedder.embed_passages([WISH])[0], embedder.embed_query(WISH))
    assert embedder.embed_passages([]).shape == (0, 768)


def test_threads_do_not_spell_into_each_others_stems():
    words = [
        f"{root}{end}"
        for root in ["море", "сад", "лес", "письмо", "дорога"]
        for end in ("ами", "ах")
    ]
    embedder = OfflineEmbedder()
    results: list[bool] = []

    def embed(word: str) -> None:
        alone = embedder.embed_query(word)
        results.append(all(np.array_equal(alone, embedder.embed_query(word)) for _ in range(50)))

    threads = [threading.Thread(target=embed, args=[word]) for word in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [True] * len(words)


def test_it_does_not_claim_to_know_meanings():
    assert not OfflineEmbedder.is_semantic
    assert OfflineEmbedder.name == "offline-stems-1"
