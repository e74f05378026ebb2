"""Orders with their payments and videos, in one look."""

import sqlalchemy as sa

from service.delivery.port import Sold
from service.storage.database import Database, Row
from service.storage.lookups import Lookup
from service.storage.orders import to_order
from service.storage.payments import to_payment
from service.storage.schema import jobs, orders, payments
from service.storage.video_rows import to_video


class SqlSnapshots:
    """Looks at an order, its payment and its video at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, invoice: str) -> Sold | None:
        """Find the order of exactly this invoice."""
        if "\0" in invoice:  # what PostgreSQL cannot even be asked for
            return None
        return _sold(await self._database.look(_BY_INVOICE, invoice))

    async def get(self, order_id: int) -> Sold | None:
        """Find an order by its number."""
        return _sold(await self._database.look(_BY_ID, order_id))


def _sold(row: Row | None) -> Sold | None:
    if row is None:
        return None
    video = None if row[jobs.c.id] is None else to_video(row)
    return Sold(order=to_order(row), payment=to_payment(row), video=video)


_ALL = sa.select(orders, payments, jobs).join(payments).outerjoin(jobs, jobs.c.order_id == orders.c.id)
_BY_INVOICE = Lookup(_ALL, payments.c.invoice)
_BY_ID = Lookup(_ALL, orders.c.id)
