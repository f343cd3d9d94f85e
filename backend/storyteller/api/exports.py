"""A manuscript as a file to keep."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from storyteller.api.dependencies import ServicesDep
from storyteller.documents.writers import export

router = APIRouter(prefix="/manuscripts", tags=["manuscripts"])


@router.get("/{manuscript_id}/export")
async def export_manuscript(
    services: ServicesDep,
    manuscript_id: str,
    file_format: Annotated[Literal["txt", "md"], Query(alias="format")],
) -> Response:
    """Return the manuscript as a file with a proper name."""
    manuscript = await asyncio.to_thread(services.manuscripts.get, manuscript_id)
    file = await asyncio.to_thread(export, manuscript, file_format)
    return Response(file.body, media_type=file.media_type, headers=_attachment(file.name))


def _attachment(name: str) -> dict[str, str]:
    # RFC 6266: an ASCII name for the oldest browsers, the real one in UTF-8 for the rest.
    extension = name.rsplit(".", 1)[-1]
    value = f"attachment; filename=\"story.{extension}\"; filename*=UTF-8''{quote(name)}"
    return {"Content-Disposition": value}
