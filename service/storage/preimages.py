"""The preimages of hold invoices in SQL."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from lightning import PaymentHash, Preimage
from service.storage.database import Database
from service.storage.schema import payments, preimages

_UNUSED = ~sa.exists().where(payments.c.payment_hash == preimages.c.payment_hash)


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

    async def unused(self, *, limit: int) -> set[PaymentHash]:
        """Return the hashes of those that no payment has."""
        query = sa.select(preimages.c.payment_hash).where(_UNUSED).order_by(preimages.c.payment_hash)
        rows = await self._database.scan(
            lambda connection: connection.execute(query.limit(limit)).scalars().all()
        )
        return {PaymentHash(row) for row in rows}

    async def delete_unused(self, hashes: Collection[PaymentHash]) -> int:
        """Delete those of them that no payment has now; how many."""
        gone = preimages.delete().where(preimages.c.payment_hash.in_(hashes), _UNUSED)
        return await self._database.write(lambda connection: connection.execute(gone).rowcount)


def _add(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> Sequence[None]:
    connection.execute(preimages.insert(), rows)
    return [None] * len(rows)
