"""Real databases for tests: a SQLite file and a PostgreSQL server of our own, asked for by name."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

# What Debian and Homebrew call the folder of the server's programs, the newest version first.
_PLACES = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin")


def _programs() -> Path | None:
    found = [path for place in _PLACES for path in Path("/").glob(place.lstrip("/") + "/initdb")]
    if found:
        return max(found, key=str).parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def _as_somebody() -> list[str]:
    """PostgreSQL refuses to run as root; a container often has nobody else logged in."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the address of a PostgreSQL server on a Unix socket, without a database name."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here (Debian: apt-get install postgresql)")
    is_root = os.geteuid() == 0
    prefix = _as_somebody() if is_root else []
    # A socket's path has some hundred characters at most, so not pytest's own folder.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if is_root:
        somebody = pwd.getpwnam("postgres")
        os.chown(folder, somebody.pw_uid, somebody.pw_gid)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*prefix, str(programs / program), *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )

    run("initdb", "-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    run("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    yield f"host={folder} user=tests"
    run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def new_postgres(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Make empty PostgreSQL databases; each call gives the URL of a new one."""
    made: list[str] = []
    folder = postgres_server.split(maxsplit=1)[0].removeprefix("host=")

    def new() -> str:
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(postgres_server, dbname="postgres", autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")
        made.append(name)
        return f"postgresql://tests@/{name}?host={folder}"

    yield new
    with psycopg.connect(postgres_server, dbname="postgres", autocommit=True) as server:
        for name in made:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database; a test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    new: Callable[[], str] = request.getfixturevalue("new_postgres")
    return new()
