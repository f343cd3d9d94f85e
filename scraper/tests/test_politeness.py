from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scrapy.http import Response

from sefan_scraper.politeness import retry_after


def busy(value: str) -> Response:
    return Response(
        "https://sefan.ru/", status=503, headers={"Retry-After": value} if value else {}
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("", None), ("soon", None), ("-5", None), ("1e9", None)],
)
def test_retry_after_is_a_number_of_seconds(value: str, seconds: float | None):
    assert retry_after(busy(value)) == seconds


def test_retry_after_is_a_date():
    now = datetime.now(UTC)
    later = format_datetime(now + timedelta(hours=1), usegmt=True)
    earlier = format_datetime(now - timedelta(hours=1), usegmt=True)

    assert 3000 < (retry_after(busy(later)) or 0) <= 3600
    assert retry_after(busy(earlier)) == 0
