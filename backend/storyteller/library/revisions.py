"""How a manuscript moves from one revision to the next; each function works inside a transaction.

A revision lists versions of scenes, so history shares what didn't change.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storycore.language import count_words
from storycore.safety import ForbiddenContent, check_adults_only
from storyteller.errors import Conflict, NotFound
from storyteller.library.manuscript import Manuscript, Scene
from storyteller.library.tables import (
    Json,
    ManuscriptRow,
    PartialRow,
    RevisionRow,
    SceneVersionRow,
    now,
)

TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SceneContent:
    """What a new version of a scene is made of; an empty title keeps the one it had."""

    text: str
    title: str = ""
    sources: Sequence[Json] = ()
    quality: Json = field(default_factory=dict)


def find(session: Session, manuscript_id: str) -> ManuscriptRow:
    """Return the row of a manuscript; raises `NotFound`."""
    row = session.get(ManuscriptRow, manuscript_id)
    if row is None:
        raise NotFound
    return row


def lock(session: Session, manuscript_id: str, revision: int | None = None) -> ManuscriptRow:
    """Return the row with the database's write lock on it, so that numbers never collide.

    Raises `NotFound`, and `Conflict` when `revision` is given and no longer the current one.
    """
    # An update that changes nothing takes the lock on SQLite as well, where FOR UPDATE is empty.
    session.execute(
        update(ManuscriptRow)
        .where(ManuscriptRow.id == manuscript_id)
        .values(revision=ManuscriptRow.revision)
    )
    row = find(session, manuscript_id)
    if revision is not None and row.revision != revision:
        raise Conflict(
            "Рукопись изменилась в другом окне. Обновите страницу.", code="revision_conflict"
        )
    return row


def current(session: Session, row: ManuscriptRow) -> RevisionRow:
    """Return the revision that stands."""
    return session.get_one(RevisionRow, (row.id, row.revision))


def add_revision(
    session: Session, row: ManuscriptRow, cause: str, title: str, scenes: Sequence[str]
) -> None:
    """Add a revision after the current one and make it the current one."""
    before = current(session, row) if row.revision else None
    number = 1 + (
        session.scalar(
            select(func.max(RevisionRow.number)).where(RevisionRow.manuscript_id == row.id)
        )
        or 0
    )
    words = session.scalar(
        select(func.sum(SceneVersionRow.words)).where(SceneVersionRow.id.in_(scenes))
    )
    row.revision, row.title = number, title
    row.words, row.updated_at = words or 0, now()
    session.add(
        RevisionRow(
            manuscript_id=row.id,
            number=number,
            parent=before.number if before else None,
            cause=cause,
            title=title,
            plan=before.plan if before else None,
            bible=before.bible if before else None,
            scenes=list(scenes),
            created_at=row.updated_at,
        )
    )
    session.flush()


def put_scene(
    session: Session, row: ManuscriptRow, index: int, content: SceneContent, cause: str
) -> None:
    """Give the scene at an index another version, or add it when it is the next one."""
    versions = list(current(session, row).scenes)
    title = content.title
    if index < len(versions):
        title = title or session.get_one(SceneVersionRow, versions[index]).title
    version = SceneVersionRow(
        id=uuid.uuid4().hex,
        manuscript_id=row.id,
        scene_id=scene_id_at(session, row, index),
        title=title[:TITLE_LENGTH],
        text=content.text,
        words=count_words(content.text),
        sources=list(content.sources),
        quality=dict(content.quality),
        created_at=now(),
    )
    session.add(version)
    session.flush()
    versions[index : index + 1] = [version.id]
    add_revision(session, row, cause, row.title, versions)


def scene_id_at(session: Session, row: ManuscriptRow, index: int) -> str:
    """Return the id of the scene at an index, or a new one for the scene after the last."""
    versions = current(session, row).scenes
    if not 0 <= index <= len(versions):
        raise NotFound("Такой сцены в рукописи нет.")
    if index < len(versions):
        return session.get_one(SceneVersionRow, versions[index]).scene_id
    partial = session.get(PartialRow, row.id)
    if partial is not None and partial.scene_index == index:
        return partial.scene_id
    return uuid.uuid4().hex


def keep_partials(session: Session) -> dict[str, ForbiddenContent]:
    """Turn every partial text that a killed run left into a revision, word for word.

    One that is refused as a whole is dropped; returns why, by the id of the manuscript.
    """
    refused: dict[str, ForbiddenContent] = {}
    for partial in session.scalars(select(PartialRow)).all():
        try:
            check_adults_only(partial.text)
        except ForbiddenContent as refusal:
            refused[partial.manuscript_id] = refusal
        if partial.text and partial.manuscript_id not in refused:
            row = session.get_one(ManuscriptRow, partial.manuscript_id)
            content = SceneContent(partial.text, partial.title, partial.sources)
            put_scene(session, row, partial.scene_index, content, partial.cause)
        session.delete(partial)
    return refused


def read(session: Session, manuscript_id: str) -> Manuscript:
    """Return a manuscript as a value: its current revision, under the partial text of a run."""
    row = find(session, manuscript_id)
    revision = current(session, row)
    versions = {
        version.id: version
        for version in session.scalars(
            select(SceneVersionRow).where(SceneVersionRow.id.in_(revision.scenes))
        )
    }
    scenes = [_scene(index, versions[id_]) for index, id_ in enumerate(revision.scenes)]
    partial = session.get(PartialRow, manuscript_id)
    if partial is not None:
        scenes[partial.scene_index : partial.scene_index + 1] = [_unfinished(partial)]
    return Manuscript(
        id=row.id,
        title=row.title,
        request=row.request,
        plan=revision.plan,
        bible=revision.bible,
        scenes=tuple(scenes),
        words=sum(scene.words for scene in scenes),
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _scene(index: int, version: SceneVersionRow) -> Scene:
    return Scene(
        id=version.scene_id,
        index=index,
        title=version.title,
        text=version.text,
        words=version.words,
        sources=version.sources,
        quality=version.quality,
        variants=[],
    )


def _unfinished(partial: PartialRow) -> Scene:
    return Scene(
        id=partial.scene_id,
        index=partial.scene_index,
        title=partial.title,
        text=partial.text,
        words=count_words(partial.text),
        sources=partial.sources,
        quality={},
        variants=[],
        is_partial=True,
    )
