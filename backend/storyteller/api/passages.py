"""Search by itself: what a story would lean on."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from storyteller.api.dependencies import ServicesDep
from storyteller.retrieval.chunk import Passage

router = APIRouter(prefix="/passages", tags=["corpus"])


class Passages(BaseModel):
    """Passages, best first."""

    items: list[Passage]


@router.get("")
async def search_passages(
    services: ServicesDep,
    query: Annotated[str, Query(min_length=1, max_length=4000)],
    top_k: Annotated[int, Query(ge=1, le=50)] = 10,
    category: Annotated[str | None, Query(max_length=200)] = None,
) -> Passages:
    """Find the passages of the corpus nearest to a query, by meaning and by words."""
    return Passages(items=await services.retriever.search(query, top_k, category))
