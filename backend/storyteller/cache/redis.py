"""The cache that several processes share and that survives a restart of ours.

Redis is a comfort here, never a condition: when it is away, the cache looks empty, says so once
in the log, and is asked again after a pause.
"""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

PREFIX = "storyteller:"
# Redis answers in less than a millisecond; whoever takes a second is not well.
_TIMEOUT = 1.0
# For how long an absent Redis is not asked again, so that it can't slow every request.
_PAUSE = 5.0

T = TypeVar("T")


class RedisCache:
    """Values and logs in Redis under one prefix, every key with an age."""

    def __init__(self, url: str, *, pause: float = _PAUSE) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            # The pause below is our answer to an absent server; retries would only add to it.
            retry=None,
            retry_on_error=[],
        )
        self._pause = pause
        self._asleep_until = 0.0
        self._is_away = False

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none, it is too old, or Redis is away."""
        return _bytes(await self._ask(lambda: self._redis.get(PREFIX + key), None))

    async def set(self, key: str, value: bytes, *, ttl: int) -> None:
        """Keep a value for `ttl` seconds."""
        await self._ask(lambda: self._redis.set(PREFIX + key, value, ex=ttl), None)

    async def delete(self, key: str) -> None:
        """Forget a value or a log."""
        await self._ask(lambda: self._redis.delete(PREFIX + key), 0)

    async def append(self, key: str, entry: bytes, *, ttl: int) -> None:
        """Add an entry to the end of a log; the whole log lives `ttl` seconds from now."""
        await self._ask(lambda: self._append(PREFIX + key, entry, ttl), None)

    async def entries(self, key: str, start: int = 0) -> list[bytes]:
        """Return a log from its entry number `start` (from 0) on; nothing when Redis is away."""
        nothing: list[bytes | str] = []
        found = await self._ask(lambda: self._redis.lrange(PREFIX + key, start, -1), nothing)
        return [entry for entry in map(_bytes, found) if entry is not None]

    async def ping(self) -> bool:
        """Return whether Redis answers; asks even while it is being left alone."""
        self._asleep_until = 0.0
        return await self._ask(self._redis.ping, False)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _append(self, key: str, entry: bytes, ttl: int) -> None:
        # One transaction, so that no log is ever without an age.
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.rpush(key, entry)
            pipeline.expire(key, ttl)
            await pipeline.execute()

    async def _ask(self, question: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """Return the answer, or `otherwise` when Redis doesn't give one."""
        if time.monotonic() < self._asleep_until:
            return otherwise
        try:
            answer = await question()
        except (RedisError, OSError, TimeoutError) as error:
            self._asleep_until = time.monotonic() + self._pause
            if not self._is_away:
                self._is_away = True
                log.warning("cache.away", error=type(error).__name__)
            return otherwise
        if self._is_away:
            self._is_away = False
            log.info("cache.back")
        return answer


def _bytes(value: bytes | str | None) -> bytes | None:
    """Return what Redis gave; its types allow for a decoding client, which ours isn't."""
    return value.encode() if isinstance(value, str) else value
