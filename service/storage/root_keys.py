"""Root keys of L402 credentials in SQL."""

import sqlalchemy as sa

from service.l402.port import Issued
from service.storage.database import Database
from service.storage.order_schema import root_keys, webhooks


class SqlRootKeys:
    """Finds and revokes root keys; they are added with their orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, identifier_hash: bytes) -> Issued | None:
        """Find one by the sha256 of its macaroon's identifier."""
        query = (
            sa.select(root_keys, webhooks.c.secret)
            .outerjoin(webhooks, webhooks.c.order_id == root_keys.c.order_id)
            .where(root_keys.c.identifier_hash == identifier_hash)
        )
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        return Issued(order_id=row.order_id, key=row.key, webhook_secret=row.secret)

    async def revoke(self, order_id: int) -> bool:
        """Revoke the credential of an order; whether there was one."""
        gone = root_keys.delete().where(root_keys.c.order_id == order_id)
        return await self._database.write(lambda connection: connection.execute(gone).rowcount > 0)
