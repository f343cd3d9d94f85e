from urllib.parse import parse_qs

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response

from sefan_scraper.middlewares import (
    GATE_ATTEMPTS,
    AgeGateMiddleware,
    DecodeMiddleware,
    OneSiteMiddleware,
    Unwanted,
)

URL = "https://sefan.ru/stories/ru/2/drama/chitat_most_1.html"
GATE = (
    '<form method="post"><input type="hidden" name="freed" value="1">'
    '<input type="hidden" name="ref" value="ab12">'
    '<input type="submit" name="fkay" value="Мне исполнилось 18 лет"></form>'
)


@pytest.mark.parametrize(
    ("site", "url"),
    [
        ("https://sefan.ru/", URL),
        ("https://sefan.ru/", "https://SEFAN.ru/robots.txt"),
        ("http://sefan.ru/", "https://sefan.ru/"),
        ("http://127.0.0.1:8999/", "http://127.0.0.1:8999/x"),
    ],
)
def test_the_site_itself_may_be_asked(site: str, url: str):
    OneSiteMiddleware(site).process_request(Request(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://www.sefan.ru/",
        "https://sefan.ru.evil.example/",
        "https://sefan.ru@evil.example/",
        "https://reader:secret@sefan.ru/",
        "https://sefan.ru:8443/",
        "http://sefan.ru/",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest",
        "ftp://sefan.ru/",
        "file:///etc/passwd",
        "data:text/html,x",
    ],
)
def test_no_other_place_may(url: str):
    with pytest.raises(Unwanted, match="offsite"):
        OneSiteMiddleware("https://sefan.ru/").process_request(Request(url))


def test_a_page_is_handed_on_in_utf8_whatever_it_says_of_itself():
    text = "<meta charset=utf-8><h1>Мост развели в половине второго, и она осталась</h1>"
    page = HtmlResponse(URL, body=text.encode("cp1251"), headers={"Content-Type": "text/html"})

    decoded = DecodeMiddleware().process_response(Request(URL), page)

    assert decoded.text == text
    assert decoded.css("h1::text").get("").startswith("Мост")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Response(URL, body=b"\x89PNG"), "not_html"),
        (HtmlResponse(URL, body=b"\xd0\xff\xfe\xd1\x81" * 500), "undecodable"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(page: Response, reason: str):
    with pytest.raises(Unwanted, match=reason):
        DecodeMiddleware().process_response(Request(URL), page)


def test_the_age_form_is_answered_with_all_its_fields_for_the_same_callback():
    request = Request(URL, callback=print, cb_kwargs={"a": 1}, priority=7)
    gate = HtmlResponse(URL, body=GATE.encode(), encoding="utf-8")

    answer = AgeGateMiddleware().process_response(request, gate)

    assert isinstance(answer, Request)
    assert (answer.method, answer.url) == ("POST", URL)
    assert parse_qs(answer.body.decode()) == {
        "freed": ["1"],
        "ref": ["ab12"],
        "fkay": ["Мне исполнилось 18 лет"],
    }
    assert (answer.callback, answer.cb_kwargs, answer.priority) == (print, {"a": 1}, 7)
    assert answer.dont_filter


def test_a_gate_that_never_opens_is_left_alone():
    request = Request(URL)
    gate = HtmlResponse(URL, body=GATE.encode(), encoding="utf-8")
    door = AgeGateMiddleware()
    for _ in range(GATE_ATTEMPTS):
        answer = door.process_response(request, gate)
        assert isinstance(answer, Request)
        request = answer

    with pytest.raises(Unwanted, match="age_gate"):
        door.process_response(request, gate)


def test_a_page_passes_the_gate_as_it_is():
    page = HtmlResponse(URL, body='<div id="rsz">Текст</div>'.encode(), encoding="utf-8")

    assert AgeGateMiddleware().process_response(Request(URL), page) is page
