"""The reader's own shelf: ask for a story, read it, go on with it, throw it away."""

import asyncio
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, ConfigDict

from storyteller.api.dependencies import ServicesDep
from storyteller.library.manuscript import Manuscript, ManuscriptSummary, Revision, Scene
from storyteller.library.runs import RunRecord
from storyteller.writing.request import StoryRequest

router = APIRouter(prefix="/manuscripts", tags=["manuscripts"])


class StartedManuscript(BaseModel):
    """A manuscript that is being written, and where to watch."""

    manuscript_id: str
    run_id: str
    events_url: str


class StartedRun(BaseModel):
    """A run that began, and where to watch."""

    run_id: str
    events_url: str


class RunRequest(BaseModel):
    """What to do with a manuscript; kinds that are not built yet are refused by the writer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["continue", "regenerate", "rewrite", "plan", "next_scene"]


class Shelf(BaseModel):
    """A page of the library; `next_cursor` is null on the last one."""

    items: list[ManuscriptSummary]
    next_cursor: str | None
    total: int


class OpenManuscript(BaseModel):
    """A manuscript and its last run, which says whether it was interrupted."""

    id: str
    title: str
    request: dict[str, Any]
    plan: dict[str, Any] | None
    bible: dict[str, Any] | None
    scenes: list[Scene]
    words: int
    revision: int
    created_at: datetime
    updated_at: datetime
    last_run: RunRecord | None


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_manuscript(services: ServicesDep, request: StoryRequest) -> StartedManuscript:
    """Begin a story; the answer comes before the first word."""
    manuscript_id, run_id = await services.runs.begin(request)
    return StartedManuscript(
        manuscript_id=manuscript_id, run_id=run_id, events_url=_events_url(run_id)
    )


@router.get("")
async def list_manuscripts(
    services: ServicesDep,
    query: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> Shelf:
    """List the library, newest first."""
    page = await asyncio.to_thread(services.manuscripts.page, query, cursor, limit)
    return Shelf(items=list(page.items), next_cursor=page.next_cursor, total=page.total)


@router.get("/{manuscript_id}")
async def read_manuscript(services: ServicesDep, manuscript_id: str) -> OpenManuscript:
    """Open a manuscript with its text as far as it is written."""
    manuscript, last_run = await asyncio.to_thread(services.open_manuscript, manuscript_id)
    return OpenManuscript.model_validate({**_fields(manuscript), "last_run": last_run})


@router.delete("/{manuscript_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_manuscript(services: ServicesDep, manuscript_id: str) -> None:
    """Stop what is being written in it and throw it away, with its whole history."""
    await services.runs.discard(manuscript_id)


@router.post("/{manuscript_id}/runs", status_code=status.HTTP_201_CREATED)
async def start_run(services: ServicesDep, manuscript_id: str, asked: RunRequest) -> StartedRun:
    """Go on with a manuscript."""
    run_id = await services.runs.start(manuscript_id, asked.kind)
    return StartedRun(run_id=run_id, events_url=_events_url(run_id))


@router.get("/{manuscript_id}/revisions")
async def list_revisions(services: ServicesDep, manuscript_id: str) -> list[Revision]:
    """List the history of a manuscript, oldest first."""
    return list(await asyncio.to_thread(services.manuscripts.revisions, manuscript_id))


def _fields(manuscript: Manuscript) -> dict[str, Any]:
    return {field.name: getattr(manuscript, field.name) for field in fields(manuscript)}


def _events_url(run_id: str) -> str:
    return f"/api/v1/runs/{run_id}/events"
