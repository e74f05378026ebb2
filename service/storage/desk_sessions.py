"""Sessions of the desk in SQL."""

from datetime import datetime

import sqlalchemy as sa

from service.accounts.port import Scope
from service.desk.port import Operator
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Database
from service.storage.desk_schema import sessions
from service.storage.lookups import Lookup
from service.storage.schema import keys

_SESSION = Lookup(
    sa.select(sessions, keys.c.name, keys.c.scopes, keys.c.revoked_at).join(keys), sessions.c.token_hash
)


class SqlSessions:
    """Keeps sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, key_digest: bytes, token_hash: bytes, *, now: datetime, until: datetime, most: int
    ) -> bool:
        """Begin a session of a key that is good for the desk; False where it is not."""

        def work(connection: sa.Connection) -> bool:
            key = connection.execute(
                sa.select(keys.c.id, keys.c.scopes).where(
                    keys.c.hash == key_digest, keys.c.revoked_at.is_(None)
                )
            ).first()
            if key is None or not _opens(key.scopes):
                return False
            kept = (
                sa.select(sessions.c.token_hash)
                .where(sessions.c.key_id == key.id)
                .order_by(sessions.c.expires_at.desc())
                .limit(most - 1)
            )
            connection.execute(sessions.delete().where(sessions.c.expires_at <= to_millis(now)))
            connection.execute(
                sessions.delete().where(sessions.c.key_id == key.id, sessions.c.token_hash.not_in(kept))
            )
            row = {"token_hash": token_hash, "key_id": key.id, "expires_at": to_millis(until)}
            connection.execute(sessions.insert().values(row))
            return True

        return await self._database.write(work)

    async def find(self, token_hash: bytes, now: datetime) -> Operator | None:
        """Find whose session it is; None where there is none, it has run out or its key was revoked."""
        row = await self._database.look(_SESSION, token_hash)
        if row is None or row[keys.c.revoked_at] is not None or not _opens(row[keys.c.scopes]):
            return None
        until = from_millis(row[sessions.c.expires_at])
        return Operator(name=row[keys.c.name], until=until) if now < until else None

    async def end(self, token_hash: bytes) -> None:
        """Forget a session."""
        gone = sessions.delete().where(sessions.c.token_hash == token_hash)
        await self._database.write(lambda connection: connection.execute(gone))


def _opens(scopes: str) -> bool:
    return Scope.DESK.value in scopes.split()
