"""The 18+ gate: what the reader says of their age, and nothing else about them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Cookie, Request, Response, status
from pydantic import BaseModel, ConfigDict

from storyteller.api.dependencies import SESSION_COOKIE, ServicesDep

router = APIRouter(prefix="/age", tags=["age"])
# The absolute age of a session; twelve idle hours end it sooner, on the server.
COOKIE_SECONDS = 30 * 24 * 3600

SessionToken = Annotated[str | None, Cookie(alias=SESSION_COOKIE)]


class AgeState(BaseModel):
    """Whether this browser's reader has said they are an adult."""

    confirmed: bool


class AgeConfirmation(BaseModel):
    """The one thing that can be said: yes."""

    model_config = ConfigDict(extra="forbid")

    confirmed: Literal[True]


@router.get("")
def read_age(services: ServicesDep, token: SessionToken = None) -> AgeState:
    """Say whether the gate is open for this browser."""
    return AgeState(confirmed=services.sessions.is_open(token))


@router.post("", status_code=status.HTTP_204_NO_CONTENT)
def confirm_age(
    _said: AgeConfirmation, request: Request, response: Response, services: ServicesDep
) -> None:
    """Open the gate: the cookie is a random key to a session kept here."""
    response.set_cookie(
        SESSION_COOKIE,
        services.sessions.create(),
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="strict",
        # Safari drops Secure cookies on http://localhost, which is where this lives.
        secure=request.url.scheme == "https",
    )


@router.delete("", status_code=status.HTTP_204_NO_CONTENT)
def forget_age(services: ServicesDep, response: Response, token: SessionToken = None) -> None:
    """Close the gate and make the browser forget what it kept of us."""
    services.sessions.close(token)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
