import pytest
from tests.studio import is_filled, until


def test_lists_opens_and_finds_the_stories(reader):
    page = reader.get("/api/v1/corpus/stories", params={"limit": 5}).json()
    first = page["items"][0]
    story = reader.get(f"/api/v1/corpus/stories/{first['id']}").json()
    rest = reader.get(
        "/api/v1/corpus/stories", params={"limit": 100, "cursor": page["next_cursor"]}
    ).json()

    assert (page["total"], len(page["items"]), len(rest["items"])) == (12, 5, 7)
    assert "text" not in first
    assert story["title"] == first["title"]
    assert story["schema"] == 1
    assert "".join(chunk["text"] for chunk in story["chunks"])[:50] == story["text"][:50]
    assert rest["next_cursor"] is None


def test_a_title_is_found_whatever_its_case(reader):
    found = reader.get("/api/v1/corpus/stories", params={"query": "МАЯКА"}).json()

    assert [item["title"] for item in found["items"]] == ["Смотритель маяка"]


def test_a_paraphrase_finds_its_story(reader):
    query = "хранитель маяка и женщина, что изучает течения, пережидают шторм"

    found = reader.get("/api/v1/passages", params={"query": query, "top_k": 3}).json()["items"]

    assert found[0]["title"] == "Смотритель маяка"
    assert found[0]["keyword_rank"] == 1
    assert {"chunk_id", "story_id", "author", "url", "category", "text", "score"} <= set(found[0])


def test_a_category_keeps_the_others_out(reader):
    categories = reader.get("/api/v1/corpus/categories").json()

    found = reader.get(
        "/api/v1/passages", params={"query": "он взял её за руку", "category": "Город"}
    ).json()["items"]

    assert {"name": "Город", "stories": 2} in categories
    assert {passage["category"] for passage in found} == {"Город"}


def test_a_query_of_nothing_is_told_so(reader):
    answer = reader.get("/api/v1/passages", params={"query": ""})

    assert answer.status_code == 422
    assert "query" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/api/v1/corpus/stories/abc", "/api/v1/corpus/stories/" + "0" * 32]
)
def test_an_unknown_story_is_not_there(reader, path):
    assert reader.get(path).status_code == 404
    assert reader.delete(path).status_code == 404


def test_a_wrong_bookmark_is_told_so(reader):
    answer = reader.get("/api/v1/corpus/stories", params={"cursor": "чушь"})

    assert answer.status_code == 422


def test_a_deleted_story_is_gone_from_everything_and_stays_gone(start_studio, tmp_path):
    studio = start_studio()
    with studio.reader() as reader:
        until(reader, "/api/v1/status", is_filled)
        (story,) = reader.get("/api/v1/corpus/stories", params={"query": "суфлёр"}).json()["items"]
        marker = "суфлёрская будка и забытые слова признания"

        answer = reader.delete(f"/api/v1/corpus/stories/{story['id']}")

        found = reader.get("/api/v1/passages", params={"query": marker}).json()["items"]
        assert answer.status_code == 204
        assert story["id"] not in {passage["story_id"] for passage in found}
        assert reader.get(f"/api/v1/corpus/stories/{story['id']}").status_code == 404
    studio.stop()
    studio.start()
    with studio.reader() as reader:
        now = until(reader, "/api/v1/status", lambda now: now["corpus"]["pending"] == 0)
        assert now["corpus"]["stories"] == 11
    raw = (tmp_path / "data" / "raw" / "starter" / "starter.jsonl").read_text(encoding="utf-8")
    assert "Суфлёр" not in raw
