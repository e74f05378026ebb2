"""Top-ups in SQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.accounts.port import HOLDERS
from service.accounts.top_up import NewTopUp, TopUp
from service.errors import InvalidApiKey, KeyTaken
from service.orders.order import Status
from service.orders.tokens import IdempotencyKey
from service.pricing.price import Price
from service.runtime.clock import from_millis, to_millis
from service.storage.account_schema import top_ups
from service.storage.accounts import new_account
from service.storage.database import Database
from service.storage.keys import new_key
from service.storage.payments import to_incoming
from service.storage.schema import accounts, keys, payments, was_paid


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

        root_key, idempotency = top_up.root_key, top_up.idempotency
        secrets = {
            "identifier_hash": None if root_key is None else root_key.identifier_hash,
            "root_key": None if root_key is None else root_key.key,
            "key_hash": None if idempotency is None else idempotency.key_hash,
            "fingerprint": None if idempotency is None else idempotency.fingerprint,
            "salt": None if idempotency is None else idempotency.salt,
        }

        def work(connection: sa.Connection) -> int:
            if idempotency is not None:
                _free_key(connection, idempotency.key_hash, top_up.created_at)
            account_id = top_up.account_id or _add_account(connection, top_up)
            numbered = payments.insert().values(payment).returning(payments.c.id)
            row = {
                "payment_id": connection.execute(numbered).scalar_one(),
                "account_id": account_id,
                "ms": top_up.ms,
                "amount_sat": top_up.price.amount_sat,
                "usd_micros": top_up.price.usd_micros,
                "created_at": to_millis(top_up.created_at),
                **secrets,
            }
            try:
                connection.execute(top_ups.insert().values(row))
            except sa.exc.IntegrityError as error:
                if "key_hash" in str(error.orig) or "top_ups_by_key" in str(error.orig):
                    raise KeyTaken from error
                raise InvalidApiKey from error  # nobody paid for the account in a day, and it has just gone
            return account_id

        return await self._database.write(work)

    async def find(self, invoice: str) -> TopUp | None:
        """Find the top-up of exactly this invoice."""
        if "\0" in invoice:  # what PostgreSQL cannot even be asked for
            return None
        return await self._one(payments.c.invoice == invoice)

    async def of_idempotency_key(self, key_hash: bytes, now: datetime) -> TopUp | None:
        """Find the top-up that was asked for with this key, while its quote is good."""
        return await self._one((top_ups.c.key_hash == key_hash) & (payments.c.expires_at > to_millis(now)))

    async def of_credential(self, identifier_hash: bytes) -> TopUp | None:
        """Find one by the sha256 of the identifier of its credential's macaroon, with the root key."""
        return await self._one(top_ups.c.identifier_hash == identifier_hash)

    async def of_account(self, account_id: int, *, before_id: int | None, limit: int) -> list[TopUp]:
        """Return those of an account, the newest first, below an id."""
        query = _TOP_UPS.where(top_ups.c.account_id == account_id)
        if before_id is not None:
            query = query.where(top_ups.c.payment_id < before_id)
        query = query.order_by(top_ups.c.payment_id.desc()).limit(limit)
        rows = await self._database.scan(lambda connection: connection.execute(query).mappings().all())
        return [_top_up(row) for row in rows]

    async def paid(self) -> list[TopUp]:
        """Return all that were paid, the oldest first."""
        query = _TOP_UPS.where(was_paid).order_by(payments.c.paid_at, payments.c.id)
        rows = await self._database.scan(lambda connection: connection.execute(query).mappings().all())
        return [_top_up(row) for row in rows]

    async def revoke(self, invoice: str) -> bool:
        """Revoke the credential of a top-up; whether there was one."""
        which = sa.select(payments.c.id).where(payments.c.invoice == invoice).scalar_subquery()
        gone = (
            top_ups.update()
            .where(top_ups.c.payment_id == which, top_ups.c.root_key.is_not(None))
            .values(identifier_hash=None, root_key=None)
        )
        return await self._database.write(lambda connection: connection.execute(gone).rowcount > 0)

    async def _one(self, which: sa.ColumnElement[bool]) -> TopUp | None:
        query = _TOP_UPS.where(which)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else _top_up(row)


_TOP_UPS = sa.select(top_ups, payments).join(payments)


def _top_up(row: Mapping[Any, Any]) -> TopUp:
    key_hash = row[top_ups.c.key_hash]
    return TopUp(
        account_id=row[top_ups.c.account_id],
        ms=row[top_ups.c.ms],
        price=Price(amount_sat=row[top_ups.c.amount_sat], usd_micros=row[top_ups.c.usd_micros]),
        payment=to_incoming(row),
        created_at=from_millis(row[top_ups.c.created_at]),
        root_key=row[top_ups.c.root_key],
        idempotency=None
        if key_hash is None
        else IdempotencyKey(
            key_hash=key_hash, fingerprint=row[top_ups.c.fingerprint], salt=row[top_ups.c.salt]
        ),
    )


def _free_key(connection: sa.Connection, key_hash: bytes, now: datetime) -> None:
    """Let a key be used anew whose quote has run out."""
    over = sa.exists().where(payments.c.id == top_ups.c.payment_id, payments.c.expires_at <= to_millis(now))
    connection.execute(
        top_ups.update()
        .where(top_ups.c.key_hash == key_hash, over)
        .values(key_hash=None, fingerprint=None, salt=None)
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
