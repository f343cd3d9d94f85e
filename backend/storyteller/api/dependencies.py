"""What an endpoint may ask for: the services, an adult reader, and a fair share of requests."""

from typing import Annotated

from fastapi import Cookie, Depends, Request

from storyteller.errors import AgeRequired, TooManyRequests
from storyteller.services import Services

SESSION_COOKIE = "session"


def get_services(request: Request) -> Services:
    """Return what `open_services` made at start."""
    services: Services = request.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]


def require_adult(
    services: ServicesDep, token: Annotated[str | None, Cookie(alias=SESSION_COOKIE)] = None
) -> None:
    """Let nobody in who hasn't said they are an adult."""
    if not services.sessions.is_open(token):
        raise AgeRequired


def limit_rate(request: Request, services: ServicesDep) -> None:
    """Count the request against its client; raise `TooManyRequests` over the limit."""
    client = request.client.host if request.client else "unknown"
    if not services.rates.allow(client):
        raise TooManyRequests
