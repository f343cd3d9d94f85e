"""The corpus as a reader sees it: look, open, take away."""

from typing import Annotated

from fastapi import APIRouter, Query, status
from pydantic import BaseModel

from storycore.story import Story
from storyteller.api.dependencies import ServicesDep
from storyteller.errors import NotFound
from storyteller.ingest.manifest import Problem
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.store import StorySummary

router = APIRouter(prefix="/corpus", tags=["corpus"])


class Stories(BaseModel):
    """A page of stories without their texts; `next_cursor` is null on the last one."""

    items: list[StorySummary]
    next_cursor: str | None
    total: int


class OpenStory(Story):
    """A story with the chunks it was cut into."""

    chunks: list[Chunk]


class Category(BaseModel):
    """A category and how many stories it has."""

    name: str
    stories: int


class Progress(BaseModel):
    """How far the ingest is: stories by state, and what went wrong last."""

    states: dict[str, int]
    errors: list[Problem]


@router.get("/stories")
def list_stories(
    services: ServicesDep,
    query: Annotated[str, Query(max_length=200)] = "",
    category: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> Stories:
    """List the stories of the corpus."""
    page = services.corpus.store.page(query, category, cursor, limit)
    return Stories(items=list(page.items), next_cursor=page.next_cursor, total=page.total)


@router.get("/stories/{story_id}")
def read_story(services: ServicesDep, story_id: str) -> OpenStory:
    """Open one story."""
    story = services.corpus.store.story(story_id)
    if story is None:
        raise NotFound
    chunks = services.corpus.store.chunks_of(story_id)
    # The store checked the story when it came in; checking again would hash a novel for one look.
    return OpenStory.model_construct(**dict(story), chunks=chunks)


@router.delete("/stories/{story_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_story(services: ServicesDep, story_id: str) -> None:
    """Take a story out of the corpus and out of every index."""
    await services.remove_story(story_id)


@router.get("/categories")
def list_categories(services: ServicesDep) -> list[Category]:
    """List the categories, the largest first."""
    return [
        Category(name=name, stories=count) for name, count in services.corpus.store.categories()
    ]


@router.get("/progress")
def read_progress(services: ServicesDep) -> Progress:
    """Say how far the ingest is."""
    manifest = services.corpus.manifest
    return Progress(states=manifest.counts(), errors=manifest.last_errors(20))
