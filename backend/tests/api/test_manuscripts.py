import pytest
from tests.studio import is_filled, told, until, watch

WISH = {"wish": "Хозяйка чайной и часовщик пережидают метель", "words": 300}


def test_a_wish_becomes_a_story_that_is_kept(reader):
    created = reader.post("/api/v1/manuscripts", json=WISH)
    begun = created.json()

    events = watch(reader, begun["events_url"])

    kept = reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}").json()
    names = [event.name for event in events]
    assert created.status_code == 201
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert names[-1] == "done"
    assert len(next(e for e in events if e.name == "sources").data["passages"]) >= 3
    assert kept["scenes"][0]["text"] == told(events)
    assert kept["scenes"][0]["words"] >= 200
    assert kept["scenes"][0]["text"][-1] in ".!?…»"
    assert kept["request"]["wish"] == WISH["wish"]
    assert kept["last_run"]["state"] == "done"
    listed = reader.get("/api/v1/manuscripts", params={"query": "ЧАЙНОЙ"}).json()
    assert begun["manuscript_id"] in {item["id"] for item in listed["items"]}


def test_a_reader_who_comes_back_gets_the_rest_once(reader):
    begun = reader.post("/api/v1/manuscripts", json=WISH).json()
    whole = watch(reader, begun["events_url"])

    rest = watch(reader, begun["events_url"], after=7)

    assert rest == whole[7:]


def test_a_story_goes_on(reader):
    begun = reader.post("/api/v1/manuscripts", json=WISH).json()
    watch(reader, begun["events_url"])
    before = reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}").json()

    run = reader.post(
        f"/api/v1/manuscripts/{begun['manuscript_id']}/runs", json={"kind": "continue"}
    )
    watch(reader, run.json()["events_url"])

    after = reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}").json()
    assert run.status_code == 201
    assert after["words"] > before["words"]
    assert after["revision"] > before["revision"]
    assert after["scenes"][0]["text"].startswith(before["scenes"][0]["text"][:200])


def test_what_is_not_built_yet_is_said(reader):
    begun = reader.post("/api/v1/manuscripts", json=WISH).json()
    watch(reader, begun["events_url"])

    answer = reader.post(
        f"/api/v1/manuscripts/{begun['manuscript_id']}/runs", json={"kind": "rewrite"}
    )

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("file_format", "media_type"), [("txt", "text/plain"), ("md", "text/markdown")]
)
def test_a_story_can_be_taken_along(reader, file_format, media_type):
    begun = reader.post("/api/v1/manuscripts", json=WISH).json()
    watch(reader, begun["events_url"])
    kept = reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}").json()

    file = reader.get(
        f"/api/v1/manuscripts/{begun['manuscript_id']}/export", params={"format": file_format}
    )

    assert file.headers["content-type"].startswith(media_type)
    assert "filename*=UTF-8''" in file.headers["content-disposition"]
    assert kept["scenes"][0]["text"].splitlines()[0] in file.text
    assert "18+" in file.text


def test_a_deleted_manuscript_is_gone(reader):
    begun = reader.post("/api/v1/manuscripts", json=WISH).json()

    answer = reader.delete(f"/api/v1/manuscripts/{begun['manuscript_id']}")

    assert answer.status_code == 204
    assert reader.get(f"/api/v1/manuscripts/{begun['manuscript_id']}").status_code == 404
    assert reader.get(f"/api/v1/runs/{begun['run_id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({}, "wish", "обязательное поле"),
        ({"wish": "   "}, "wish", "слишком коротко"),
        ({"wish": "Дождь", "words": 0}, "words", "не меньше 200"),
        ({"wish": "Дождь", "word": 300}, "word", "такого поля нет"),
        ({"wish": "Дождь", "sampling": {"temperature": 9}}, "sampling.temperature", "не больше 2"),
        ({"wish": "Дождь", "point_of_view": "second"}, "point_of_view", "можно только"),
        ({"wish": "x" * 4001}, "wish", "слишком длинно"),
        ({"wish": "Дождь", "characters": [{"name": "Анна"}]}, "characters.0.age", "обязательное"),
        *(
            (
                {"wish": "Дождь", "characters": [{"name": "Анна", "age": age}]},
                "characters.0.age",
                "",
            )
            for age in (17, "17", 17.9, -1, None, True)
        ),
    ],
)
def test_a_malformed_request_is_told_field_by_field_and_nothing_is_kept(
    reader, body, field, sentence
):
    before = reader.get("/api/v1/manuscripts").json()["total"]

    answer = reader.post("/api/v1/manuscripts", json=body)

    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == "malformed"
    assert field in {error["field"] for error in problem["errors"]}
    assert sentence in problem["detail"]
    assert reader.get("/api/v1/manuscripts").json()["total"] == before


