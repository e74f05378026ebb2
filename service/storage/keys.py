"""API keys in SQL."""

from datetime import datetime

import sqlalchemy as sa

from service.orders import from_millis, to_millis
from service.ports import ApiKey
from service.storage.database import Database
from service.storage.schema import keys


class SqlApiKeys:
    """Keeps the hashes of API keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, *, name: str, prefix: str, digest: bytes, created_at: datetime) -> None:
        """Keep a new key."""
        await self._database.insert(
            keys, {"name": name, "prefix": prefix, "hash": digest, "created_at": to_millis(created_at)}
        )

    async def all(self) -> list[ApiKey]:
        """Return all keys, revoked ones too, the oldest first."""
        rows = await self._database.read(
            lambda connection: connection.execute(sa.select(keys).order_by(keys.c.id)).all()
        )
        return [
            ApiKey(
                id=row.id,
                name=row.name,
                prefix=row.prefix,
                created_at=from_millis(row.created_at),
                revoked_at=None if row.revoked_at is None else from_millis(row.revoked_at),
            )
            for row in rows
        ]

    async def revoke(self, key_id: int, now: datetime) -> bool:
        """Revoke a key; False where there is none to revoke."""
        revoke = (
            keys.update()
            .where(keys.c.id == key_id, keys.c.revoked_at.is_(None))
            .values(revoked_at=to_millis(now))
        )
        return await self._database.write(lambda connection: connection.execute(revoke).rowcount > 0)

    async def is_valid(self, digest: bytes) -> bool:
        """Tell whether a key with this hash exists and is not revoked."""
        query = sa.select(keys.c.id).where(keys.c.hash == digest, keys.c.revoked_at.is_(None))
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)
