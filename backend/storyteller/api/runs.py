"""A run as it happens: its state, its events, its end."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, status
from fastapi.sse import EventSourceResponse, ServerSentEvent

from storyteller.api.dependencies import ServicesDep
from storyteller.library.runs import RunRecord

router = APIRouter(prefix="/runs", tags=["runs"])


@router.get("/{run_id}")
async def read_run(services: ServicesDep, run_id: str) -> RunRecord:
    """Say how a run stands."""
    return await services.runs.state(run_id)


async def _existing(services: ServicesDep, run_id: str) -> str:
    """Look before the stream opens, so that an unknown run is still a plain 404."""
    await services.runs.state(run_id)
    return run_id


@router.get("/{run_id}/events", response_class=EventSourceResponse)
async def stream_events(
    services: ServicesDep,
    run_id: Annotated[str, Depends(_existing)],
    last_event_id: Annotated[int, Header(ge=0)] = 0,
) -> AsyncIterator[ServerSentEvent]:
    """Stream the events after `Last-Event-ID`, live to the one that ends the run."""
    async for event in services.runs.events(run_id, after=last_event_id):
        yield ServerSentEvent(id=str(event.id), event=event.name, data=event.data)


@router.delete("/{run_id}", status_code=status.HTTP_204_NO_CONTENT)
async def stop_run(services: ServicesDep, run_id: str) -> None:
    """Stop a run; what it wrote is kept. Stopping what has ended is no error."""
    await services.runs.stop(run_id)
