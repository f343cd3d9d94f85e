"""Which model writes and which one embeds: the choices behind LLM and EMBEDDER."""

from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from storyteller.config import Settings
from storyteller.embedding.base import Embedder
from storyteller.embedding.weights import Report, fetch_weights
from storyteller.errors import ConfigError, ModelUnavailable
from storyteller.llm.auto import AutoModel
from storyteller.llm.base import LanguageModel
from storyteller.llm.offline import OfflineModel
from storyteller.retrieval.store import CorpusStore

log = structlog.get_logger()


async def open_model(
    settings: Settings, store: CorpusStore, stack: AsyncExitStack
) -> LanguageModel:
    """Return the model of `LLM`; `auto` looks for Ollama before every story."""
    match settings.llm:
        case "offline":
            return OfflineModel(store.texts, store.version, suggested=settings.ollama_model)
        case "ollama":
            return await _open_ollama(settings, stack)
        case "auto":
            offline = OfflineModel(store.texts, store.version, suggested=settings.ollama_model)
            return AutoModel(await _open_ollama(settings, stack), offline)
        case "llamacpp":
            raise ConfigError(
                "LLM=llamacpp ещё не построено. Выберите LLM=auto, LLM=ollama или LLM=offline."
            )


async def _open_ollama(settings: Settings, stack: AsyncExitStack) -> LanguageModel:
    from storyteller.llm.ollama import OllamaModel, open_client

    client = await stack.enter_async_context(open_client(str(settings.ollama_url)))
    return OllamaModel(client, settings.ollama_model, settings.num_ctx)


def open_embedder(settings: Settings) -> Embedder:
    """Return the embedder of `EMBEDDER`.

    Raises `ModelUnavailable` when one that was asked for by name can't be had; `auto` falls back.
    """
    models_dir = settings.data_dir / "models"
    match settings.embedder:
        case "offline":
            return _offline()
        case "auto":
            return _e5_or_offline(settings.embedding_model, models_dir)
        case "e5":
            return _e5(settings.embedding_model, models_dir)
        case "sentence-transformers":
            return _sentence_transformers(settings.embedding_model, models_dir)


def fetch_embedder(settings: Settings, report: Report) -> Path:
    """Fetch what `EMBEDDER` needs into the models folder, once, and return where it lies.

    Raises `ModelUnavailable` with what to do.
    """
    models_dir = settings.data_dir / "models"
    if settings.embedder != "sentence-transformers":
        return fetch_weights(settings.embedding_model, models_dir, report)
    from storyteller.embedding.sentence_transformers import SentenceTransformersEmbedder

    # The package shows its own progress.
    SentenceTransformersEmbedder(settings.embedding_model, models_dir, offline=False)
    return models_dir / "sentence-transformers"


def _e5_or_offline(model: str, models_dir: Path) -> Embedder:
    try:
        return _e5(model, models_dir)
    except ModelUnavailable as error:
        # Not silent: the status line says so, and how to get the real one.
        log.warning("embedder.offline", code=error.code)
        return _offline()


def _e5(model: str, models_dir: Path) -> Embedder:
    from storyteller.embedding.e5 import E5Embedder

    return E5Embedder.load(model, models_dir)


def _sentence_transformers(model: str, models_dir: Path) -> Embedder:
    from storyteller.embedding.sentence_transformers import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(model, models_dir)


def _offline() -> Embedder:
    from storyteller.embedding.offline import OfflineEmbedder

    return OfflineEmbedder()
