"""Receivers of accounts in SQL.

Each order of an account has a row in `webhooks` like any other that has a receiver, so that an event looks in one
place; whatever changes the receiver changes these rows in the same transaction. Those that were named with their orders
stay as they are.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.errors import InvalidApiKey
from service.orders.order import Status
from service.orders.webhook import Event, Webhook
from service.storage.account_schema import account_webhooks
from service.storage.database import Database
from service.storage.order_schema import outbox, webhooks
from service.storage.outbox import tell_account
from service.storage.schema import accounts, orders, payments, reservations
from service.webhooks.port import AccountReceiver


class SqlReceivers:
    """Keeps who is told of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, account_id: int) -> AccountReceiver | None:
        """Find the receiver of an account."""
        return await self._database.read(lambda connection: _find(connection, account_id))

    async def put(self, account_id: int, url: str, *, low_ms: int | None, secret: str) -> AccountReceiver:
        """Name it, with this secret unless it has one."""

        def work(connection: sa.Connection) -> AccountReceiver:
            _lock(connection, account_id)
            before = _find(connection, account_id)
            now = AccountReceiver(url=url, secret=before.secret if before else secret, low_ms=low_ms)
            _write(connection, account_id, now, there=before is not None)
            return now

        return await self._database.write(work)

    async def rotate(self, account_id: int, secret: str) -> AccountReceiver | None:
        """Put a secret before the newest that it has, which stays, and drop older ones; None where there is none."""

        def work(connection: sa.Connection) -> AccountReceiver | None:
            _lock(connection, account_id)
            before = _find(connection, account_id)
            if before is None:
                return None
            both = f"{secret} {before.secret.split()[0]}"
            now = AccountReceiver(url=before.url, secret=both, low_ms=before.low_ms)
            _write(connection, account_id, now, there=True)
            return now

        return await self._database.write(work)

    async def remove(self, account_id: int) -> bool:
        """Forget it and all that it was still to be told; whether there was one."""

        def work(connection: sa.Connection) -> bool:
            _lock(connection, account_id)
            gone = account_webhooks.delete().where(account_webhooks.c.account_id == account_id)
            if connection.execute(gone).rowcount == 0:
                return False
            # These first: whoever is about to tell them something is waited for, and has told it by the next statement.
            connection.execute(webhooks.delete().where(_of_account(account_id)))
            untold = outbox.c.order_id.in_(_orders_of(account_id)) & ~sa.exists().where(
                webhooks.c.order_id == outbox.c.order_id
            )
            connection.execute(outbox.delete().where((outbox.c.account_id == account_id) | untold))
            return True

        return await self._database.write(work)


def give_receiver(connection: sa.Connection, order_id: int, account_id: int, own: Webhook | None) -> None:
    """Have a receiver told of an order: its own or, where it has none, the account's, if there is one."""
    if own is not None:
        connection.execute(
            webhooks.insert().values(order_id=order_id, url=own.url, secret=own.secret, own=True)
        )
        return
    receiver = sa.select(
        sa.literal(order_id, orders.c.id.type), account_webhooks.c.url, account_webhooks.c.secret
    ).where(account_webhooks.c.account_id == account_id)
    connection.execute(webhooks.insert().from_select(("order_id", "url", "secret"), receiver))


def note_use(
    connection: sa.Connection, account_id: int, *, left_ms: int, used_ms: int, now: datetime
) -> None:
    """Have an account told that its balance is low now and was not before, of what is left after so much was used."""
    low_ms = connection.execute(
        sa.select(account_webhooks.c.low_ms).where(account_webhooks.c.account_id == account_id)
    ).scalar()
    if low_ms is not None and left_ms < low_ms <= left_ms + used_ms:
        tell_account(connection, account_id, Event.BALANCE_LOW, now)


def _find(connection: sa.Connection, account_id: int) -> AccountReceiver | None:
    query = sa.select(account_webhooks).where(account_webhooks.c.account_id == account_id)
    row = connection.execute(query).first()
    return None if row is None else AccountReceiver(url=row.url, secret=row.secret, low_ms=row.low_ms)


def _write(connection: sa.Connection, account_id: int, receiver: AccountReceiver, *, there: bool) -> None:
    values: dict[str, Any] = {"url": receiver.url, "secret": receiver.secret, "low_ms": receiver.low_ms}
    which = account_webhooks.c.account_id == account_id
    if there:
        connection.execute(account_webhooks.update().where(which).values(values))
    else:
        connection.execute(account_webhooks.insert().values(account_id=account_id, **values))
        _tell_of_those_under_way(connection, account_id, receiver)
    connection.execute(
        webhooks.update().where(_of_account(account_id)).values(url=receiver.url, secret=receiver.secret)
    )


def _tell_of_those_under_way(connection: sa.Connection, account_id: int, receiver: AccountReceiver) -> None:
    """Have a new receiver told of videos that were asked for before: delayed ones, and those that are being made."""
    delayed = sa.exists().where(payments.c.order_id == orders.c.id, payments.c.status == Status.PENDING.value)
    made = sa.exists().where(
        reservations.c.account_id == account_id, reservations.c.ref == orders.c.public_id
    )
    told = sa.exists().where(webhooks.c.order_id == orders.c.id)
    values = (sa.literal(receiver.url), sa.literal(receiver.secret))
    under_way = sa.select(orders.c.id, *values).where(
        orders.c.account_id == account_id, orders.c.public_id.is_not(None), delayed | made, ~told
    )
    connection.execute(webhooks.insert().from_select(("order_id", "url", "secret"), under_way))


def _of_account(account_id: int) -> sa.ColumnElement[bool]:
    """Whether a receiver of an order is the account's."""
    return webhooks.c.order_id.in_(_orders_of(account_id)) & ~webhooks.c.own


def _orders_of(account_id: int) -> sa.Select[tuple[int]]:
    # Literally what the index of accounts' orders is of, so that it is used.
    return sa.select(orders.c.id).where(orders.c.account_id == account_id, orders.c.public_id.is_not(None))


def _lock(connection: sa.Connection, account_id: int) -> None:
    """Lock an account: an order of its that is made at the same time has the receiver of before or of after, changed.

    Raises:
        InvalidApiKey: It has gone.
    """
    lock = sa.select(accounts.c.id).where(accounts.c.id == account_id).with_for_update()
    if connection.execute(lock).first() is None:
        raise InvalidApiKey
