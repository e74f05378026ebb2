"""Batches of videos in SQL: all of a batch is kept in one transaction."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.errors import InsufficientCredits, KeyTaken
from service.orders.batch import Batch, NewBatch
from service.orders.order import Order
from service.orders.prepaid import Holding, NewPrepaid
from service.runtime.clock import from_millis, to_millis
from service.storage.batch_schema import batch_parts, batches
from service.storage.database import Database
from service.storage.orders import ORDERS, to_order
from service.storage.prepaid import keep
from service.storage.schema import orders


class SqlBatches:
    """Keeps batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, batch: NewBatch, holding: Holding) -> None:
        """Keep a batch and its orders, all of whose time is set aside, or nothing of it."""
        row = {
            "id": batch.id,
            "account_id": batch.account_id,
            "created_at": to_millis(batch.created_at),
            "key_hash": batch.key_hash,
            "fingerprint": batch.fingerprint,
            "key_until": None if batch.key_hash is None else to_millis(batch.key_until),
        }
        forgotten = (
            batches.update()
            .where(batches.c.key_hash == batch.key_hash, batches.c.key_until <= row["created_at"])
            .values(key_hash=None)
        )

        def work(connection: sa.Connection) -> None:
            kept = _keep_all(connection, batch, holding)
            if batch.key_hash is not None:
                connection.execute(forgotten)
            try:
                connection.execute(batches.insert().values(row))
            except sa.exc.IntegrityError as error:
                raise KeyTaken from error
            connection.execute(batch_parts.insert(), kept)

        await self._database.write(work)

    async def find(self, batch_id: str) -> Batch | None:
        """Find a batch by what it is called on the outside."""
        return await self._find(batches.c.id == batch_id)

    async def of_key(self, key_hash: bytes, now: datetime) -> Batch | None:
        """Find the batch that was made with this key."""
        return await self._find((batches.c.key_hash == key_hash) & (batches.c.key_until > to_millis(now)))

    async def _find(self, which: sa.ColumnElement[bool]) -> Batch | None:
        def look(connection: sa.Connection) -> Batch | None:
            row = connection.execute(sa.select(batches).where(which)).first()
            if row is None:
                return None
            of_batch = batch_parts.c.batch_id == row.id
            parts = connection.execute(sa.select(batch_parts).where(of_batch).order_by(batch_parts.c.n)).all()
            ids = [part.order_id for part in parts if part.order_id is not None]
            found = connection.execute(ORDERS.where(orders.c.id.in_(ids))).mappings().all()
            by_id = {order.id: order for order in map(to_order, found)}
            return Batch(
                id=row.id,
                account_id=row.account_id,
                created_at=from_millis(row.created_at),
                fingerprint=row.fingerprint,
                parts=tuple(_part(part, by_id) for part in parts),
            )

        return await self._database.read(look)


def _part(row: sa.Row[Any], by_id: dict[int, Order]) -> Order | str:
    return str(row.refusal) if row.order_id is None else by_id[row.order_id]


def _keep_all(connection: sa.Connection, batch: NewBatch, holding: Holding) -> list[dict[str, Any]]:
    """Keep the orders of a batch; its parts."""
    total_ms = sum(part.held_ms for part in batch.parts if isinstance(part, NewPrepaid))
    kept: list[dict[str, Any]] = []
    held_ms = siblings = 0
    for n, part in enumerate(batch.parts):
        order_id = None
        if isinstance(part, NewPrepaid):
            try:
                order_id = keep(connection, part, holding, siblings=siblings)
            except InsufficientCredits as error:  # what is told is what all of it takes
                raise InsufficientCredits(asked_ms=total_ms, free_ms=error.free_ms + held_ms) from error
            held_ms += part.held_ms
            siblings += 1
        refusal = part if isinstance(part, str) else None
        kept.append({"batch_id": batch.id, "n": n, "order_id": order_id, "refusal": refusal})
    return kept
