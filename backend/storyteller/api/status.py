"""One look at the whole: who writes, how search works, what the corpus holds, who waits."""

from fastapi import APIRouter

from storyteller.api.dependencies import ServicesDep
from storyteller.services import Status

router = APIRouter(prefix="/status", tags=["status"])


@router.get("")
async def read_status(services: ServicesDep) -> Status:
    """Return the state that the page's status line shows."""
    return await services.status()
