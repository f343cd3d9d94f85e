import re

import pytest


def test_every_answer_carries_the_headers_of_the_page(reader, stranger):
    answers = [
        stranger.get("/livez"),
        stranger.get("/api/v1/status"),
        stranger.get("/nowhere"),
        reader.get("/api/v1/status"),
        reader.post("/api/v1/manuscripts", json={}),
        stranger.get("/livez", headers={"Host": "evil.example"}),
    ]

    assert [a.status_code for a in answers] == [200, 403, 404, 200, 422, 400]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


def test_answers_of_the_interface_are_not_kept_by_the_browser(reader):
    assert reader.get("/api/v1/status").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_another_host_name_is_not_us(stranger, host):
    assert stranger.get("/livez", headers={"Host": host}).status_code == 400


def test_a_foreign_name_and_a_body_too_large_are_told_in_the_one_shape(reader):
    strange = reader.get("/livez", headers={"Host": "evil.example"})
    large = reader.post("/api/v1/manuscripts", json={"wish": "x" * 100_000})
    endless = reader.post("/api/v1/manuscripts", content=(b"x" * 10_000 for _ in range(10)))

    assert [answer.status_code for answer in (strange, large, endless)] == [400, 413, 413]
    for answer in (strange, large, endless):
        assert answer.headers["content-type"] == "application/problem+json"
    codes = [answer.json()["code"] for answer in (strange, large, endless)]
    assert codes == ["unknown_host", "too_large", "too_large"]


def test_a_made_up_method_makes_no_new_measurement(stranger):
    stranger.request("ZZTOP", "/livez")

    assert "ZZTOP" not in stranger.get("/metrics").text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]:8080"])
def test_this_machine_has_three_names(stranger, host):
    assert stranger.get("/livez", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_can_change_nothing(reader, headers):
    before = reader.get("/api/v1/manuscripts").json()["total"]

    answer = reader.post("/api/v1/manuscripts", json={"wish": "Дождь"}, headers=headers)

    assert answer.status_code == 403
    assert answer.json()["code"] == "cross_site"
    assert reader.get("/api/v1/manuscripts").json()["total"] == before


def test_our_own_page_may(stranger, studio):
    headers = {"Origin": studio.url, "Sec-Fetch-Site": "same-origin"}

    answer = stranger.post("/api/v1/age", json={"confirmed": True}, headers=headers)

    assert answer.status_code == 204


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc", "/.env", "/api/v1/nothing"])
def test_there_is_nothing_else_to_find(stranger, path):
    answer = stranger.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_flood_is_asked_to_wait_and_the_next_client_is_not(start_studio):
    studio = start_studio(RATE_LIMIT="5/minute")
    with studio.stranger() as client:
        answers = [client.get("/api/v1/age") for _ in range(7)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[-1].json()["code"] == "too_many_requests"


def test_metrics_name_every_stage(reader, stranger):
    reader.get("/api/v1/passages", params={"query": "поезд"})

    text = stranger.get("/metrics").text

    for name in (
        "storyteller_http_seconds_bucket",
        "storyteller_search_seconds_bucket",
        "storyteller_ingest_seconds_bucket",
        "storyteller_first_token_seconds",
        "storyteller_tokens_per_second",
        "storyteller_refusals_total",
        "storyteller_queue",
        "storyteller_crawl",
    ):
        assert name in text, name
    assert re.search(r'storyteller_corpus\{kind="stories"\} 12\.0', text)


def test_ready_names_every_part(stranger):
    answer = stranger.get("/readyz")

    assert answer.status_code == 200
    assert set(answer.json()["parts"]) == {"database", "chroma", "keywords", "redis", "model"}


def test_a_request_can_be_followed_through_the_log(studio, stranger):
    answer = stranger.get("/livez", headers={"X-Request-Id": "follow-me-1234"})

    assert answer.headers["x-request-id"] == "follow-me-1234"
    assert '"request_id": "follow-me-1234"' in studio.log()
