"""The library on a real database of each kind."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from storyteller.database import open_database
from storyteller.library.manuscripts import Manuscripts
from storyteller.library.runs import RunRecords


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def manuscripts(engine: Engine) -> Manuscripts:
    return Manuscripts(engine)


@pytest.fixture
def runs(engine: Engine) -> RunRecords:
    return RunRecords(engine)
