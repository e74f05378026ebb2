"""What buyers sent and bought, in SQL, once nobody needs it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.orders.order import Order, Status
from service.orders.video import VideoState
from service.runtime.clock import to_millis
from service.storage.database import Database
from service.storage.orders import to_order
from service.storage.schema import deletions, orders, segments, speech, videos

OVER = (Status.EXPIRED.value, Status.CANCELED.value)
UNPAID = (Status.PENDING.value, Status.HELD.value, *OVER)


class SqlRetention:
    """Knows which orders still keep what nobody needs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unpaid(self, *, before: datetime, limit: int) -> list[Order]:
        """Return unpaid orders that expired before a moment and still have their text or upload, the oldest first."""
        return await self._orders(
            sa.select(orders)
            .where(
                orders.c.status.in_(OVER),
                orders.c.forgotten_at.is_(None),
                orders.c.expires_at <= to_millis(before),
            )
            .order_by(orders.c.expires_at)
            .limit(limit)
        )

    async def delivered(self, *, before: datetime, limit: int) -> list[int]:
        """Return orders that were paid before a moment, and whose video is whole or was refunded, the oldest first."""
        whole = (videos.c.state == VideoState.READY.value) & videos.c.object.is_not(None)
        refunded = (orders.c.status == Status.REFUNDED.value) & (videos.c.state != VideoState.DELETED.value)
        query = (
            sa.select(orders.c.id)
            .join(videos)
            .where(whole | refunded, orders.c.paid_at <= to_millis(before))
            .order_by(orders.c.paid_at)
            .limit(limit)
        )
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))

    async def forget_input(self, order_id: int, now: datetime) -> bool:
        """Forget the text and mark the upload, unless the order was paid; whether it was so."""
        unless_paid = (orders.c.id == order_id) & orders.c.status.in_(OVER)
        return await self._database.write(lambda connection: _forget(connection, unless_paid, order_id, now))

    async def forget_video(self, order_id: int, now: datetime) -> None:
        """Forget all of a whole video and of its order but what the books need, and mark its objects."""

        def work(connection: sa.Connection) -> None:
            _forget(connection, orders.c.id == order_id, order_id, now)
            connection.execute(
                videos.update()
                .where(videos.c.order_id == order_id)
                .values(state=VideoState.DELETED.value, init=None, object=None)
            )
            for pieces in (segments, speech):
                connection.execute(pieces.delete().where(pieces.c.order_id == order_id))

        await self._database.write(work)

    async def marked(self, *, limit: int) -> list[Order]:
        """Return orders whose objects are to be deleted."""
        return await self._orders(sa.select(orders).join(deletions).limit(limit))

    async def forgotten(self, order_id: int) -> None:
        """Note that the objects of an order are deleted."""

        def work(connection: sa.Connection) -> None:
            connection.execute(orders.update().where(orders.c.id == order_id).values(upload=None))
            connection.execute(deletions.delete().where(deletions.c.order_id == order_id))

        await self._database.write(work)

    async def unpaid_upload_ms(self) -> int:
        """Return how many milliseconds of speech are stored that nobody has paid for."""
        query = sa.select(sa.func.coalesce(sa.func.sum(orders.c.duration_ms), 0)).where(
            orders.c.upload.is_not(None), orders.c.status.in_(UNPAID)
        )
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))

    async def _orders(self, query: sa.Select[Any]) -> list[Order]:
        rows: Sequence[Mapping[Any, Any]] = await self._database.read(
            lambda connection: connection.execute(query).mappings().all()
        )
        return [to_order(row) for row in rows]


def _forget(
    connection: sa.Connection, condition: sa.ColumnElement[bool], order_id: int, now: datetime
) -> bool:
    changed = connection.execute(
        orders.update().where(condition).values(text=None, forgotten_at=to_millis(now))
    )
    if changed.rowcount == 0:
        return False
    connection.execute(deletions.insert().values(order_id=order_id))
    return True
