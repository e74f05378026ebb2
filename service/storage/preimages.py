"""The preimages of hold invoices in SQL."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from lightning import PaymentHash, Preimage
from service.storage.database import Database
from service.storage.schema import preimages


class SqlPreimages:
    """Keeps what takes a held payment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, payment_hash: PaymentHash, preimage: Preimage) -> None:
        """Keep one; on disk when this returns."""
        await self._database.add(_add, {"payment_hash": payment_hash, "preimage": preimage})

    async def get(self, payment_hash: PaymentHash) -> Preimage:
        """Return the one of a hold invoice that we made."""
        query = sa.select(preimages.c.preimage).where(preimages.c.payment_hash == payment_hash)
        return Preimage(await self._database.read(lambda connection: connection.execute(query).scalar_one()))


def _add(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> Sequence[None]:
    connection.execute(preimages.insert(), rows)
    return [None] * len(rows)
