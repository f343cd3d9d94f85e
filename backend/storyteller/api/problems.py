"""Every failure leaves as RFC 9457 problem+json: a status, a stable code, a sentence that helps."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from storyteller.errors import Malformed, NotFound, StorytellerError, TooLarge

log = structlog.get_logger()

# The same sentences for `Accept-Language: en`; a code without one is told in Russian.
ENGLISH = {
    "internal_error": "Something went wrong. A record of it is kept on this machine.",
    "refused": "We don't write such a story: everybody in it is at least eighteen.",
    "minor_content": "We don't write such a story: everybody in it is at least eighteen.",
    "age_required": "Confirm that you are 18 or older.",
    "not_found": "Not found: it may have been deleted.",
    "conflict": "This can't be done now. Reload the page.",
    "unknown_host": "The studio does not answer to this name. PUBLIC_HOSTS sets its names.",
    "kind_not_supported": "This can't be done yet. The story can be continued.",
    "run_active": "This manuscript is being written. Wait for the end.",
    "request_outdated": "This manuscript was asked for in an older way. Start a new one.",
    "revision_conflict": "The manuscript was changed elsewhere. Reload the page.",
    "safety_unavailable": "The text could not be checked, so it is not accepted. Try again.",
    "too_large": "The request is too large.",
    "malformed": "The request was not understood. Check its fields.",
    "too_many_requests": "Too many requests. Wait a little.",
    "cross_site": "A request from another site is not accepted.",
    "method_not_allowed": "This address doesn't take that method.",
    "service_unavailable": "The service is unavailable. Try again in a minute.",
    "model_unavailable": "The model does not answer. Check that Ollama is running.",
    "model_interrupted": "The model broke off. What it wrote is kept and can be continued.",
    "context_exceeded": "The request doesn't fit the model's window. Shorten it or raise NUM_CTX.",
    "index_unavailable": "Search is unavailable. Try again in a minute.",
    "index_mismatch": "The index was built by another model. Run `storyteller reindex`.",
    "storage_unavailable": "The database does not answer. Try again in a minute.",
    "queue_full": "The queue is full. Try again a little later.",
}

# What pydantic calls a problem -> how we say it; {…} are pydantic's own context values.
RUSSIAN = {
    "missing": "обязательное поле",
    "extra_forbidden": "такого поля нет",
    "string_too_short": "слишком коротко (нужно хотя бы {min_length} симв.)",
    "string_too_long": "слишком длинно (можно до {max_length} симв.)",
    "too_long": "слишком много (можно до {max_length})",
    "greater_than_equal": "должно быть не меньше {ge}",
    "greater_than": "должно быть больше {gt}",
    "less_than_equal": "должно быть не больше {le}",
    "int_type": "нужно целое число",
    "int_parsing": "нужно целое число",
    "int_from_float": "нужно целое число",
    "float_type": "нужно число",
    "float_parsing": "нужно число",
    "string_type": "нужна строка",
    "bool_type": "нужно true или false",
    "literal_error": "можно только: {expected}",
    "json_invalid": "это не JSON",
    "model_attributes_type": "нужен объект JSON",
}


def problem(
    request: Request, error: StorytellerError, *, more: str = "", **members: Any
) -> JSONResponse:
    """Return the answer that tells `error` in the reader's language.

    `more` is said after the English sentence, which can't know the particulars.
    """
    detail = error.message
    if _is_english(request) and error.code in ENGLISH:
        detail = f"{ENGLISH[error.code]} {more}".strip()
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": detail,
        "code": error.code,
        **members,
    }
    headers = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")


def _is_english(request: Request) -> bool:
    return request.headers.get("accept-language", "").lower().startswith("en")


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the application, expected or not, in the one shape."""
    app.add_exception_handler(StorytellerError, _expected)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)


async def _expected(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StorytellerError)  # noqa: S101 - tells mypy what the handler is for
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("http.problem", code=error.code, exc_info=error)
    return problem(request, error)


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    english = _is_english(request)
    fields = [
        {"field": _name(e["loc"]), "detail": e["msg"] if english else _say(e)}
        for e in error.errors()
    ]
    told = "; ".join(f"{f['field']}: {f['detail']}" if f["field"] else f["detail"] for f in fields)
    return problem(request, Malformed(f"Запрос не понят. {told}."), more=told, errors=fields)


def _name(location: Sequence[object]) -> str:
    """Return the field's path without where in the request it was: `characters.0.age`."""
    return ".".join(str(part) for part in location[1:] if not str(part).isupper())


def _say(error: dict[str, Any]) -> str:
    sentence = RUSSIAN.get(error["type"], "значение не подходит")
    return sentence.format_map(error.get("ctx", {}))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem(request, NotFound("Такой страницы нет."))
    if error.status_code == TooLarge.status:
        return problem(request, TooLarge())
    is_method = error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed" if is_method else "malformed"
    found = StorytellerError("Такой запрос здесь не принимают.", code=code)
    found.status = error.status_code
    return problem(request, found)