def test_what_is_no_json_is_told_so(reader):
    headers = {"Content-Type": "application/json"}

    answer = reader.post("/api/v1/manuscripts", content=b'{"wish":', headers=headers)

    assert answer.status_code == 422
    assert "не JSON" in answer.json()["detail"]


def test_a_body_without_end_is_refused(reader):
    answer = reader.post("/api/v1/manuscripts", json={"wish": "Дождь", "avoid": "x" * 100_000})

    assert answer.status_code == 413


def test_english_is_spoken_on_request(reader):
    answer = reader.get("/api/v1/manuscripts/none", headers={"Accept-Language": "en"})

    assert answer.json()["detail"].startswith("Not found")


def test_a_malformed_field_is_named_in_english_too(reader):
    answer = reader.post(
        "/api/v1/manuscripts", json={"wish": "Дождь", "words": 1}, headers={"Accept-Language": "en"}
    )

    assert "words: Input should be greater than or equal to 200" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"wish": "Она школьница. [сцена]"},
        {"wish": "Двое у моря. [сцена]", "setting": "Ей шестнадцать лет."},
        {"wish": "Все старше 18. Герою 15 лет. [сцена]"},
        {
            "wish": "Анна [сцена]",
            "characters": [{"name": "Анна", "age": 30, "description": "ей 16"}],
        },
    ],
)
def test_a_refused_wish_is_answered_before_anything_is_kept(reader, body):
    before = reader.get("/api/v1/manuscripts").json()["total"]

    answer = reader.post("/api/v1/manuscripts", json=body)

    assert answer.status_code == 403
    assert answer.json()["code"] == "minor_content"
    assert "восемнадцать" in answer.json()["detail"]
    assert reader.get("/api/v1/manuscripts").json()["total"] == before


def test_no_word_of_a_reader_reaches_the_log(studio, reader):
    begun = reader.post(
        "/api/v1/manuscripts", json={"wish": "Встреча у Кракозябрина моста", "words": 200}
    ).json()
    watch(reader, begun["events_url"])
    reader.get("/api/v1/passages", params={"query": "Кракозябрин"})
    reader.get("/api/v1/manuscripts", params={"query": "Кракозябрин"})
    reader.get("/api/v1/nothing/Кракозябрин")
    reader.post("/api/v1/manuscripts", json={"wish": "Кракозябрин", "нет": 1})

    written = studio.log() + "".join(
        path.read_text(encoding="utf-8") for path in (studio.data_dir / "logs").glob("*")
    )

    assert "ракозябрин" not in written
    assert "%D1%80%D0%B0%D0%BA%D0%BE%D0%B7" not in written
    assert begun["run_id"] in written


def test_the_library_outlives_a_restart(start_studio):
    studio = start_studio()
    with studio.reader() as reader:
        until(reader, "/api/v1/status", is_filled)
        begun = reader.post("/api/v1/manuscripts", json=WISH).json()
        watch(reader, begun["events_url"])
        path = f"/api/v1/manuscripts/{begun['manuscript_id']}"
        before = reader.get(path).json()

    code = studio.stop()
    studio.start()

    with studio.reader() as reader:
        after = reader.get(path).json()
    assert code == 0
    assert after == before
