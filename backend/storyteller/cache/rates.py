"""A fair share of requests for each client, counted in Redis or here."""

import structlog
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

log = structlog.get_logger()


class Rates:
    """Counts requests in a moving window; when Redis is away it counts in this process."""

    def __init__(self, limit: str, redis_url: str | None = None) -> None:
        """`limit` is like "300/minute"; raises `ValueError` when it is not."""
        self._limit: RateLimitItem = parse(limit)
        self._here = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_storage(redis_url)) if redis_url else None

    def allow(self, client: str) -> bool:
        """Count one request of `client`; return whether it is within its share."""
        if self._shared is not None:
            try:
                return self._shared.hit(self._limit, client)
            except Exception as error:  # noqa: BLE001 - whatever Redis says, a reader is not locked out
                log.warning("rates.counted_here", cause=type(error).__name__)
        return self._here.hit(self._limit, client)


def _storage(redis_url: str) -> Storage:
    # A second: a limiter that is slower than the page is no help.
    storage = storage_from_string(redis_url, socket_timeout=1, socket_connect_timeout=1)
    assert isinstance(storage, Storage)  # noqa: S101 - tells mypy it is not the async kind
    return storage
