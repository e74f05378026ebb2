"""Orders with their videos, in one look."""

import sqlalchemy as sa

from service.orders.order import Order, Status
from service.orders.video import Video
from service.storage.database import Database
from service.storage.orders import to_order
from service.storage.schema import orders
from service.storage.videos import get_video


class SqlSnapshots:
    """Looks at an order and its video at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, invoice: str) -> tuple[Order, Video | None] | None:
        """Find the order of exactly this invoice."""
        if "\0" in invoice:  # what PostgreSQL cannot even be asked for
            return None
        return await self._one(_BY_INVOICE, invoice)

    async def get(self, order_id: int) -> tuple[Order, Video | None] | None:
        """Find an order by its number."""
        return await self._one(_BY_ID, order_id)

    async def _one(
        self, query: sa.Select[tuple[object, ...]], key: object
    ) -> tuple[Order, Video | None] | None:
        def work(connection: sa.Connection) -> tuple[Order, Video | None] | None:
            row = connection.execute(query, {"key": key}).mappings().first()
            if row is None:
                return None
            order = to_order(row)
            # Nothing is rendered before it is paid for, and most who poll wait for their payment.
            return order, None if order.status is Status.PENDING else get_video(connection, order.id)

        return await self._database.read(work)


_BY_INVOICE = sa.select(orders).where(orders.c.invoice == sa.bindparam("key"))
_BY_ID = sa.select(orders).where(orders.c.id == sa.bindparam("key"))
