"""What a reader sees when a part is missing, or dies under a story."""

from collections.abc import Iterator

import pytest
from tests.doubles.ollama import Behaviour, OllamaDouble
from tests.studio import free_port, is_filled, told, until, watch


@pytest.fixture
def ollama() -> Iterator[OllamaDouble]:
    with OllamaDouble() as double:
        yield double


def test_a_model_that_is_not_there_is_named_and_the_wish_is_kept(start_studio):
    studio = start_studio(LLM="ollama", OLLAMA_URL=f"http://127.0.0.1:{free_port()}")
    with studio.reader() as reader:
        begun = reader.post("/api/v1/manuscripts", json={"wish": "Дождь"}).json()

        last = watch(reader, begun["events_url"])[-1]

        kept = reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}").json()
        assert last.name == "error"
        assert last.data["code"] == "model_unavailable"
        assert "Ollama" in last.data["detail"]
        assert last.data["retryable"] is True
        assert kept["request"]["wish"] == "Дождь"
        assert reader.get("/api/v1/status").json()["model"]["ready"] is False
        assert reader.get("/readyz").json()["degraded"] is True


def test_a_chroma_that_is_not_there_leaves_search_by_words(start_studio, tmp_path):
    first = start_studio()
    with first.reader() as reader:
        until(reader, "/api/v1/status", is_filled)
    first.stop()

    studio = start_studio(CHROMA_URL=f"http://127.0.0.1:{free_port()}")

    with studio.reader() as reader:
        found = reader.get("/api/v1/passages", params={"query": "смотритель маяка"})
        ready = reader.get("/readyz")
        status = reader.get("/api/v1/status").json()
    assert found.json()["items"][0]["title"] == "Смотритель маяка"
    assert ready.status_code == 503
    assert ready.json()["parts"]["chroma"]["ok"] is False
    assert status["search"]["degraded"] is True


def test_a_redis_that_is_not_there_stops_no_story(start_studio, ollama):
    studio = start_studio(
        REDIS_URL=f"redis://127.0.0.1:{free_port()}", LLM="ollama", OLLAMA_URL=ollama.url
    )
    with studio.reader() as reader:
        begun = reader.post("/api/v1/manuscripts", json={"wish": "Дождь", "words": 200}).json()

        events = watch(reader, begun["events_url"])

        ready = reader.get("/readyz").json()
    assert events[-1].name == "done"
    assert (ready["ready"], ready["parts"]["redis"]["ok"]) == (True, False)


def test_a_database_that_is_not_there_is_a_sentence_and_an_exit_code(start_studio):
    with pytest.raises(AssertionError, match="База данных"):
        start_studio(DATABASE_URL=f"postgresql+psycopg://x:y@127.0.0.1:{free_port()}/z")


def test_a_second_studio_does_not_touch_the_first_ones_data(start_studio):
    start_studio()

    with pytest.raises(AssertionError, match="уже открыта"):
        start_studio()


def test_auto_takes_ollama_as_soon_as_it_answers(start_studio, ollama):
    studio = start_studio(LLM="auto", OLLAMA_URL=ollama.url)
    with studio.reader() as reader:
        status = reader.get("/api/v1/status").json()
        begun = reader.post("/api/v1/manuscripts", json={"wish": "Дождь", "words": 200}).json()
        watch(reader, begun["events_url"])

    assert status["model"]["provider"] == "ollama"
    assert len(ollama.chats()) == 1


def test_a_stream_without_a_farewell_keeps_the_text_and_offers_to_go_on(start_studio, ollama):
    ollama.script(Behaviour(how="no_done", after=200))
    studio = start_studio(LLM="ollama", OLLAMA_URL=ollama.url)
    with studio.reader() as reader:
        begun = reader.post("/api/v1/manuscripts", json={"wish": "Дождь", "words": 300}).json()
        events = watch(reader, begun["events_url"])
        kept = reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}").json()

        run = reader.post(
            f"/api/v1/manuscripts/{begun['manuscript_id']}/runs", json={"kind": "continue"}
        ).json()
        after = watch(reader, run["events_url"])

    assert (events[-1].name, events[-1].data["code"]) == ("error", "model_interrupted")
    assert kept["scenes"][0]["text"] == told(events)
    assert kept["last_run"]["state"] == "interrupted"
    assert after[-1].name == "done"


