import re

import pytest

# What the page needs before the reader has said anything.
OPEN = {"/livez", "/readyz", "/metrics", "/api/v1/age"}
CLOSED = [
    ("GET", "/api/v1/status"),
    ("GET", "/api/v1/passages?query=a"),
    ("GET", "/api/v1/corpus/stories"),
    ("GET", "/api/v1/corpus/stories/x"),
    ("DELETE", "/api/v1/corpus/stories/x"),
    ("GET", "/api/v1/corpus/categories"),
    ("GET", "/api/v1/corpus/progress"),
    ("GET", "/api/v1/manuscripts"),
    ("POST", "/api/v1/manuscripts"),
    ("GET", "/api/v1/manuscripts/x"),
    ("DELETE", "/api/v1/manuscripts/x"),
    ("GET", "/api/v1/manuscripts/x/export?format=txt"),
    ("GET", "/api/v1/manuscripts/x/revisions"),
    ("POST", "/api/v1/manuscripts/x/runs"),
    ("GET", "/api/v1/runs/x"),
    ("GET", "/api/v1/runs/x/events"),
    ("DELETE", "/api/v1/runs/x"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_nothing_opens_to_a_reader_of_unknown_age(stranger, method, path):
    answer = stranger.request(method, path, json={} if method == "POST" else None)

    assert answer.status_code == 403
    assert answer.json()["code"] == "age_required"


def test_saying_it_opens_the_gate_with_a_cookie_that_scripts_cannot_read(stranger):
    before = stranger.get("/api/v1/age").json()

    answer = stranger.post("/api/v1/age", json={"confirmed": True})

    cookie = answer.headers["set-cookie"]
    assert (before, answer.status_code) == ({"confirmed": False}, 204)
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    assert stranger.get("/api/v1/age").json() == {"confirmed": True}
    assert stranger.get("/api/v1/status").status_code == 200


@pytest.mark.parametrize("body", [{}, {"confirmed": False}, {"confirmed": True, "age": 20}, []])
def test_only_a_plain_yes_is_an_answer(stranger, body):
    assert stranger.post("/api/v1/age", json=body).status_code == 422


def test_a_forged_cookie_opens_nothing(stranger):
    stranger.cookies.set("session", "0" * 32)

    assert stranger.get("/api/v1/status").status_code == 403


def test_a_closed_gate_stays_closed_for_the_old_cookie(reader):
    token = reader.cookies["session"]

    answer = reader.delete("/api/v1/age")

    reader.cookies.set("session", token)
    assert answer.status_code == 204
    assert "storage" in answer.headers["clear-site-data"]
    assert reader.get("/api/v1/status").status_code == 403


def test_the_page_itself_holds_no_story(stranger):
    page = stranger.get("/")

    assert re.search("поезд|манускрипт", page.text, re.IGNORECASE) is None
