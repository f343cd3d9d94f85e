"""What every request passes, in pure ASGI so that a stream stays a stream."""

import re
import uuid
from collections.abc import Collection
from http import HTTPStatus
from time import perf_counter
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storyteller.api.problems import problem
from storyteller.errors import RequestRefused, StorytellerError, TooLarge, UnknownHost
from storyteller.metrics import HTTP_SECONDS

log = structlog.get_logger()

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# A method is the client's to choose; a measurement's label must not be.
KNOWN_METHODS = {*SAFE_METHODS, "POST", "PUT", "PATCH", "DELETE"}
PORT = re.compile(r":\d{1,5}$")
REQUEST_ID = re.compile(r"^[0-9A-Za-z-]{8,64}$")
# The page needs nothing from anywhere else; `require-trusted-types-for` forbids HTML from text.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; object-src 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class RequestLog:
    """Gives each request an id, times it to its first byte, and logs route and status alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if REQUEST_ID.match(asked) else uuid.uuid4().hex
        started = perf_counter()

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
                _record(scope, message["status"], perf_counter() - started)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, tell)
        return None


def _record(scope: Scope, status: int, seconds: float) -> None:
    # The route's pattern, never the path: a path may hold a reader's words, and has no end.
    route = getattr(scope.get("route"), "path", "unknown")
    method = scope["method"] if scope["method"] in KNOWN_METHODS else "other"
    HTTP_SECONDS.labels(method, route, status).observe(seconds)
    log.info(
        "http.answered", method=method, route=route, status=status, ms=round(seconds * 1000, 1)
    )


class KnownHosts:
    """Answers only to the names of this machine, whatever address a foreign name points to."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_ours(scope):
            return await problem(Request(scope), UnknownHost())(scope, receive, send)
        return await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "").lower()
        return PORT.sub("", host) in self._hosts


class BodyLimit:
    """Refuses a body over the limit before it is read, or at the byte that is too many."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        told = Headers(scope=scope).get("content-length", "0")
        if told.isdecimal() and int(told) > self._max_bytes:
            return await problem(Request(scope), TooLarge())(scope, receive, send)
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                # The one kind that FastAPI lets through from the reading of a body.
                raise HTTPException(TooLarge.status)
            return message

        return await self._app(scope, counted, send)


class Unexpected:
    """Turns what nobody expected into a problem, inside the log and the headers of the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            log.exception("http.unexpected")
            await problem(Request(scope), StorytellerError())(scope, receive, send)


class SameOriginOnly:
    """Refuses unsafe methods from other sites: a form or an image needs no permission to send."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and _foreign(scope):
            refused = RequestRefused("Запрос с другого сайта не принят.", code="cross_site")
            return await problem(Request(scope), refused)(scope, receive, send)
        return await self._app(scope, receive, send)


def _foreign(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


class SecurityHeaders:
    """Puts the headers of the page on every answer; behind nginx it says the same again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault(
                    "Cache-Control",
                    "no-store" if _is_private(scope, message["status"]) else "no-cache",
                )
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


def _is_private(scope: Scope, status: int) -> bool:
    return scope["path"].startswith("/api/") or status >= HTTPStatus.BAD_REQUEST
