"""Runs the migrations on the connection that `storyteller.database.migrate` hands over.

It imports no table: migrations stand below the code that uses them, so a new one is written from a
test (see backend/tests/database/test_migrations.py), where every table is known.
"""

from alembic import context
from sqlalchemy import Connection

from storyteller.database import Base

# Any number will do, as long as it is ours and the same in every process.
_LOCK = 0x53746F7279


def _alone(connection: Connection) -> None:
    """Wait until no other process is changing the schema; freed at the end of the transaction."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _migrate(connection: Connection) -> None:
    with connection.begin():
        _alone(connection)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transactional_ddl=True,
            # SQLite can't alter a table in place; alembic then copies it.
            render_as_batch=True,
        )
        with context.begin_transaction():
            context.run_migrations()


_migrate(context.config.attributes["connection"])
