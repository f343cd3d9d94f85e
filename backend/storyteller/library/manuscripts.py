"""Manuscripts: what we write, kept in revisions that are only ever added to."""

import base64
import binascii
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select, tuple_
from sqlalchemy.orm import Session

from storycore.text import fold
from storyteller.errors import Malformed
from storyteller.library import revisions
from storyteller.library.manuscript import (
    Manuscript,
    ManuscriptPage,
    ManuscriptSummary,
    Revision,
)
from storyteller.library.revisions import TITLE_LENGTH, SceneContent
from storyteller.library.tables import (
    Json,
    ManuscriptRow,
    PartialRow,
    RevisionRow,
    SceneVersionRow,
    now,
)

PAGE_LIMIT = 100


class Manuscripts:
    """The shelf. Every method is one transaction; async callers put them in a thread.

    An id that isn't there raises `NotFound`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, request: Mapping[str, Any], title: str) -> Manuscript:
        """Put an empty manuscript on the shelf: revision 1, no scene yet."""
        moment = now()
        row = ManuscriptRow(
            id=uuid.uuid4().hex,
            title=title[:TITLE_LENGTH],
            request=dict(request),
            revision=0,
            words=0,
            folded=_folded(title, request),
            created_at=moment,
            updated_at=moment,
        )
        with Session(self._engine) as session, session.begin():
            session.add(row)
            session.flush()
            revisions.add_revision(session, row, "create", row.title, [])
            return revisions.read(session, row.id)

    def get(self, manuscript_id: str) -> Manuscript:
        """Return a manuscript with the text of a running scene as far as it was saved."""
        with Session(self._engine) as session:
            return revisions.read(session, manuscript_id)

    def page(self, query: str = "", cursor: str | None = None, limit: int = 20) -> ManuscriptPage:
        """Return a page of the library whose titles and wishes hold every word of `query`.

        Case and ё make no difference. Raises `Malformed` for a cursor that isn't ours.
        """
        limit = max(1, min(limit, PAGE_LIMIT))
        found = [
            ManuscriptRow.folded.contains(word, autoescape=True) for word in fold(query).split()
        ]
        with Session(self._engine) as session:
            total = session.scalar(select(func.count()).select_from(ManuscriptRow).where(*found))
            rows = session.scalars(
                select(ManuscriptRow)
                .where(*found, *_after(cursor))
                .order_by(ManuscriptRow.updated_at.desc(), ManuscriptRow.id.desc())
                .limit(limit + 1)
            ).all()
        items = tuple(_summary(row) for row in rows[:limit])
        more = len(rows) > limit
        return ManuscriptPage(items, _cursor(items[-1]) if more else None, total or 0)

    def delete(self, manuscript_id: str) -> None:
        """Take a manuscript off the shelf with its revisions, scenes, runs and partial text."""
        with Session(self._engine) as session, session.begin():
            session.delete(revisions.lock(session, manuscript_id))

    def save_scene_text(
        self,
        manuscript_id: str,
        scene_index: int,
        text: str,
        *,
        cause: str,
        title: str = "",
        sources: Sequence[Json] = (),
        quality: Mapping[str, Any] | None = None,
        revision: int | None = None,
    ) -> Manuscript:
        """Give a scene its text as a new revision; an index one past the last adds a scene.

        Ends the partial text of the manuscript. Raises `Conflict` when `revision` is given and
        no longer the current one, `NotFound` when the index is beyond the next scene.
        """
        content = SceneContent(text, title, sources, dict(quality or {}))
        with Session(self._engine) as session, session.begin():
            row = revisions.lock(session, manuscript_id, revision)
            revisions.put_scene(session, row, scene_index, content, cause)
            _drop_partial(session, manuscript_id)
            return revisions.read(session, manuscript_id)

    def save_partial(
        self,
        manuscript_id: str,
        scene_index: int,
        text: str,
        *,
        cause: str,
        title: str = "",
        sources: Sequence[Json] = (),
    ) -> None:
        """Keep the text of a scene that is being written; overwrites what was kept before."""
        with Session(self._engine) as session, session.begin():
            row = revisions.lock(session, manuscript_id)
            scene_id = revisions.scene_id_at(session, row, scene_index)
            partial = session.get(PartialRow, manuscript_id)
            if partial is None:
                partial = PartialRow(manuscript_id=manuscript_id)
                session.add(partial)
            partial.cause, partial.scene_id, partial.scene_index = cause, scene_id, scene_index
            partial.title, partial.text = title[:TITLE_LENGTH], text
            partial.sources, partial.updated_at = list(sources), now()

    def drop_partial(self, manuscript_id: str) -> None:
        """Forget the text of a scene that is being written."""
        with Session(self._engine) as session, session.begin():
            _drop_partial(session, manuscript_id)

    def revisions(self, manuscript_id: str) -> tuple[Revision, ...]:
        """Return the history of a manuscript, oldest first."""
        history = (
            select(RevisionRow)
            .where(RevisionRow.manuscript_id == manuscript_id)
            .order_by(RevisionRow.number)
        )
        words_of = select(SceneVersionRow.id, SceneVersionRow.words).where(
            SceneVersionRow.manuscript_id == manuscript_id
        )
        with Session(self._engine) as session:
            revisions.find(session, manuscript_id)
            rows = session.scalars(history).all()
            words = {row.id: row.words for row in session.execute(words_of)}
        return tuple(
            Revision(
                number=row.number,
                parent=row.parent,
                cause=row.cause,
                title=row.title,
                words=sum(words[version] for version in row.scenes),
                created_at=row.created_at,
            )
            for row in rows
        )


def _drop_partial(session: Session, manuscript_id: str) -> None:
    partial = session.get(PartialRow, manuscript_id)
    if partial is not None:
        session.delete(partial)
        session.flush()


def _folded(title: str, request: Mapping[str, Any]) -> str:
    return fold(f"{title}\n{request.get('wish', '')}")


def _summary(row: ManuscriptRow) -> ManuscriptSummary:
    return ManuscriptSummary(
        id=row.id,
        title=row.title,
        wish=str(row.request.get("wish", "")),
        words=row.words,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _cursor(last: ManuscriptSummary) -> str:
    return base64.urlsafe_b64encode(f"{last.updated_at.isoformat()} {last.id}".encode()).decode()


def _after(cursor: str | None) -> tuple[ColumnElement[bool], ...]:
    if cursor is None:
        return ()
    try:
        moment, manuscript_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        place = (datetime.fromisoformat(moment), manuscript_id)
    except (ValueError, binascii.Error) as error:
        raise Malformed("Неизвестная закладка списка. Откройте его сначала.") from error
    return (tuple_(ManuscriptRow.updated_at, ManuscriptRow.id) < tuple_(*place),)
