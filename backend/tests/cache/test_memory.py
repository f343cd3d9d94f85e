from storyteller.cache.memory import MemoryCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_forgets_a_value_when_its_time_is_over():
    clock = Clock()
    cache = MemoryCache(clock=clock)
    await cache.set("value", b"1", ttl=10)

    clock.now = 9.9
    assert await cache.get("value") == b"1"
    clock.now = 10
    assert await cache.get("value") is None


async def test_a_log_lives_from_its_last_entry_on():
    clock = Clock()
    cache = MemoryCache(clock=clock)
    await cache.append("log", b"1", ttl=10)
    clock.now = 9
    await cache.append("log", b"2", ttl=10)

    clock.now = 18
    assert await cache.entries("log") == [b"1", b"2"]
    clock.now = 19
    assert await cache.entries("log") == []


async def test_never_holds_more_than_it_may_and_drops_the_oldest_first():
    cache = MemoryCache(max_bytes=1000)
    for number in range(100):
        await cache.set(f"value {number}", b"x" * 90, ttl=60)

    kept = [number for number in range(100) if await cache.get(f"value {number}")]

    assert kept == list(range(100 - len(kept), 100))
    assert 8 <= len(kept) <= 10


async def test_a_value_that_was_read_is_not_the_oldest():
    cache = MemoryCache(max_bytes=300)
    await cache.set("a", b"x" * 90, ttl=60)
    await cache.set("b", b"x" * 90, ttl=60)
    await cache.get("a")

    await cache.set("c", b"x" * 150, ttl=60)

    assert await cache.get("a") is not None
    assert await cache.get("b") is None


async def test_an_endless_log_goes_rather_than_the_memory():
    cache = MemoryCache(max_bytes=1000)

    for _ in range(100):
        await cache.append("log", b"x" * 90, ttl=60)

    assert sum(map(len, await cache.entries("log"))) <= 1000
