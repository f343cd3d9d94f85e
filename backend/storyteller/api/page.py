"""The built page, served by the application itself when there is no nginx in front."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

_NOT_BUILT = """<!doctype html><html lang="ru"><meta charset="utf-8"><title>Студия</title>
<p>Страница ещё не собрана. Выполните <code>make run</code> или
<code>cd frontend &amp;&amp; npm ci &amp;&amp; npm run build</code>.</p></html>"""


def add_page(app: FastAPI, folder: Path) -> None:
    """Serve the files of `folder` at /; say how to build them when they are not there.

    Added last, so that it takes only what no route of the API wanted.
    """
    if (folder / "index.html").is_file():
        app.mount("/", StaticFiles(directory=folder, html=True), name="page")
        return
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/", lambda: HTMLResponse(_NOT_BUILT), methods=["GET"])
    app.include_router(router)
