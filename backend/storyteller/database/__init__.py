"""One database for what must not be lost: SQLite on this machine, or PostgreSQL by URL."""

import json
import re
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Engine, MetaData, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

from storyteller.errors import ConfigError, StorageUnavailable

# Names that are the same on every database, so that a later migration can find them.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Parent of every table; the tables stand beside the code that uses them."""

    metadata = MetaData(naming_convention=NAMES)


def open_database(url: str) -> Engine:
    """Connect and bring the schema up to date; safe to call from several processes at once.

    Raises `StorageUnavailable` when the database does not answer, now or at any later use of the
    engine, and `ConfigError` when `url` is not one.
    """
    try:
        engine = create_engine(
            _with_driver(url),
            pool_pre_ping=True,
            hide_parameters=True,
            # Cyrillic as it is: escaped it would take three times the room.
            json_serializer=partial(json.dumps, ensure_ascii=False),
        )
    except ArgumentError as error:
        raise ConfigError("Неверная настройка. DATABASE_URL: это не адрес базы данных.") from error
    event.listen(engine, "handle_error", _translate)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    migrate(engine)
    return engine


def _with_driver(url: str) -> str:
    """Name our PostgreSQL driver, so that the address everybody else uses works as it is."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file, whose folder is made when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Rendered rather than glued: a folder may be called «a?b» or «100%», which mean something there.
    return URL.create("sqlite", database=str(path)).render_as_string()


def migrate(engine: Engine) -> None:
    """Run the migrations that the database has not seen."""
    config = Config()
    # Alembic's options are an ini file's, where a bare % would begin a reference.
    scripts = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", scripts)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _translate(context: ExceptionContext) -> None:
    """Say that the database is away in our words, wherever it is asked; other errors travel on."""
    if context.is_disconnect or isinstance(
        context.sqlalchemy_exception, OperationalError | InterfaceError
    ):
        raise StorageUnavailable from context.original_exception


def _set_up_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # WAL lets the page read while ingest writes; FULL keeps what was acknowledged at a power cut.
    # The timeout comes first: the change to WAL, too, may have to wait for another process.
    for pragma in (
        "busy_timeout=30000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        # A story that was removed must not be readable in the file's free pages.
        "secure_delete=ON",
    ):
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
