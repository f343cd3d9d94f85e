"""Whoever is there writes, found without anybody asking for a status first."""

from tests.doubles.ollama import OllamaDouble

from storyteller.llm.auto import AutoModel
from storyteller.llm.offline import OfflineModel
from storyteller.llm.ollama import OllamaModel, open_client

CORPUS = ("Марина поднялась на маяк.",)


def offline() -> OfflineModel:
    return OfflineModel(lambda: CORPUS, lambda: 1)


async def test_a_ready_ollama_is_found_without_a_status_poll(double: OllamaDouble):
    async with open_client(double.url) as client:
        model = AutoModel(OllamaModel(client, "mistral:7b-instruct-q4_K_M", 4096), offline())

        chosen = await model.chosen()

    assert (chosen.provider, chosen.context_tokens) == ("ollama", 4096)
    assert model.provider == "ollama"


async def test_without_the_wanted_model_the_offline_one_is_chosen_and_said(double: OllamaDouble):
    async with open_client(double.url) as client:
        model = AutoModel(OllamaModel(client, "nobody:7b", 4096), offline())

        chosen = await model.chosen()
        state = await model.state()

    assert (chosen.provider, chosen.context_tokens) == ("offline", 1_000_000)
    assert state.ready
    assert "nobody:7b" in state.detail
