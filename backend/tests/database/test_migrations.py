"""The schema that migrations build is the schema that the code expects, on every database."""

import multiprocessing
import shutil
from pathlib import Path

import pytest
import tables
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from storyteller import database
from storyteller.database import Base, migrate, open_database, sqlite_url
from storyteller.errors import ConfigError, StorageUnavailable


def test_migrations_build_exactly_the_tables_of_the_code(database_url: str):
    assert tables.MODULES
    engine = open_database(database_url)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    engine.dispose()
    assert differences == []


def test_opening_a_second_time_changes_nothing(database_url: str):
    first = open_database(database_url)
    names = set(inspect(first).get_table_names())
    with first.begin() as connection:
        connection.execute(text("UPDATE corpus_version SET value = 7"))
    first.dispose()

    second = open_database(database_url)

    assert set(inspect(second).get_table_names()) == names
    with second.connect() as connection:
        assert connection.scalar(text("SELECT value FROM corpus_version")) == 7
    second.dispose()


def test_four_processes_may_start_at_once_on_an_empty_database(database_url: str):
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        results = pool.map(_open, [database_url] * 4)

    assert results == ["open"] * 4


def _open(url: str) -> str:
    try:
        engine = open_database(url)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM corpus_version")) == 1
        engine.dispose()
    except Exception as error:  # noqa: BLE001 - whatever it is, the claim is that it does not come
        return f"{error!r} <- {error.__cause__!r}"
    return "open"


def test_a_migration_that_fails_leaves_nothing_behind(database_url: str, monkeypatch):
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    engine = open_database(database_url)
    with engine.begin() as connection:
        for name in inspect(connection).get_table_names():
            connection.execute(
                text(f"DROP TABLE {name}" + (" CASCADE" if "postgres" in database_url else ""))
            )
    monkeypatch.setattr("alembic.operations.Operations.execute", fail)

    with pytest.raises(RuntimeError):
        migrate(engine)

    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()


def test_a_server_that_is_away_is_told_in_our_words():
    with pytest.raises(StorageUnavailable) as raised:
        open_database("postgresql://nobody@127.0.0.1:9/none?connect_timeout=2")

    assert raised.value.status == 503


def test_a_folder_that_cannot_be_written_is_told_in_our_words(tmp_path: Path):
    with pytest.raises(StorageUnavailable):
        open_database(f"sqlite:///{tmp_path}/missing/test.db")


@pytest.mark.parametrize(
    "name", ["a%20b", "100%", "a?b", "a#b", "a&b=c", "a:b@c", "дом, a b", "%(x)s"]
)
def test_a_data_folder_may_have_any_name(tmp_path: Path, name: str):
    file = tmp_path / name / "storyteller.db"

    open_database(sqlite_url(file)).dispose()

    assert file.is_file()
    assert [folder.name for folder in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a%20b", "%(x)s"])
def test_the_studio_may_lie_in_a_folder_of_any_name(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    home = Path(database.__file__).parent
    shutil.copytree(home / "migrations", tmp_path / name / "migrations")
    monkeypatch.setattr(database, "__file__", str(tmp_path / name / "__init__.py"))

    engine = open_database(sqlite_url(tmp_path / "storyteller.db"))

    assert "corpus_version" in inspect(engine).get_table_names()
    engine.dispose()


def test_a_connection_that_breaks_later_is_told_in_our_words(new_postgres):
    engine = open_database(new_postgres())
    with pytest.raises(StorageUnavailable), engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


@pytest.mark.parametrize("url", ["nonsense", "nosuch://host/db"])
def test_an_address_that_is_none_stops_the_start(url: str):
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        open_database(url)
