"""What nobody expected still leaves as a problem, with every header, and is counted."""

import httpx
import pytest
from prometheus_client import REGISTRY

from storyteller.config import Settings
from storyteller.main import create_app


class Broken:
    """Services of which every part raises what is not in our family."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError("секретное слово")


@pytest.fixture
def app(tmp_path):
    return create_app(Settings(_env_file=None, data_dir=tmp_path), services=Broken())


def _count() -> float:
    labels = {"method": "GET", "route": "/api/v1/age", "status": "500"}
    found = [
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "storyteller_http_seconds_count"
        and sample.labels["status"] == "500"
        and sample.labels["method"] == labels["method"]
    ]
    return sum(found)


async def test_a_bug_is_told_with_all_headers_counted_and_without_its_words(app, caplog):
    before = _count()
    async with (
        app.router.lifespan_context(app) as state,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(_with(app, state)), base_url="http://localhost"
        ) as client,
    ):
        answer = await client.get("/api/v1/age")

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]
    assert "секретное" not in answer.text
    assert _count() == before + 1


def _with(app, state):
    """Give each request the state that a server takes from the lifespan."""

    async def call(scope, receive, send):
        scope["state"] = dict(state)
        await app(scope, receive, send)

    return call
