from structlog.testing import capture_logs

from storyteller.cache.redis import PREFIX, RedisCache


async def test_every_key_has_our_prefix_and_an_age(redis_server):
    cache = RedisCache(redis_server.url)

    await cache.set("value", b"1", ttl=60)
    await cache.append("log", b"1", ttl=60)
    await cache.close()

    with redis_server.client() as client:
        keys = client.keys("*")
        assert sorted(keys) == [f"{PREFIX}log".encode(), f"{PREFIX}value".encode()]
        assert all(0 < client.ttl(key) <= 60 for key in keys)


async def test_looks_empty_when_redis_is_away_and_says_so_once(redis_server):
    cache = RedisCache(redis_server.url, pause=0)
    await cache.set("value", b"1", ttl=60)
    redis_server.stop()

    with capture_logs() as logs:
        assert await cache.get("value") is None
        assert await cache.entries("log") == []
        await cache.set("value", b"2", ttl=60)
        await cache.append("log", b"1", ttl=60)
        await cache.delete("value")
        assert await cache.ping() is False

    assert [entry["event"] for entry in logs] == ["cache.away"]
    await cache.close()


async def test_works_again_when_redis_is_back(redis_server):
    cache = RedisCache(redis_server.url, pause=0)
    redis_server.stop()
    await cache.set("value", b"1", ttl=60)
    redis_server.start()

    with capture_logs() as logs:
        await cache.set("value", b"2", ttl=60)

    assert await cache.get("value") == b"2"
    assert [entry["event"] for entry in logs] == ["cache.back"]
    await cache.close()


async def test_leaves_an_absent_redis_alone_for_a_while_but_a_ping_asks(redis_server):
    cache = RedisCache(redis_server.url, pause=600)
    redis_server.stop()
    await cache.get("value")
    redis_server.start()

    await cache.set("value", b"1", ttl=60)
    assert await cache.get("value") is None
    assert await cache.ping() is True
    await cache.set("value", b"2", ttl=60)
    assert await cache.get("value") == b"2"
    await cache.close()


async def test_a_redis_that_never_was_is_an_absent_one():
    cache = RedisCache("redis://127.0.0.1:1/0")

    assert await cache.get("value") is None
    assert await cache.ping() is False
    await cache.close()