def test_stop_closes_the_model_and_keeps_the_text(start_studio, ollama):
    ollama.script(Behaviour(pace=0.02, words=2000))
    studio = start_studio(LLM="ollama", OLLAMA_URL=ollama.url)
    with studio.reader() as reader:
        begun = reader.post("/api/v1/manuscripts", json={"wish": "Дождь"}).json()
        path = f"/api/v1/manuscripts/{begun['manuscript_id']}"
        until(reader, path, lambda kept: kept["scenes"] and kept["scenes"][0]["words"] > 10)

        answer = reader.delete(f"/api/v1/runs/{begun['run_id']}")

        assert answer.status_code == 204
        assert ollama.chats()[0].closed_early.wait(10)
        kept = reader.get(path).json()
        assert kept["last_run"]["state"] == "stopped"
        assert kept["scenes"][0]["words"] > 10


def test_one_writes_some_wait_and_the_next_is_told_when_to_come_back(start_studio, ollama):
    ollama.default = Behaviour(pace=0.02, words=2000)
    studio = start_studio(LLM="ollama", OLLAMA_URL=ollama.url, QUEUE_LIMIT="1")
    with studio.reader() as reader:
        first, second, third = (
            reader.post("/api/v1/manuscripts", json={"wish": f"Дождь {i}"}) for i in range(3)
        )
        queue = reader.get("/api/v1/status").json()["queue"]

    assert (first.status_code, second.status_code, third.status_code) == (201, 201, 503)
    assert third.json()["code"] == "queue_full"
    assert int(third.headers["retry-after"]) >= 1
    assert queue == {"running": 1, "waiting": 1, "limit": 1}


def test_an_age_cue_in_the_models_text_never_reaches_the_reader(start_studio, ollama):
    ollama.script(Behaviour(how="age_cue", after=60))
    studio = start_studio(LLM="ollama", OLLAMA_URL=ollama.url)
    with studio.reader() as reader:
        begun = reader.post("/api/v1/manuscripts", json={"wish": "Дождь"}).json()
        events = watch(reader, begun["events_url"])
        kept = reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}").json()

    assert events[-1].name == "blocked"
    assert "15" not in told(events)
    assert all(not scene["text"] for scene in kept["scenes"])


def test_a_kill_in_mid_story_loses_at_most_two_seconds_and_says_so(start_studio, ollama):
    ollama.default = Behaviour(pace=0.01, words=3000)
    studio = start_studio(LLM="ollama", OLLAMA_URL=ollama.url)
    with studio.reader() as reader:
        begun = reader.post("/api/v1/manuscripts", json={"wish": "Дождь"}).json()
        path = f"/api/v1/manuscripts/{begun['manuscript_id']}"
        saved = until(reader, path, lambda kept: kept["scenes"] and kept["scenes"][0]["words"] > 50)

    studio.kill()
    studio.start()

    ollama.default = Behaviour()
    with studio.reader() as reader:
        kept = reader.get(path).json()
        told_again = watch(reader, begun["events_url"])
        run = reader.post(f"{path}/runs", json={"kind": "continue"})
        watch(reader, run.json()["events_url"])
        whole = reader.get(path).json()
    assert kept["last_run"]["state"] == "interrupted"
    assert kept["scenes"][0]["words"] >= saved["scenes"][0]["words"] - 3
    assert told_again[-1].data["code"] == "interrupted"
    assert run.status_code == 201
    assert whole["words"] > kept["words"]


def test_a_broken_raw_line_is_reported_and_stops_nobody(start_studio, tmp_path):
    raw = tmp_path / "data" / "raw" / "upload" / "broken.jsonl"
    raw.parent.mkdir(parents=True)
    raw.write_text('{"schema":1,"title":"Без текста"}\nчто это\n', encoding="utf-8")
    studio = start_studio()
    with studio.reader() as reader:
        progress = until(
            reader, "/api/v1/corpus/progress", lambda progress: len(progress["errors"]) == 2
        )

    assert {error["path"] for error in progress["errors"]} == {"upload/broken.jsonl"}
    assert "что это" not in studio.log()


@pytest.mark.parametrize(
    ("name", "value"),
    [("TOP_K", "много"), ("LLM", "gpt"), ("LLM", "llamacpp"), ("CHROMA_URL", "chroma:8000")],
)
def test_a_wrong_setting_stops_the_start_with_its_name(start_studio, name, value):
    with pytest.raises(AssertionError, match=name):
        start_studio(**{name: value})


def test_a_model_for_search_that_was_asked_for_by_name_is_not_replaced(start_studio):
    with pytest.raises(AssertionError, match="storyteller models fetch"):
        start_studio(EMBEDDER="e5")
