"""LNURLs of orders in SQL."""

import sqlalchemy as sa

from service.lnurl.port import Named
from service.storage.database import Database
from service.storage.order_schema import lnurls


class SqlLnurls:
    """Finds orders by their LNURLs; these are added with their orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, id_hash: bytes) -> Named | None:
        """Find one by the sha256 of its name."""
        query = sa.select(lnurls.c.order_id, lnurls.c.metadata).where(lnurls.c.id_hash == id_hash)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else Named(order_id=row.order_id, metadata=row.metadata)
