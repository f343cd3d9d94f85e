"""Lines as Scrapy writes them, and what is left of them."""

import io
import logging

import pytest
from scrapy import Request

from sefan_scraper.logs import AddresslessRecord

PAGE = "https://site.example/stories/ru/2/drama/chitat_pismo(1)_1.html?page=2"


def line(message: str, *args: object, error: BaseException | None = None) -> str:
    """Return what a handler writes of a record."""
    written = io.StringIO()
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = AddresslessRecord("scrapy", logging.ERROR, __file__, 1, message, args, exc_info)
    logging.StreamHandler(written).handle(record)
    return written.getvalue().rstrip("\n")


@pytest.mark.parametrize(
    ("message", "left"),
    [
        (
            "Gave up retrying <GET {}> (failed 4 times): 500 Internal Server Error",
            "Gave up retrying <GET [address]> (failed 4 times): 500 Internal Server Error",
        ),
        ("Crawled (200) <POST {}> (referer: {})", "Crawled (200) <POST [address]> (referer: [address])"),
        ("Redirecting (302) to <GET {}> from <GET {}>", "Redirecting (302) to <GET [address]> from <GET [address]>"),
        ("Ignoring response <404 {}>: not handled", "Ignoring response <404 [address]>: not handled"),
        ("Cancelling download of {}: too large.", "Cancelling download of [address]: too large."),
        ("Crawled 12 pages (at 4 pages/min)", "Crawled 12 pages (at 4 pages/min)"),
    ],
)  # fmt: skip
def test_an_address_is_left_out_and_the_rest_is_kept(message: str, left: str):
    assert line(message.format(PAGE, PAGE)) == left
    assert line(message.replace("{}", "%s"), *[PAGE] * message.count("{}")) == left


def test_an_exception_is_told_by_its_kind_and_place_without_its_message():
    with pytest.raises(ValueError, match="chitat") as caught:
        Request(PAGE.removeprefix("https:/"))

    said = line("Spider error processing <GET %s>", PAGE, error=caught.value)

    assert "chitat" not in said
    assert said.endswith("\nValueError")
    assert f'File "{__file__}"' in said
