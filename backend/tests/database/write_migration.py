"""Writes the migration that brings the schema to the tables as they are now.

    python backend/tests/database/write_migration.py 0002 "Say what changes"

It stands with the tests because here every table may be imported; the migrations may not know one.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from mako.template import Template

from storyteller import database
from storyteller.database import Base, open_database, sqlite_url
from storyteller.database.types import UtcDateTime

sys.path.insert(0, str(Path(__file__).parents[1]))
import tables

_MIGRATIONS = Path(database.__file__).parent / "migrations"


def write(revision: str, message: str) -> Path:
    """Write migrations/versions/<revision>_<message>.py; the last one before it is its parent."""
    assert tables.MODULES
    older = sorted(path for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    slug = "_".join(message.lower().split())
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(sqlite_url(Path(folder) / "now.db"))
        with engine.connect() as connection:
            options = {"compare_type": True, "render_item": _render}
            context = MigrationContext.configure(connection, opts=options)
            script = produce_migrations(context, Base.metadata)
        engine.dispose()
    up, down = (
        _without_banner(render_python_code(ops, render_item=_render))
        for ops in (script.upgrade_ops, script.downgrade_ops)
    )
    text = Template(filename=str(_MIGRATIONS / "script.py.mako")).render(
        message=message,
        up_revision=revision,
        down_revision=older[-1].name.split("_")[0] if older else None,
        upgrades=up,
        downgrades=down,
    )
    path = _MIGRATIONS / "versions" / f"{revision}_{slug}.py"
    path.write_text(text, encoding="utf-8")
    subprocess.run(["ruff", "format", "--quiet", path], check=True)
    return path


def _without_banner(code: str) -> str:
    return "\n".join(line for line in code.splitlines() if "### " not in line).strip()


def _render(kind: str, item: object, _context: AutogenContext) -> str | bool:
    """Write our types as what the database has: a migration must outlive our classes."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


if __name__ == "__main__":
    print(write(sys.argv[1], sys.argv[2]))
