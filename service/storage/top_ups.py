"""Top-ups in SQL."""

from typing import Any

import sqlalchemy as sa

from service.accounts.port import HOLDERS
from service.accounts.top_up import NewTopUp, TopUp
from service.errors import InvalidApiKey
from service.orders.order import Status
from service.pricing.price import Price
from service.runtime.clock import from_millis, to_millis
from service.storage.accounts import new_account
from service.storage.database import Database
from service.storage.keys import new_key
from service.storage.schema import accounts, keys, payments, top_ups, was_paid


class SqlTopUps:
    """Keeps video time that is sold in advance."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, top_up: NewTopUp) -> int:
        """Keep one, with the account and the key that are made for it, all or nothing; whose it is."""
        payment = {
            "kind": top_up.payment.kind.value,
            "invoice": top_up.payment.invoice,
            "payment_hash": top_up.payment.payment_hash,
            "node": top_up.payment.node,
            "status": Status.PENDING.value,
            "expires_at": to_millis(top_up.payment.expires_at),
        }

        def work(connection: sa.Connection) -> int:
            account_id = top_up.account_id or _add_account(connection, top_up)
            numbered = payments.insert().values(payment).returning(payments.c.id)
            row = {
                "payment_id": connection.execute(numbered).scalar_one(),
                "account_id": account_id,
                "ms": top_up.ms,
                "amount_sat": top_up.price.amount_sat,
                "usd_micros": top_up.price.usd_micros,
                "created_at": to_millis(top_up.created_at),
            }
            try:
                connection.execute(top_ups.insert().values(row))
            except (
                sa.exc.IntegrityError
            ) as error:  # nobody paid for the account in a day, and it has just gone
                raise InvalidApiKey from error
            return account_id

        return await self._database.write(work)

    async def find(self, invoice: str) -> TopUp | None:
        """Find the top-up of exactly this invoice."""
        if "\0" in invoice:  # what PostgreSQL cannot even be asked for
            return None
        query = _TOP_UPS.where(payments.c.invoice == invoice)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else _top_up(row)

    async def paid(self) -> list[TopUp]:
        """Return all that were paid, the oldest first."""
        query = _TOP_UPS.where(was_paid).order_by(payments.c.paid_at, payments.c.id)
        rows = await self._database.scan(lambda connection: connection.execute(query).all())
        return [_top_up(row) for row in rows]


_TOP_UPS = sa.select(
    top_ups, payments.c.invoice, payments.c.status, payments.c.paid_at, payments.c.paid_msat
).join(payments)


def _top_up(row: Any) -> TopUp:
    return TopUp(
        account_id=row.account_id,
        ms=row.ms,
        price=Price(amount_sat=row.amount_sat, usd_micros=row.usd_micros),
        invoice=row.invoice,
        status=Status(row.status),
        created_at=from_millis(row.created_at),
        paid_at=None if row.paid_at is None else from_millis(row.paid_at),
        paid_msat=row.paid_msat or 0,
    )


def _add_account(connection: sa.Connection, top_up: NewTopUp) -> int:
    """Make an account that has nothing yet, and its key."""
    assert top_up.key is not None, "nobody could use an account without a key"
    numbered = accounts.insert().values(new_account(top_up.created_at)).returning(accounts.c.id)
    account_id = int(connection.execute(numbered).scalar_one())
    key = new_key(
        name=top_up.key.name,
        prefix=top_up.key.prefix,
        digest=top_up.key.digest,
        scopes=HOLDERS,
        account_id=account_id,
        created_at=top_up.created_at,
    )
    connection.execute(keys.insert().values(key))
    return account_id
