"""Orders of accounts in SQL. Each move is one transaction with all that it changes: order, payment, reservation, job.

On PostgreSQL a move first locks the payment, as a claim of the job does, and the account last.
"""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from service.errors import InsufficientCredits, InvalidApiKey, KeyTaken, TooManyRequests
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.prepaid import Holding, NewPrepaid
from service.orders.tokens import TOKEN_BYTES, IdempotencyKey
from service.orders.video import VideoState
from service.orders.webhook import Event
from service.payments.payment import Kind
from service.runtime.clock import to_millis
from service.storage.batch_schema import video_requests
from service.storage.database import Database
from service.storage.ledger import reserve
from service.storage.orders import ORDERS, stage_columns, to_order
from service.storage.outbox import tell
from service.storage.receivers import give_receiver
from service.storage.reservations import give_back, lock_payment
from service.storage.schema import accounts, idempotency_keys, jobs, ledger, orders, payments, settled
from service.storage.video_rows import waiting_job

DELAYED_RETRY_S = 3600


class SqlPrepaidOrders:
    """Keeps the orders of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, order: NewPrepaid, holding: Holding) -> int:
        """Keep an order and its number; unless it is delayed, set its time aside and leave its job to be done."""
        return await self._database.write(lambda connection: keep(connection, order, holding))

    async def begin(self, order: Order, choice: Choice, ms: int, holding: Holding, now: datetime) -> bool:
        """Set the time of a delayed order aside and leave its job to be done, once; whether this did it."""
        account_id, public_id = order.account_id, order.public_id
        assert account_id is not None
        assert public_id is not None
        paid = (
            payments.update()
            .where(
                payments.c.order_id == order.id,
                payments.c.kind == Kind.BALANCE.value,
                payments.c.status == Status.PENDING.value,
                payments.c.expires_at > to_millis(now),
            )
            .values(status=Status.PAID.value, paid_at=to_millis(now), paid_msat=0)
        )

        def work(connection: sa.Connection) -> bool:
            if connection.execute(paid).rowcount == 0:
                return False
            _reserve(connection, account_id, public_id, ms, holding, now)
            _leave_job(connection, order.id, choice, now)
            return True

        return await self._database.write(work)

    async def release(self, order_id: int, now: datetime) -> bool:
        """Give an order up whose video is not whole, whoever renders it, and free its time; whether this did it."""
        begun = (VideoState.RENDERING.value, VideoState.INTERRUPTED.value)
        ended = (
            jobs.update()
            .where(jobs.c.order_id == order_id, jobs.c.state.in_(begun), jobs.c.finished_at.is_(None))
            .values(state=VideoState.FAILED.value, queued_at=None)
        )

        def work(connection: sa.Connection) -> bool:
            lock_payment(connection, order_id)
            if connection.execute(ended).rowcount == 0:
                return False
            freed = give_back(connection, order_id, now)
            tell(connection, order_id, Event.VIDEO_FAILED, now)
            return freed

        return await self._database.write(work)

    async def find(self, public_id: str) -> Order | None:
        """Find an order by what it is called on the outside."""
        query = ORDERS.where(orders.c.public_id == public_id)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else to_order(row)

    async def of_account(self, account_id: int, *, limit: int) -> list[Order]:
        """Return the newest orders of an account whose wish is not forgotten, the newest first."""
        query = (
            ORDERS.where(orders.c.account_id == account_id, orders.c.public_id.is_not(None))
            .where(orders.c.forgotten_at.is_(None))
            .order_by(orders.c.id.desc())
            .limit(limit)
        )
        rows = await self._database.scan(lambda connection: connection.execute(query).mappings().all())
        return [to_order(row) for row in rows]

    async def of_idempotency_key(self, key_hash: bytes, now: datetime) -> tuple[IdempotencyKey, Order] | None:
        """Find the order that was made with this key and that is not given up."""
        query = (
            ORDERS.add_columns(idempotency_keys)
            .join(idempotency_keys, idempotency_keys.c.order_id == orders.c.id)
            .where(
                idempotency_keys.c.key_hash == key_hash,
                idempotency_keys.c.expires_at > to_millis(now),
                payments.c.status != Status.REFUNDED.value,
            )
        )
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            return None
        idempotency = IdempotencyKey(
            key_hash=row[idempotency_keys.c.key_hash],
            fingerprint=row[idempotency_keys.c.fingerprint],
            salt=row[idempotency_keys.c.salt],
        )
        return idempotency, to_order(row)

    async def asked(self, order_ids: Collection[int]) -> dict[int, str]:
        """Return what the surfaces that orders came by noted of them, by their numbers."""
        query = sa.select(video_requests).where(video_requests.c.order_id.in_(order_ids))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {row.order_id: row.asked for row in rows}

    async def used_ms(self, order: Order) -> int:
        """Tell how much an order has cost: 0 until its video is whole."""
        query = sa.select(ledger.c.ms).where(settled, ledger.c.ref == order.public_id)
        found = await self._database.read(lambda connection: connection.execute(query).scalar())
        return int(found or 0)


def keep(connection: sa.Connection, order: NewPrepaid, holding: Holding, *, siblings: int = 0) -> int:
    """Keep an order, as `PrepaidOrders.add` says; `siblings` of it were kept in the same transaction before."""
    # First of all, since it locks the account, which the rows to come refer to.
    if order.delayed:
        _check_delayed(connection, order, holding)
    else:
        _reserve(
            connection,
            order.account_id,
            order.public_id,
            order.held_ms,
            holding,
            order.created_at,
            siblings=siblings,
        )
    order_id = _insert(connection, order)
    give_receiver(connection, order_id, order.account_id, order.webhook)
    if order.idempotency is not None:
        _note_key(connection, order, order.idempotency, order_id)
    if not order.delayed:
        _leave_job(connection, order_id, order.wish.choice, order.created_at)
    return order_id


def _insert(connection: sa.Connection, order: NewPrepaid) -> int:
    """Keep an order with its payment, which a delayed one has still to make."""
    row = {
        "text": order.wish.text,
        "upload": order.wish.upload,
        "duration_ms": order.wish.duration_ms,
        "amount_sat": 0,
        "usd_micros": 0,
        **msgspec.structs.asdict(order.wish.choice),
        **stage_columns(order.wish),
        "refund_hash": secrets.token_bytes(TOKEN_BYTES),  # of no token: what goes back is video time
        "created_at": to_millis(order.created_at),
        "account_id": order.account_id,
        "public_id": order.public_id,
    }
    order_id = int(connection.execute(orders.insert().returning(orders.c.id), row).scalar_one())
    paid = {"status": Status.PAID.value, "paid_at": to_millis(order.created_at), "paid_msat": 0}
    payment = {
        "order_id": order_id,
        "kind": Kind.BALANCE.value,
        "expires_at": to_millis(order.expires_at),
        **({"status": Status.PENDING.value} if order.delayed else paid),
    }
    connection.execute(payments.insert(), payment)
    if order.asked is not None:
        connection.execute(video_requests.insert().values(order_id=order_id, asked=order.asked))
    return order_id


def _note_key(
    connection: sa.Connection, order: NewPrepaid, idempotency: IdempotencyKey, order_id: int
) -> None:
    """Keep the key that an order was asked for with; one whose order was given up, or that ran out, is free."""
    given_up = sa.select(payments.c.order_id).where(payments.c.status == Status.REFUNDED.value)
    same = idempotency_keys.c.key_hash == idempotency.key_hash
    connection.execute(
        idempotency_keys.delete().where(
            (idempotency_keys.c.expires_at <= to_millis(order.created_at))
            | (same & idempotency_keys.c.order_id.in_(given_up))
        )
    )
    row = {
        **msgspec.structs.asdict(idempotency),
        "order_id": order_id,
        "expires_at": to_millis(order.expires_at),
    }
    try:
        connection.execute(idempotency_keys.insert(), row)
    except sa.exc.IntegrityError as error:
        raise KeyTaken from error


def _check_delayed(connection: sa.Connection, order: NewPrepaid, holding: Holding) -> None:
    """Refuse a promise that could not be kept now, and more of them than an account may have."""
    account = sa.select(accounts.c.free_ms).where(accounts.c.id == order.account_id)
    free_ms = connection.execute(account.with_for_update()).scalar()
    if free_ms is None:  # it was made for a top-up that nobody paid, and has just gone
        raise InvalidApiKey
    if free_ms < order.held_ms and not holding.unlimited:
        raise InsufficientCredits(asked_ms=order.held_ms, free_ms=free_ms)
    waiting = (
        sa.select(sa.func.count())
        .select_from(orders.join(payments))
        .where(orders.c.account_id == order.account_id, payments.c.status == Status.PENDING.value)
    )
    if connection.execute(waiting).scalar_one() >= holding.most_delayed:
        raise TooManyRequests(
            f"This account has {holding.most_delayed:,} delayed videos that nobody has opened.",
            retry_after_s=DELAYED_RETRY_S,
        )


def _reserve(
    connection: sa.Connection,
    account_id: int,
    public_id: str,
    ms: int,
    holding: Holding,
    now: datetime,
    *,
    siblings: int = 0,
) -> None:
    reserve(
        connection,
        account_id,
        ms,
        ref=public_id,
        until=None,  # it ends with its video, however long that takes
        now=now,
        most_open=holding.most_open,
        unlimited=holding.unlimited,
        siblings=siblings,
    )


def _leave_job(connection: sa.Connection, order_id: int, choice: Choice, now: datetime) -> None:
    """Leave a video to be made, as one that was interrupted before its first frame: whoever comes first begins it."""
    row: dict[str, Any] = waiting_job(order_id, choice, now)
    connection.execute(jobs.insert(), row)
