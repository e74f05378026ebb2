"""Lets the operator in: a key that is good for the desk begins a session, which ends with the key."""

import hashlib
import secrets
from datetime import timedelta

import structlog

from service.accounts.keys import digest
from service.desk.port import Operator, Sessions
from service.desk.terms import DeskTerms
from service.runtime.clock import Clock

TOKEN_BYTES = 32

MOST_OF_KEY = 20
"""Sessions of one key at the same time: an operator's browsers."""

LONGEST_KEY = 200
"""Characters: no key of ours is as long."""

log = structlog.get_logger()


class SigningIn:
    """Begins, checks and ends sessions. Of each token its hash is kept, as of keys."""

    def __init__(self, sessions: Sessions, *, terms: DeskTerms, now: Clock) -> None:
        self._sessions = sessions
        self._lasts = timedelta(seconds=terms.desk_session_s)
        self._now = now

    @property
    def lasts_s(self) -> int:
        """For how long a session is good."""
        return int(self._lasts.total_seconds())

    async def sign_in(self, key: str) -> str | None:
        """Begin a session, and return its token; None where the key is not good for the desk."""
        key = key.strip()
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._now()
        begun = len(key) <= LONGEST_KEY and await self._sessions.begin(
            digest(key), _hash(token), now=now, until=now + self._lasts, most=MOST_OF_KEY
        )
        if not begun:
            log.warning("desk_refused")
            return None
        log.info("desk_signed_in")
        return token

    async def check(self, token: str | None) -> Operator | None:
        """Tell whose session a token is; None where it is none any more."""
        return None if not token else await self._sessions.find(_hash(token), self._now())

    async def sign_out(self, token: str) -> None:
        """End a session."""
        await self._sessions.end(_hash(token))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
