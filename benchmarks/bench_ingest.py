"""How much of the embedder's own speed is left when a story takes the whole corpus road?

Group by group the same chunks go twice: through the pipeline (guard, splitter, store, Chroma,
keyword index, manifest) and through the embedder alone, so that the machine's moods hit both
alike. The offline embedder costs next to nothing, so its ratio tells what the road itself takes;
the random model has the shape of e5-small at int8, so its ratio tells what a reader will see.
"""

import argparse
import gzip
import json
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import structlog

from storycore.safety import SAFETY_VERSION
from storycore.story import Story
from storyteller.database import open_database, sqlite_url
from storyteller.embedding.base import Embedder
from storyteller.embedding.e5 import E5Embedder
from storyteller.embedding.offline import OfflineEmbedder
from storyteller.embedding.weights import quantise
from storyteller.ingest.assembly import Ingest, assemble
from storyteller.ingest.manifest import State
from storyteller.ingest.queue import InProcessQueue
from storyteller.ingest.splitter import SentenceSplitter
from storyteller.ingest.starter import starter_stories
from storyteller.retrieval.index import open_index
from storyteller.retrieval.keywords import KeywordIndex

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("SHARED_DIR") or HERE.parents[1] / "shared")
RUSLIT = SHARED / "corpus" / "ruslit.jsonl.gz"
MODEL = HERE / "results" / "ingest" / "small-int8"
# What a story of a site usually has.
STORY_CHARACTERS = 12_000
GROUP = 8
WARM = 24


@dataclass
class Reading:
    """Seconds of the same chunks on both ways."""

    chunks: int = 0
    road: float = 0.0
    alone: float = 0.0

    @property
    def ratio(self) -> float:
        return self.alone / self.road


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=32)
    parser.add_argument("--model-stories", type=int, default=8)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))

    print(f"{'embedder':28} {'chunks':>7} {'road/s':>8} {'alone/s':>8} {'ratio':>6}")
    _print("offline (hashed stems)", _measure(OfflineEmbedder(), options.stories, WARM))
    model = _small_model()
    if model is None:
        print("small int8: needs torch, transformers and onnxscript to be made; left out")
        return
    _print("random, e5-small's shape, int8", _measure(model, options.model_stories))


def _measure(embedder: Embedder, number: int, warm: int = 2) -> Reading:
    reading = Reading()
    splitter = SentenceSplitter()
    with tempfile.TemporaryDirectory() as folder:
        ingest, close = _open(Path(folder), splitter, embedder)
        stories = _stories()
        # The dictionary forms of the first words cost most, and a corpus pays that only once.
        _walk(ingest, list(islice(stories, warm)))
        while number > 0 and (group := list(islice(stories, GROUP))):
            number -= len(group)
            start = time.perf_counter()
            taken = _walk(ingest, group)
            reading.road += time.perf_counter() - start
            texts = [chunk.text for story in taken for chunk in splitter.split_story(story)]
            start = time.perf_counter()
            embedder.embed_passages(texts)
            reading.alone += time.perf_counter() - start
            reading.chunks += len(texts)
        close()
    return reading


def _walk(ingest: Ingest, stories: list[Story]) -> list[Story]:
    """Take stories in as the worker does; return those that the guard let through."""
    taken = [story for story in stories if ingest.pipeline.add(story) is State.SEEN]
    ingest.pipeline.commit()
    return taken


def _open(
    folder: Path, splitter: SentenceSplitter, embedder: Embedder
) -> tuple[Ingest, Callable[[], None]]:
    engine = open_database(sqlite_url(folder / "storyteller.db"))
    index = open_index(
        None,
        folder / "chroma",
        embedder_name=embedder.name,
        dimension=embedder.dimension,
        chunker_version=splitter.version,
        safety_version=SAFETY_VERSION,
    )
    keywords = KeywordIndex(folder / "keywords", writable=True)
    ingest = assemble(
        engine=engine,
        raw_dir=folder / "raw",
        splitter=splitter,
        embedder=embedder,
        index=index,
        keywords=keywords,
        queue=InProcessQueue(),
    )

    def close() -> None:
        keywords.close()
        index.close()
        engine.dispose()

    return ingest, close


def _stories() -> Iterator[Story]:
    """Yield pieces of Russian classics, or the starter stories where those are not there."""
    if not RUSLIT.exists():
        yield from starter_stories()
        return
    with gzip.open(RUSLIT, "rt", encoding="utf-8") as lines:
        for line in lines:
            work = json.loads(line)
            text = work["text"][:STORY_CHARACTERS]
            yield Story.of(text, source="bench", title=work["title"], author=work["author"])


def _print(name: str, reading: Reading) -> None:
    road, alone = reading.chunks / reading.road, reading.chunks / reading.alone
    print(f"{name:28} {reading.chunks:7} {road:8.1f} {alone:8.1f} {reading.ratio:6.2f}")


def _small_model() -> E5Embedder | None:
    """Return a model of e5-small's shape with random weights, made once and kept."""
    onnx, tokenizer = MODEL / "model.onnx", MODEL / "tokenizer.json"
    if not tokenizer.exists():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _make(MODEL)
        except ImportError:
            shutil.rmtree(MODEL, ignore_errors=True)
            return None
    return E5Embedder("random-small", onnx, tokenizer, precision="int8", threads=0)


def _make(folder: Path) -> None:
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaModel

    folder.mkdir(parents=True, exist_ok=True)
    words = _train_tokenizer(folder / "tokenizer.json.part")
    config = XLMRobertaConfig(
        vocab_size=words,
        hidden_size=384,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=1,
    )
    torch.manual_seed(7)
    model = XLMRobertaModel(config, add_pooling_layer=False).eval()

    class States(torch.nn.Module):
        def forward(self, input_ids: object, attention_mask: object) -> object:
            return model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    ids, mask = torch.full((2, 7), 5), torch.ones(2, 7, dtype=torch.long)
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence", max=512)}
    torch.onnx.export(
        States().eval(),
        (ids, mask),
        str(folder / "full.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_shapes={"input_ids": axes, "attention_mask": axes},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    quantise(folder / "full.onnx", folder / "model.onnx")
    (folder / "full.onnx").unlink()
    # Last, since its presence says that the folder is complete.
    (folder / "tokenizer.json.part").rename(folder / "tokenizer.json")


def _train_tokenizer(path: Path) -> int:
    """Make a unigram tokenizer as XLM-R has one; return the size of its vocabulary."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=8000, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator((story.text for story in islice(_stories(), 60)), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(path))
    return int(tokenizer.get_vocab_size())


if __name__ == "__main__":
    main()
