"""The line in front of the model: one writes, a few wait and see themselves coming nearer."""

import asyncio
import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from storyteller.errors import QueueFull

# What a scene takes on a laptop, until this machine has shown its own pace.
_FIRST_GUESS = 60.0
_REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many write, how many wait, and how many may."""

    running: int
    waiting: int
    limit: int


@dataclass(eq=False, slots=True)
class Ticket:
    """A place in the line: 0 has the model, 1 is next."""

    tell: Callable[[int, int], None]
    position: int
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    since: float = 0.0


class Line:
    """First come, first served; `limit` may wait beside the one that writes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tickets: list[Ticket] = []
        self._reserved = 0
        self._durations: deque[float] = deque(maxlen=_REMEMBERED)

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Hold a place while a run is prepared; raises `QueueFull` when there is none."""
        taken = len(self._tickets) + self._reserved
        if taken > self._limit:
            raise QueueFull(max(1, math.ceil(taken * self._median())))
        self._reserved += 1
        try:
            yield
        finally:
            self._reserved -= 1

    def join(self, tell: Callable[[int, int], None]) -> Ticket:
        """Stand at the end; `tell(position, eta_seconds)` is called now and at every step."""
        ticket = Ticket(tell, position=-1)
        self._tickets.append(ticket)
        self._move_up()
        return ticket

    def leave(self, ticket: Ticket, seconds: float | None = None) -> None:
        """Go away, from any place; `seconds` is how long the model was used."""
        if seconds is not None:
            self._durations.append(seconds)
        self._tickets.remove(ticket)
        self._move_up()

    def state(self) -> QueueState:
        """Return the line as it is."""
        running = min(1, len(self._tickets))
        return QueueState(running, len(self._tickets) - running, self._limit)

    def _move_up(self) -> None:
        for position, ticket in enumerate(self._tickets):
            if ticket.position == position:
                continue
            ticket.position = position
            if position == 0:
                ticket.since = time.monotonic()
                ticket.turn.set()
            else:
                ticket.tell(position, self._eta(position))

    def _eta(self, position: int) -> int:
        spent = time.monotonic() - self._tickets[0].since
        return round(max(0.0, self._median() - spent) + (position - 1) * self._median())

    def _median(self) -> float:
        return statistics.median(self._durations) if self._durations else _FIRST_GUESS
