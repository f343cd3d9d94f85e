from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from storyteller.library.sessions import Sessions


class Clock:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(engine: Engine, clock: Clock) -> Sessions:
    return Sessions(engine, clock)


def test_a_session_is_open_until_it_is_closed(sessions: Sessions):
    token, other = sessions.create(), sessions.create()
    assert token != other
    assert len(bytes.fromhex(token)) == 16
    assert sessions.is_open(token)

    sessions.close(token)
    sessions.close(token)
    sessions.close(None)

    assert not sessions.is_open(token)
    assert sessions.is_open(other)


@pytest.mark.parametrize("token", [None, "", "0" * 32, "'; DROP TABLE age_sessions"])
def test_nobody_comes_in_with_a_token_that_was_not_given(sessions: Sessions, token: str | None):
    assert not sessions.is_open(token)


def test_a_session_ends_after_twelve_idle_hours(sessions: Sessions, clock: Clock):
    token = sessions.create()
    clock.now += timedelta(hours=11, minutes=59)
    assert sessions.is_open(token)
    clock.now += timedelta(hours=12)
    assert sessions.is_open(token)

    clock.now += timedelta(hours=12, minutes=1)

    assert not sessions.is_open(token)


def test_a_session_ends_after_thirty_days_however_busy(sessions: Sessions, clock: Clock):
    token = sessions.create()
    for _ in range(30 * 4 - 1):
        clock.now += timedelta(hours=6)
        assert sessions.is_open(token)

    clock.now += timedelta(hours=6, minutes=1)

    assert not sessions.is_open(token)


def test_the_database_holds_no_token_and_no_session_that_is_over(
    sessions: Sessions, clock: Clock, engine: Engine
):
    old = sessions.create()
    clock.now += timedelta(hours=13)
    new = sessions.create()

    with engine.connect() as connection:
        kept = connection.scalars(text("SELECT token_sha256 FROM age_sessions")).all()
    assert len(kept) == 1
    assert kept[0] not in (old, new)
