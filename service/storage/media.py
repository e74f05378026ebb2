"""What stands in libraries, in SQL."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from service.errors import InvalidApiKey, LeaseLost
from service.retention.port import Ended
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Database, Row
from service.storage.ledger import end
from service.storage.media_schema import media
from service.storage.schema import accounts
from service.studio.media import Kind, Medium, NewMedium, Paid


class SqlMedia:
    """Keeps what is known of media."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, medium: NewMedium, *, most_bytes: int, most: int, paid: Paid | None = None
    ) -> Medium | None:
        """Keep a medium; None and no effect where the account would have more bytes, or more of them, than that."""
        row: dict[str, Any] = {
            "token": medium.token,
            "account_id": medium.account_id,
            "kind": medium.kind.value,
            "mime": medium.mime,
            "size": medium.size,
            "digest": medium.digest,
            "object": medium.object,
            "name": medium.name,
            "recipe": None if medium.recipe is None else msgspec.json.encode(medium.recipe).decode(),
            "created_at": to_millis(medium.created_at),
            "expires_at": None if medium.expires_at is None else to_millis(medium.expires_at),
        }
        owner = sa.select(accounts.c.id).where(accounts.c.id == medium.account_id).with_for_update()

        def work(connection: sa.Connection) -> Medium | None:
            if connection.execute(owner).first() is None:  # it has just gone
                raise InvalidApiKey
            if connection.execute(_bytes_of(medium.account_id)).scalar_one() + medium.size > most_bytes:
                return None
            if connection.execute(_count_of(medium.account_id)).scalar_one() >= most:
                return None
            if paid is not None and end(connection, paid.ref, paid.used_ms, medium.created_at) is None:
                raise LeaseLost
            added = connection.execute(media.insert().values(row).returning(*media.c))
            return _medium(added.mappings().one())

        return await self._database.write(work)

    async def may_keep(self, account_id: int) -> bool:
        """Whether an account may keep anything: the operator made it, or it has ever had video time."""
        known = accounts.c.name.is_not(None) | (accounts.c.granted_ms > 0)
        query = sa.select(accounts.c.id).where(accounts.c.id == account_id, known)
        return await self._database.read(lambda connection: connection.execute(query).first()) is not None

    async def stored_bytes(self, account_id: int) -> int:
        """Tell how many bytes an account keeps."""
        query = _bytes_of(account_id)
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))

    async def find(self, token: str) -> Medium | None:
        """Find a medium, also one whose time is over."""
        query = sa.select(media).where(media.c.token == token)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else _medium(row)

    async def page(
        self, account_id: int, *, kind: Kind | None, before_id: int | None, now: datetime, limit: int
    ) -> list[Medium]:
        """Return what an account keeps, the newest first, below an id."""
        query = sa.select(media).where(media.c.account_id == account_id, _is_there(now))
        if kind is not None:
            query = query.where(media.c.kind == kind.value)
        if before_id is not None:
            query = query.where(media.c.id < before_id)
        query = query.order_by(media.c.id.desc()).limit(limit)
        rows = await self._database.scan(lambda connection: connection.execute(query).mappings().all())
        return [_medium(row) for row in rows]

    async def end(self, token: str, account_id: int, now: datetime) -> Medium | None:
        """End the time of a medium of an account now; None and no effect where it has none, or it was over."""
        ended = (
            media.update()
            .where(media.c.token == token, media.c.account_id == account_id, _is_there(now))
            .values(expires_at=to_millis(now))
            .returning(*media.c)
        )
        row = await self._database.write(lambda connection: connection.execute(ended).mappings().first())
        return None if row is None else _medium(row)

    async def forgotten(self, medium_id: int) -> None:
        """Note that its bytes are deleted."""
        forgotten = media.update().where(media.c.id == medium_id).values(object=None, recipe=None, name=None)
        await self._database.write(lambda connection: connection.execute(forgotten))

    async def ended(self, now: datetime, *, limit: int) -> list[Ended]:
        """Return media whose time is over and whose bytes are there, those that ended first before the others."""
        query = (
            sa.select(media.c.id, media.c.object)
            .where(media.c.object.is_not(None), media.c.expires_at <= to_millis(now))
            .order_by(media.c.expires_at)
            .limit(limit)
        )
        rows = await self._database.scan(lambda connection: connection.execute(query).all())
        return [Ended(id=row.id, object=row.object) for row in rows]

    async def delete_records(self, *, before: datetime, limit: int) -> int:
        """Delete the rows of media that ended before a moment and whose bytes are deleted; how many."""
        old = (
            sa.select(media.c.id)
            .where(media.c.object.is_(None), media.c.expires_at <= to_millis(before))
            .order_by(media.c.expires_at)
            .limit(limit)
        )
        gone = media.delete().where(media.c.id.in_(old))
        return await self._database.write(lambda connection: connection.execute(gone).rowcount)


def _is_there(now: datetime) -> sa.ColumnElement[bool]:
    lasts = media.c.expires_at.is_(None) | (media.c.expires_at > to_millis(now))
    return media.c.object.is_not(None) & lasts


def _count_of(account_id: int) -> sa.Select[Any]:
    return sa.select(sa.func.count()).where(media.c.account_id == account_id, media.c.object.is_not(None))


def _bytes_of(account_id: int) -> sa.Select[Any]:
    total = sa.cast(sa.func.coalesce(sa.func.sum(media.c.size), 0), sa.BigInteger)
    return sa.select(total).where(media.c.account_id == account_id, media.c.object.is_not(None))


def _medium(row: Row) -> Medium:
    return Medium(
        id=row["id"],
        token=row["token"],
        account_id=row["account_id"],
        kind=Kind(row["kind"]),
        mime=row["mime"],
        size=row["size"],
        digest=bytes(row["digest"]),
        object=row["object"],
        name=row["name"],
        recipe=None if row["recipe"] is None else msgspec.json.decode(row["recipe"]),
        created_at=from_millis(row["created_at"]),
        expires_at=None if row["expires_at"] is None else from_millis(row["expires_at"]),
    )
