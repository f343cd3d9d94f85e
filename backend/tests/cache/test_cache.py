"""What both caches promise: the same answers, whichever is chosen."""

from collections.abc import AsyncIterator

import pytest

from storyteller.cache.base import Cache
from storyteller.cache.memory import MemoryCache
from storyteller.cache.redis import RedisCache


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    if request.param == "memory":
        yield MemoryCache()
        return
    made = RedisCache(request.getfixturevalue("redis_server").url)
    yield made
    await made.close()


async def test_gives_back_what_it_was_given(cache: Cache):
    await cache.set("search:1", "Найдено".encode(), ttl=60)

    assert await cache.get("search:1") == "Найдено".encode()
    assert await cache.get("search:2") is None


async def test_forgets_when_told(cache: Cache):
    await cache.set("value", b"1", ttl=60)
    await cache.append("log", b"1", ttl=60)

    await cache.delete("value")
    await cache.delete("log")
    await cache.delete("never there")

    assert await cache.get("value") is None
    assert await cache.entries("log") == []


async def test_reads_a_log_again_from_any_place(cache: Cache):
    for number in range(5):
        await cache.append("log", b"%d" % number, ttl=60)

    assert await cache.entries("log") == [b"0", b"1", b"2", b"3", b"4"]
    assert await cache.entries("log", 3) == [b"3", b"4"]
    assert await cache.entries("log", 9) == []
    assert await cache.entries("other") == []


async def test_answers_a_ping(cache: Cache):
    assert await cache.ping() is True
