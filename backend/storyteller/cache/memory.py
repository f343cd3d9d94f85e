"""The cache of a single process: a dictionary that forgets the oldest when it is full."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# Enough for every answer of a day's searches and the logs of the last runs, on a laptop.
MAX_BYTES = 64 * 1024 * 1024


@dataclass(slots=True)
class _Entry:
    """A value or a log, with the moment (of the clock) after which it counts as absent."""

    parts: list[bytes]
    size: int
    until: float


class MemoryCache:
    """Keeps at most `max_bytes` of values and logs; what was touched longest ago goes first."""

    def __init__(
        self, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._size = 0

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none or it is too old."""
        entry = self._fresh(key)
        return entry.parts[0] if entry else None

    async def set(self, key: str, value: bytes, *, ttl: int) -> None:
        """Keep a value for `ttl` seconds."""
        self._forget(key)
        self._put(key, [value], ttl)

    async def delete(self, key: str) -> None:
        """Forget a value or a log."""
        self._forget(key)

    async def append(self, key: str, entry: bytes, *, ttl: int) -> None:
        """Add an entry to the end of a log; the whole log lives `ttl` seconds from now."""
        log = self._fresh(key)
        if log is None:
            self._put(key, [entry], ttl)
            return
        log.parts.append(entry)
        log.until = self._clock() + ttl
        self._grow(log, len(entry))

    async def entries(self, key: str, start: int = 0) -> list[bytes]:
        """Return a log from its entry number `start` (from 0) on."""
        log = self._fresh(key)
        return log.parts[start:] if log else []

    async def ping(self) -> bool:
        """Return True: it is as alive as the process."""
        return True

    async def close(self) -> None:
        """Do nothing; Redis has something to close."""

    def _fresh(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until <= self._clock():
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def _put(self, key: str, parts: list[bytes], ttl: int) -> None:
        entry = _Entry(parts, 0, self._clock() + ttl)
        self._entries[key] = entry
        self._grow(entry, len(key) + sum(map(len, parts)))

    def _grow(self, entry: _Entry, size: int) -> None:
        entry.size += size
        self._size += size
        while self._size > self._max_bytes:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size -= entry.size
