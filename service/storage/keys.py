"""API keys in SQL."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.accounts.port import ApiKey, Bearer, Scope
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Database
from service.storage.schema import keys


class SqlApiKeys:
    """Keeps the hashes of API keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        *,
        name: str,
        prefix: str,
        digest: bytes,
        scopes: Collection[Scope],
        account_id: int | None,
        created_at: datetime,
    ) -> None:
        """Keep a new key."""
        row = new_key(
            name=name,
            prefix=prefix,
            digest=digest,
            scopes=scopes,
            account_id=account_id,
            created_at=created_at,
        )
        await self._database.write(lambda connection: connection.execute(keys.insert().values(row)))

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
                scopes=_scopes(row.scopes),
                account_id=row.account_id,
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

    async def bearer(self, digest: bytes) -> Bearer | None:
        """Tell who has the key with this hash; None where there is none, or it is revoked."""
        query = sa.select(keys.c.account_id, keys.c.id, keys.c.scopes).where(
            keys.c.hash == digest, keys.c.revoked_at.is_(None)
        )
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        return Bearer(account_id=row.account_id, key_id=row.id, scopes=_scopes(row.scopes))


def new_key(
    *,
    name: str,
    prefix: str,
    digest: bytes,
    scopes: Collection[Scope],
    account_id: int | None,
    created_at: datetime,
) -> dict[str, Any]:
    """Lay out the row of a key."""
    return {
        "name": name,
        "prefix": prefix,
        "hash": digest,
        "scopes": " ".join(sorted(scope.value for scope in scopes)),
        "account_id": account_id,
        "created_at": to_millis(created_at),
    }


def _scopes(stored: str) -> frozenset[Scope]:
    return frozenset(Scope(scope) for scope in stored.split())
