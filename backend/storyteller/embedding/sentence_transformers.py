"""Any model of the sentence-transformers family through PyTorch: for a GPU or Apple's MPS."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from storyteller.embedding.base import Vectors
from storyteller.embedding.e5 import MAX_TOKENS, PASSAGE_PREFIX, QUERY_PREFIX
from storyteller.errors import ModelUnavailable

_VERSION = 1
_BATCH = 16

_NOT_INSTALLED = (
    "Не установлен пакет sentence-transformers: поиск идёт только по словам. Установите "
    "дополнение «sentence-transformers» или выберите EMBEDDER=e5."
)
_MISSING = (
    "Модель поиска {model} не загружена или не читается: поиск идёт только по словам. "
    "Загрузите её командой «storyteller models fetch»."
)


class SentenceTransformersEmbedder:
    """The same vectors as the E5 road in fp32, on whatever device PyTorch finds."""

    is_semantic = True

    def __init__(
        self, model: str, models_dir: Path, *, device: str | None = None, offline: bool = True
    ) -> None:
        """Load a model by its hub name or folder; `device` None: cuda, mps or cpu, as there is.

        With `offline` nothing is asked of the network; without it the model is fetched first.
        Raises `ModelUnavailable` when the package or the model is not there.
        """
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelUnavailable(_NOT_INSTALLED, code="not_installed") from error
        try:
            self._model = SentenceTransformer(
                model,
                device=device,
                cache_folder=str(models_dir / "sentence-transformers"),
                local_files_only=offline,
            )
        except Exception as error:  # transformers, hub and torch each raise their own
            sentence = _MISSING.format(model=model)
            raise ModelUnavailable(sentence, code="weights_missing") from error
        longest = self._model.max_seq_length or MAX_TOKENS
        self._model.max_seq_length = min(longest, MAX_TOKENS)
        self._query_prefix, self._passage_prefix = _prefixes(model, self._model.prompts)
        self.name = f"sentence-transformers:{model}:{_VERSION}"
        self.dimension = len(self.embed_query(""))

    def embed_query(self, text: str) -> Vectors:
        """Return one unit vector of shape (dimension,)."""
        vector: Vectors = self._encode([self._query_prefix + text])[0]
        return vector

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of shape (len(texts), dimension)."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._encode([self._passage_prefix + text for text in texts])

    def _encode(self, texts: list[str]) -> Vectors:
        vectors = self._model.encode(
            texts,
            batch_size=_BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)


def _prefixes(model: str, prompts: Mapping[str, str | None]) -> tuple[str, str]:
    """Return what to write before a query and a passage; the model's own word goes first."""
    query = prompts.get("query") or ""
    passage = prompts.get("passage") or prompts.get("document") or ""
    if query or passage:
        return query, passage
    return (QUERY_PREFIX, PASSAGE_PREFIX) if "e5" in model.lower() else ("", "")
