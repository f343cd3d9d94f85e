"""Ways to Chroma: its server by URL, or the database in this process. The one importer of it."""

import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from storyteller.errors import ConfigError

_CONNECT_SECONDS = 3.0
_QUERY_SECONDS = 5.0
_WRITE_SECONDS = 30.0

_NO_SERVERLESS = (
    "Чтобы держать индекс в этом процессе, нужен пакет chromadb (дополнение «embedded»); "
    "или укажите CHROMA_URL."
)


def by_url(url: str) -> Any:
    """Return a client of the server at `url`, with limits to its patience; raises anything."""
    import chromadb

    parts = urlsplit(url)
    # The client would wait for ever for a host that swallows packets; this knock doesn't.
    heartbeat = f"{url.rstrip('/')}/api/v2/heartbeat"
    urllib.request.urlopen(heartbeat, timeout=_CONNECT_SECONDS).close()  # noqa: S310 - from settings
    client = chromadb.HttpClient(
        host=parts.hostname or "localhost",
        port=parts.port or (443 if parts.scheme == "https" else 80),
        ssl=parts.scheme == "https",
        settings=_settings(),
    )
    _limit_waiting(client)
    return client


def in_process(path: Path) -> Any:
    """Return a client that is the database itself, in folder `path`; raises `ConfigError`."""
    import chromadb

    path.mkdir(parents=True, exist_ok=True)
    try:
        return chromadb.PersistentClient(path=str(path), settings=_settings())
    except (RuntimeError, ImportError) as error:  # chromadb-client has no database in it
        raise ConfigError(_NO_SERVERLESS) from error


def close(client: Any) -> None:
    """Let go of a client and of its connections, which it forgets itself."""
    client.close()
    for session in _sessions(client):
        session.close()


def _settings() -> Any:
    from chromadb.config import Settings

    # Without telemetry, and without reading our own .env as if it were Chroma's.
    return Settings(_env_file=None, anonymized_telemetry=False)


def _limit_waiting(client: Any) -> None:
    """Give the client's connection time limits; it offers no setting for them."""
    limits = (_CONNECT_SECONDS, _WRITE_SECONDS, _WRITE_SECONDS, _CONNECT_SECONDS)

    def hurry(request: Any) -> None:
        if request.url.path.endswith("/query"):
            request.extensions["timeout"]["read"] = _QUERY_SECONDS

    for session in _sessions(client):
        session.timeout = limits
        session.event_hooks = {"request": [hurry], "response": []}


def _sessions(client: Any) -> list[Any]:
    """Return the client's HTTP connections, its own and its admin's; none for one in process."""
    servers = (client._server, client._admin_client._server)  # noqa: SLF001
    return [server._session for server in servers if hasattr(server, "_session")]  # noqa: SLF001
