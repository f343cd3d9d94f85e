"""The writing road on a real SQLite file, with a model that follows a script."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests are no package (--import-mode=importlib), so what they share is found by its folder.
sys.path.insert(0, str(Path(__file__).parent))

from storyteller.database import open_database, sqlite_url
from storyteller.library.manuscripts import Manuscripts
from storyteller.library.runs import RunRecords


@pytest.fixture
def library(tmp_path: Path) -> Iterator[tuple[Manuscripts, RunRecords]]:
    engine = open_database(sqlite_url(tmp_path / "library.db"))
    yield Manuscripts(engine), RunRecords(engine)
    engine.dispose()
