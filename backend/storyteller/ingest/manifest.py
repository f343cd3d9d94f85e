"""The truth about ingest: queue and indexes can be lost and made again from here and the raw lines.

seen -> indexed | refused | parked        (three attempts that did not end)
any  -> removing -> removed               (a reader deleted it; it does not come back)
duplicate                                 (another story says the same; kept for its name)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from storyteller.ingest.tables import ManifestRow, RawLineRow

# A story whose work began this often and never ended is left alone: it may be what kills us.
MAX_ATTEMPTS = 3
# Ids in one statement, far below the limits of both databases.
_BATCH = 500


class State(StrEnum):
    """Where a story stands on the corpus road."""

    SEEN = "seen"
    INDEXED = "indexed"
    REFUSED = "refused"
    DUPLICATE = "duplicate"
    PARKED = "parked"
    REMOVING = "removing"
    REMOVED = "removed"


# A reader may delete a story at any moment of its work, and what the work then says comes too late.
_STAYS = ManifestRow.state.not_in([State.REMOVING, State.REMOVED])


@dataclass(frozen=True, slots=True)
class Versions:
    """What shaped an indexed story; when one of them changes, it has to be done again."""

    chunker: str | None
    embedder: str | None
    safety: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the manifest."""

    story_id: str
    state: State
    attempts: int
    code: str | None
    rule: str | None
    chunks: int
    versions: Versions


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that did not get in: a broken line (path, number) or a story (story_id)."""

    reason: str
    at: datetime
    story_id: str | None = None
    path: str | None = None
    number: int | None = None


class Manifest:
    """The state of every story. Every method may raise `StorageUnavailable`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def entry(self, story_id: str) -> Entry | None:
        """Return what is known of a story."""
        query = select(ManifestRow.__table__).where(ManifestRow.story_id == story_id)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _entry(row)

    def add(self, stories: Iterable[tuple[str, str | None]]) -> list[str]:
        """Note stories (id, url) as seen; return the ids that have to be worked on.

        These are the new ones, and those that were refused or removed and are there again: their
        lines have to be erased once more.
        """
        with self._engine.begin() as connection:
            return add_stories(connection, dict(stories))

    def begin(self, story_id: str) -> int:
        """Count an attempt, before any work, and return its number; a removed story gives 0."""
        count = (
            update(ManifestRow)
            .where(ManifestRow.story_id == story_id)
            .where(_STAYS)
            .values(attempts=ManifestRow.attempts + 1, updated_at=_now())
            .returning(ManifestRow.attempts)
        )
        with self._engine.begin() as connection:
            return connection.scalar(count) or 0

    def give_back(self, story_id: str) -> None:
        """Take an attempt back: it was not the story's fault."""
        which = (ManifestRow.story_id == story_id) & (ManifestRow.attempts > 0)
        with self._engine.begin() as connection:
            change = update(ManifestRow).where(which)
            connection.execute(change.values(attempts=ManifestRow.attempts - 1))

    def got_on(self, story_id: str) -> None:
        """Count the present attempt as the first one: something of the story is done for good."""
        self._set(story_id, attempts=1)

    def index(self, done: Sequence[tuple[str, int]], versions: Versions) -> None:
        """Say that stories (id, number of chunks) can be found now."""
        if not done:
            return
        values = {
            "state": State.INDEXED,
            "attempts": 0,
            "code": None,
            "rule": None,
            "chunker": versions.chunker,
            "embedder": versions.embedder,
            "safety": versions.safety,
            "updated_at": _now(),
        }
        with self._engine.begin() as connection:
            for story_id, chunks in done:
                which = (ManifestRow.story_id == story_id) & _STAYS
                connection.execute(update(ManifestRow).where(which).values(**values, chunks=chunks))

    def refuse(self, story_id: str, code: str, rule: str, safety: str) -> None:
        """Say that the guard refused a story; nothing else is kept of it."""
        self._set(
            story_id,
            state=State.REFUSED,
            code=code,
            rule=rule,
            safety=safety,
            url=None,
            chunks=0,
            attempts=0,
        )

    def fail(self, story_id: str, reason: str) -> State:
        """Say why an attempt ended; after the last one the story is parked.

        Returns REMOVING when a reader deleted it meanwhile, whatever came of the attempt.
        """
        entry = self.entry(story_id)
        is_last = entry is not None and entry.attempts >= MAX_ATTEMPTS
        state = State.PARKED if is_last else State.SEEN
        return state if self._set(story_id, state=state, code=reason) else State.REMOVING

    def park(self, story_id: str, reason: str) -> None:
        """Leave a story alone; keeps the reason of an attempt that could still tell one."""
        known = func.coalesce(ManifestRow.code, reason)
        self._set(story_id, state=State.PARKED, code=known)

    def again(self, story_ids: Iterable[str]) -> None:
        """Have stories worked on anew, with all their attempts."""
        ids = list(story_ids)
        values = {"state": State.SEEN, "attempts": 0, "code": None, "rule": None}
        with self._engine.begin() as connection:
            for start in range(0, len(ids), _BATCH):
                which = ManifestRow.story_id.in_(ids[start : start + _BATCH])
                change = update(ManifestRow).where(which & _STAYS)
                connection.execute(change.values(**values, updated_at=_now()))

    def mark_removing(self, story_id: str) -> bool:
        """Say that a story shall go; return whether there was one that is not gone yet."""
        gone = [State.REMOVING, State.REMOVED, State.REFUSED]
        which = (ManifestRow.story_id == story_id) & ManifestRow.state.not_in(gone)
        change = update(ManifestRow).where(which)
        with self._engine.begin() as connection:
            done = connection.execute(change.values(state=State.REMOVING, updated_at=_now()))
            return done.rowcount > 0

    def mark_removed(self, story_id: str) -> None:
        """Say that nothing of a story is left but its id."""
        left = {"url": None, "chunks": 0, "code": None, "rule": None}
        change = update(ManifestRow).where(ManifestRow.story_id == story_id)
        with self._engine.begin() as connection:
            connection.execute(change.values(state=State.REMOVED, **left, updated_at=_now()))

    def in_state(self, *states: State) -> list[str]:
        """Return the ids in these states, the oldest first."""
        query = select(ManifestRow.story_id).where(ManifestRow.state.in_(states))
        ordered = query.order_by(ManifestRow.created_at, ManifestRow.story_id)
        with self._engine.connect() as connection:
            return list(connection.scalars(ordered))

    def outdated(self, versions: Versions) -> list[str]:
        """Return the ids of indexed stories that another version of anything shaped."""
        same = (
            (ManifestRow.chunker == versions.chunker)
            & (ManifestRow.embedder == versions.embedder)
            & (ManifestRow.safety == versions.safety)
        )
        query = select(ManifestRow.story_id).where(ManifestRow.state == State.INDEXED, ~same)
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

    def counts(self) -> dict[str, int]:
        """Return the number of stories by state; `duplicate` counts second copies as well."""
        by_state = select(ManifestRow.state, func.count()).group_by(ManifestRow.state)
        copies = select(
            func.count(RawLineRow.story_id) - func.count(RawLineRow.story_id.distinct())
        )
        with self._engine.connect() as connection:
            found = {str(state): int(count) for state, count in connection.execute(by_state)}
            second = connection.scalar(copies) or 0
        counts = {state.value: found.get(state.value, 0) for state in State}
        return {**counts, "duplicate": counts["duplicate"] + second}

    def indexed_chunks(self) -> int:
        """Return how many chunks the indexes ought to hold."""
        query = select(func.sum(ManifestRow.chunks)).where(ManifestRow.state == State.INDEXED)
        with self._engine.connect() as connection:
            return connection.scalar(query) or 0

    def last_errors(self, limit: int = 20) -> list[Problem]:
        """Return what went wrong last: parked stories, failed attempts and broken lines."""
        stories = (
            select(ManifestRow.code, ManifestRow.updated_at, ManifestRow.story_id)
            .where(ManifestRow.state.in_([State.PARKED, State.SEEN]), ManifestRow.code.is_not(None))
            .order_by(ManifestRow.updated_at.desc())
            .limit(limit)
        )
        lines = (
            select(RawLineRow.problem, RawLineRow.seen_at, RawLineRow.path, RawLineRow.number)
            .where(RawLineRow.problem.is_not(None))
            .order_by(RawLineRow.seen_at.desc(), RawLineRow.offset.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            problems = [
                Problem(str(reason), at, story_id=story_id)
                for reason, at, story_id in connection.execute(stories)
            ]
            problems += [
                Problem(str(reason), at, path=path, number=number)
                for reason, at, path, number in connection.execute(lines)
            ]
        return sorted(problems, key=lambda problem: problem.at, reverse=True)[:limit]

    def _set(self, story_id: str, **values: Any) -> bool:
        """Change a row; return whether there was one that no reader has deleted."""
        change = update(ManifestRow).where((ManifestRow.story_id == story_id) & _STAYS)
        with self._engine.begin() as connection:
            changed = connection.execute(change.values(**values, updated_at=_now()))
            return changed.rowcount > 0


def add_stories(connection: Connection, urls: dict[str, str | None]) -> list[str]:
    """Do the work of `Manifest.add` in somebody's transaction."""
    known = select(ManifestRow.story_id, ManifestRow.state).where(
        ManifestRow.story_id.in_(list(urls))
    )
    states = {story_id: State(state) for story_id, state in connection.execute(known)}
    new = [story_id for story_id in urls if story_id not in states]
    if new:
        fresh = {"state": State.SEEN, "attempts": 0, "chunks": 0}
        moment = {"created_at": _now(), "updated_at": _now()}
        rows = [{"story_id": i, "url": urls[i], **fresh, **moment} for i in new]
        connection.execute(insert(ManifestRow), rows)
    unwanted = {State.REFUSED, State.REMOVED}
    return [story_id for story_id in urls if states.get(story_id) in {None, *unwanted}]


def _entry(row: Any) -> Entry:
    versions = Versions(row.chunker, row.embedder, row.safety)
    state = State(row.state)
    return Entry(row.story_id, state, row.attempts, row.code, row.rule, row.chunks, versions)


def _now() -> datetime:
    return datetime.now(UTC)
