"""The web application and the server that runs it."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import APIRouter, Depends, FastAPI

from storyteller import __version__
from storyteller.api import (
    age,
    exports,
    health,
    manuscripts,
    passages,
    runs,
    status,
    stories,
)
from storyteller.api.dependencies import limit_rate, require_adult
from storyteller.api.middleware import (
    BodyLimit,
    KnownHosts,
    RequestLog,
    SameOriginOnly,
    SecurityHeaders,
    Unexpected,
)
from storyteller.api.page import add_page
from storyteller.api.problems import add_problem_handlers
from storyteller.config import Settings, load_settings
from storyteller.errors import ConfigError
from storyteller.services import Services, open_services

# A request is a wish and some characters; uploads have a limit of their own.
MAX_BODY_BYTES = 64 * 1024
GRACE_SECONDS = 5


class State(TypedDict):
    """What a request finds in `request.state`."""

    services: Services


def create_app(settings: Settings | None = None, services: Services | None = None) -> FastAPI:
    """Build the application; without `services` it opens its own when it starts."""
    settings = settings or load_settings()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
        if services is not None:
            yield {"services": services}
            return
        async with open_services(settings) as own:
            yield {"services": own}

    app = FastAPI(
        title="Storyteller",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(_api())
    app.include_router(health.router)
    add_problem_handlers(app)
    add_page(app, settings.frontend_dir)
    # The last one added is the first one asked.
    app.add_middleware(Unexpected)
    app.add_middleware(BodyLimit, max_bytes=MAX_BODY_BYTES)
    app.add_middleware(SameOriginOnly)
    app.add_middleware(KnownHosts, hosts=settings.public_hosts)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog)
    return app


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until asked to stop; raises what keeps it from starting, as one of our own errors."""
    import uvicorn

    _require_free(host, port)

    async def run() -> None:
        # Opened here rather than in the lifespan: an error then reaches whoever started us.
        async with open_services(settings) as services:
            config = uvicorn.Config(
                create_app(settings, services),
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=",".join(settings.trusted_proxies) or None,
                # Long enough to end a request, shorter than Docker's patience.
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
            await uvicorn.Server(config).serve()

    # uvicorn shuts down on a signal and then raises it again; being asked to end is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    asyncio.run(run())


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"Порт {port} занят или недоступен. Выберите другой: PORT={port + 1}."
            ) from error


def _api() -> APIRouter:
    """Everything is for adults; only the question whether the reader is one comes before."""
    everyone = APIRouter(prefix="/api/v1", dependencies=[Depends(limit_rate)])
    everyone.include_router(age.router)
    adults = APIRouter(dependencies=[Depends(require_adult)])
    for resource in (status, passages, stories, manuscripts, exports, runs):
        adults.include_router(resource.router)
    everyone.include_router(adults)
    return everyone
