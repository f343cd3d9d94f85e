"""A moment comes back as it went in, whatever the database and the zone of the machine."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from storyteller.database.types import UtcDateTime

MOMENTS = Table("moments", MetaData(), Column("at", UtcDateTime))


def test_a_moment_of_any_zone_comes_back_in_utc(database_url: str):
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    MOMENTS.metadata.create_all(engine)
    moscow = datetime(2026, 3, 8, 1, 30, tzinfo=timezone(timedelta(hours=3)))

    with engine.begin() as connection:
        connection.execute(insert(MOMENTS).values(at=moscow))
        connection.execute(insert(MOMENTS).values(at=None))
        found = set(connection.scalars(select(MOMENTS.c.at)))

    engine.dispose()
    assert found == {None, datetime(2026, 3, 7, 22, 30, tzinfo=UTC)}
    assert all(moment is None or moment.tzinfo is UTC for moment in found)


def test_a_moment_without_a_zone_is_refused():
    engine = create_engine("sqlite://")
    MOMENTS.metadata.create_all(engine)

    with engine.begin() as connection, pytest.raises(StatementError, match="without a time zone"):
        connection.execute(insert(MOMENTS).values(at=datetime(2026, 3, 8)))  # noqa: DTZ001

    engine.dispose()
