"""The web application: `uvicorn storyteller.main:create_app --factory`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

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
from storyteller.api.middleware import RequestLog, SameOriginOnly, SecurityHeaders
from storyteller.api.page import add_page
from storyteller.api.problems import add_problem_handlers
from storyteller.config import Settings, load_settings
from storyteller.logs import set_up_logs
from storyteller.services import Services, open_services

# A request is a wish and some characters; uploads have a limit of their own.
MAX_BODY_BYTES = 64 * 1024


class State(TypedDict):
    """What a request finds in `request.state`."""

    services: Services


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application; its services are opened when it starts."""
    settings = settings or load_settings()
    set_up_logs(settings.log_level, settings.data_dir / "logs" / "errors.jsonl")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
        async with open_services(settings) as services:
            yield {"services": services}

    app = FastAPI(
        title="Storyteller",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        max_body_size=MAX_BODY_BYTES,
    )
    app.include_router(_api())
    app.include_router(health.router)
    add_problem_handlers(app)
    add_page(app, settings.frontend_dir)
    # The last one added is the first one asked.
    app.add_middleware(SameOriginOnly)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.public_hosts)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog)
    return app


def _api() -> APIRouter:
    """Everything is for adults; only the question whether the reader is one comes before."""
    everyone = APIRouter(prefix="/api/v1", dependencies=[Depends(limit_rate)])
    everyone.include_router(age.router)
    adults = APIRouter(dependencies=[Depends(require_adult)])
    for resource in (status, passages, stories, manuscripts, exports, runs):
        adults.include_router(resource.router)
    everyone.include_router(adults)
    return everyone
