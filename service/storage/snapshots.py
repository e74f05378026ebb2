"""Orders with their payments and videos, in one look."""

import sqlalchemy as sa

from service.delivery.port import Sold
from service.orders.order import Status
from service.storage.database import Database
from service.storage.orders import WITH_PAYMENTS, to_order
from service.storage.payments import to_payment
from service.storage.schema import orders, payments
from service.storage.video_rows import get_video


class SqlSnapshots:
    """Looks at an order, its payment and its video at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, invoice: str) -> Sold | None:
        """Find the order of exactly this invoice."""
        if "\0" in invoice:  # what PostgreSQL cannot even be asked for
            return None
        return await self._one(_BY_INVOICE, invoice)

    async def get(self, order_id: int) -> Sold | None:
        """Find an order by its number."""
        return await self._one(_BY_ID, order_id)

    async def _one(self, query: sa.Select[tuple[object, ...]], key: object) -> Sold | None:
        def work(connection: sa.Connection) -> Sold | None:
            row = connection.execute(query, {"key": key}).mappings().first()
            if row is None:
                return None
            order = to_order(row)
            # Nothing is rendered before it is paid for, and most who poll wait for their payment.
            video = None if order.status is Status.PENDING else get_video(connection, order.id)
            return Sold(order=order, payment=to_payment(row), video=video)

        return await self._database.read(work)


_BY_INVOICE = WITH_PAYMENTS.where(payments.c.invoice == sa.bindparam("key"))
_BY_ID = WITH_PAYMENTS.where(orders.c.id == sa.bindparam("key"))
