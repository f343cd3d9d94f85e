"""Age sessions: who said, on this computer and not too long ago, that they are an adult."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, or_
from sqlalchemy.orm import Session

from storyteller.library.tables import SessionRow, now

# 128 bits: OWASP's session guidance asks for 64 of entropy, a UUID's worth costs nothing.
TOKEN_BYTES = 16
IDLE = timedelta(hours=12)
LIFETIME = timedelta(days=30)
# How often a session in use is written down as seen; a request a second needn't be a write.
_STEP = timedelta(minutes=1)


class Sessions:
    """The sessions of this installation. Only hashes are kept: a stolen file opens nothing."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = now) -> None:
        self._engine = engine
        self._clock = clock

    def create(self) -> str:
        """Start a session and return its token: 32 hex characters, for a cookie."""
        token = secrets.token_hex(TOKEN_BYTES)
        moment = self._clock()
        with Session(self._engine) as session, session.begin():
            session.execute(
                delete(SessionRow).where(
                    or_(
                        SessionRow.seen_at < moment - IDLE,
                        SessionRow.created_at < moment - LIFETIME,
                    )
                )
            )
            session.add(SessionRow(token_sha256=_hash(token), created_at=moment, seen_at=moment))
        return token

    def is_open(self, token: str | None) -> bool:
        """Return whether the token's session still holds, and keep it from falling idle."""
        if not token:
            return False
        moment = self._clock()
        with Session(self._engine) as session, session.begin():
            row = session.get(SessionRow, _hash(token))
            if row is None or _is_over(row, moment):
                return False
            if moment - row.seen_at >= _STEP:
                row.seen_at = moment
            return True

    def close(self, token: str | None) -> None:
        """End a session; one that isn't there is no error."""
        if token:
            with Session(self._engine) as session, session.begin():
                session.execute(delete(SessionRow).where(SessionRow.token_sha256 == _hash(token)))


def _is_over(row: SessionRow, moment: datetime) -> bool:
    return moment - row.seen_at > IDLE or moment - row.created_at > LIFETIME


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
