"""What is kept for a while: values with an age, and logs that can be read again from a place."""

from typing import Protocol


class Cache(Protocol):
    """A part that may vanish: whoever uses it must be able to do without."""

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none or it is too old."""
        ...

    async def set(self, key: str, value: bytes, *, ttl: int) -> None:
        """Keep a value for `ttl` seconds."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a value or a log."""
        ...

    async def append(self, key: str, entry: bytes, *, ttl: int) -> None:
        """Add an entry to the end of a log; the whole log lives `ttl` seconds from now."""
        ...

    async def entries(self, key: str, start: int = 0) -> list[bytes]:
        """Return a log from its entry number `start` (from 0) on."""
        ...

    async def ping(self) -> bool:
        """Return whether it answers; never raises."""
        ...
