"""The two roads to E5's vectors, on tiny models with random weights."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from storyteller.embedding.base import Vectors
from storyteller.embedding.e5 import E5Embedder
from storyteller.embedding.weights import quantise
from storyteller.errors import ModelUnavailable

TEXTS = [
    "Они шли вдоль моря, держась за руки.",
    "Анна ждала письма.",
    "Снег",
    "",
    "Инженер вернулся в город ночным поездом, и двое взрослых людей пили чай и смеялись. " * 5,
]
LONG = "В старом саду цвели яблони, и Анна ждала письма из далёкого города. " * 200


def e5(folder: Path, onnx: Path | None = None) -> E5Embedder:
    path = onnx or folder / "onnx" / "model.onnx"
    return E5Embedder("tiny-e5", path, folder / "tokenizer.json", precision="fp32", threads=1)


@pytest.fixture(scope="module")
def embedder(tiny_model: Path) -> E5Embedder:
    return e5(tiny_model)


def cosines(one: Vectors, other: Vectors) -> Vectors:
    return (one * other).sum(axis=-1)


def test_vectors_have_the_size_of_the_model_and_length_one(embedder: E5Embedder):
    vectors = embedder.embed_passages(TEXTS)

    assert embedder.dimension == 32
    assert (vectors.shape, vectors.dtype) == ((5, 32), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    assert embedder.embed_query("море").shape == (32,)
    assert embedder.embed_passages([]).shape == (0, 32)


def test_a_query_and_a_passage_are_told_apart(embedder: E5Embedder):
    query, passage = embedder.embed_query("море"), embedder.embed_passages(["море"])[0]

    assert cosines(query, passage) < 0.999


def test_both_roads_give_the_same_vectors(embedder: E5Embedder, tiny_model: Path, tmp_path: Path):
    from storyteller.embedding.sentence_transformers import SentenceTransformersEmbedder

    torch_road = SentenceTransformersEmbedder(str(tiny_model), tmp_path, device="cpu")
    texts = [*TEXTS, LONG]

    passages = cosines(embedder.embed_passages(texts), torch_road.embed_passages(texts))
    queries = [cosines(embedder.embed_query(t), torch_road.embed_query(t)) for t in texts]

    assert torch_road.dimension == embedder.dimension
    assert min(*passages, *queries) >= 0.9999


def test_only_the_first_512_tokens_count(embedder: E5Embedder):
    longer = LONG + "Инженер Соколов вернулся ночным поездом."

    assert np.array_equal(embedder.embed_query(LONG), embedder.embed_query(longer))


def test_int8_stays_close_and_is_smaller(embedder: E5Embedder, tiny_model: Path, tmp_path: Path):
    small = tmp_path / "model.int8.onnx"

    quantise(tiny_model / "onnx" / "model.onnx", small)

    vectors = e5(tiny_model, small).embed_passages(TEXTS)
    assert cosines(vectors, embedder.embed_passages(TEXTS)).min() > 0.95
    assert small.stat().st_size < (tiny_model / "onnx" / "model.onnx").stat().st_size


def test_the_name_says_all_that_shapes_a_vector(embedder: E5Embedder):
    assert embedder.name == "e5:tiny-e5:fp32:1"
    assert embedder.is_semantic


def test_a_broken_file_says_what_to_do(tiny_model: Path, tmp_path: Path):
    broken = tmp_path / "model.int8.onnx"
    broken.write_bytes(b"not a model")

    with pytest.raises(ModelUnavailable, match="storyteller models fetch"):
        e5(tiny_model, broken)


def test_missing_weights_say_what_to_do(tmp_path: Path):
    with pytest.raises(ModelUnavailable, match="storyteller models fetch") as refusal:
        E5Embedder.load("intfloat/multilingual-e5-base", tmp_path)

    assert refusal.value.code == "weights_missing"


def test_the_torch_road_says_when_its_model_is_missing(tmp_path: Path):
    pytest.importorskip("sentence_transformers", reason="the extra is not installed")
    from storyteller.embedding.sentence_transformers import SentenceTransformersEmbedder

    with pytest.raises(ModelUnavailable, match="storyteller models fetch"):
        SentenceTransformersEmbedder("nobody/nothing", tmp_path)


def test_the_fast_road_does_not_import_pytorch(tiny_model: Path):
    program = f"""
import sys
from pathlib import Path
from storyteller.embedding.e5 import E5Embedder
folder = Path({str(tiny_model)!r})
E5Embedder("m", folder / "onnx/model.onnx", folder / "tokenizer.json", precision="x", threads=1)
assert not {{"torch", "transformers", "sentence_transformers"}} & set(sys.modules)
"""
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
