"""For the machine that watches: alive, ready, measured. No gate, nothing of any story."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from storyteller.api.dependencies import ServicesDep
from storyteller.services import Readiness

router = APIRouter(tags=["health"])


@router.get("/livez")
def read_liveness() -> dict[str, str]:
    """Say that the process answers; checks nothing else."""
    return {"status": "ok"}


@router.get("/readyz")
async def read_readiness(services: ServicesDep, response: Response) -> Readiness:
    """Ask every part; 503 when one that the page can't do without is missing."""
    found = await services.readiness()
    if not found.ready:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return found


@router.get("/metrics", include_in_schema=False)
async def read_metrics(services: ServicesDep) -> Response:
    """Return the measurements in Prometheus' text format; nginx keeps this inside."""
    await services.measure()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
