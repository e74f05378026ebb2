"""Payments in SQL: what the node says of them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lightning import PaymentHash, SettleIndex, Settlement
from service.accounts.account import Move
from service.orders.order import UNDECIDED, Status
from service.orders.video import VideoState
from service.orders.webhook import Event
from service.payments.payment import Incoming, Kind, Paid, Payment
from service.runtime.clock import from_millis, to_millis
from service.storage.account_schema import top_ups
from service.storage.database import Database
from service.storage.ledger import credit
from service.storage.outbox import tell
from service.storage.schema import by_invoice, jobs, nodes, payments


class SqlPayments:
    """Keeps payments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, order_id: int) -> Payment:
        """Return the payment of an order."""
        [payment] = await self._many(sa.select(payments).where(payments.c.order_id == order_id))
        return payment

    async def overdue(self, now: datetime, *, node: str, limit: int) -> list[Incoming]:
        """Return pending payments whose quote has run out, the oldest first; of this node, or of nobody knows which."""
        query = (
            sa.select(payments)
            .where(
                payments.c.status == Status.PENDING.value,
                payments.c.expires_at <= to_millis(now),
                by_invoice,
                may_be_of(node),
            )
            .order_by(payments.c.expires_at)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [to_incoming(row) for row in rows]

    async def count_open(self, now: datetime) -> int:
        """Count the quotes that can be paid and are not; an index holds all that it looks at."""
        query = sa.select(sa.func.count()).where(
            payments.c.status == Status.PENDING.value, payments.c.expires_at > to_millis(now), by_invoice
        )
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))

    async def still(self, payment_hashes: Collection[PaymentHash], *of: Status) -> set[PaymentHash]:
        """Return those of these that are in one of the states."""
        query = sa.select(payments.c.payment_hash).where(
            payments.c.payment_hash.in_(payment_hashes),
            payments.c.status.in_([status.value for status in of]),
        )
        return set(await self._database.read(lambda connection: connection.execute(query).scalars().all()))

    async def identify(self, payment_id: int, node: str) -> None:
        """Note which node made an invoice, where that was not known."""
        note = payments.update().where(payments.c.id == payment_id, payments.c.node.is_(None))
        await self._database.write(lambda connection: connection.execute(note.values(node=node)))

    async def count_elsewhere(self, node: str, now: datetime) -> int:
        """Count the payments that are held or have run out and that another node has to decide."""
        overdue = (payments.c.status == Status.PENDING.value) & (payments.c.expires_at <= to_millis(now))
        held = payments.c.status == Status.HELD.value
        query = sa.select(sa.func.count()).where(overdue | held, ~may_be_of(node))
        return int(await self._database.scan(lambda connection: connection.execute(query).scalar_one()))

    async def last_settled(self, pubkey: str) -> tuple[SettleIndex, PaymentHash | None]:
        """Return the last settlement of this node that was dealt with, and whose it is; 0 for none."""
        query = sa.select(nodes.c.settle_index, nodes.c.payment_hash).where(nodes.c.pubkey == pubkey)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return (SettleIndex(0), None) if row is None else (row.settle_index, row.payment_hash)

    async def settle(self, settlement: Settlement, *, node: str | None, now: datetime) -> Paid | None:
        """Deal with a settlement once: the payment becomes paid and the index moves on, both or neither.

        The index is only where to go on, so it follows a node that counts from 1 again. What is told twice then is
        known by its hash.

        Returns:
            What this made paid; None where the invoice is not ours or was paid before.
        """
        last = {"settle_index": settlement.settle_index, "payment_hash": settlement.payment_hash}

        def work(connection: sa.Connection) -> Paid | None:
            if node is not None:
                moved = connection.execute(nodes.update().where(nodes.c.pubkey == node).values(last))
                if moved.rowcount == 0:
                    connection.execute(nodes.insert().values(pubkey=node, **last))
            return _mark_paid(
                connection, settlement.payment_hash, settlement.settled_at, settlement.amount_paid, now
            )

        return await self._database.write(work)

    async def mark_paid(
        self, payment_hash: PaymentHash, paid_at: datetime, paid_msat: int, *, now: datetime
    ) -> Paid | None:
        """Make a payment paid that the node, asked, calls settled."""
        return await self._database.write(
            lambda connection: _mark_paid(connection, payment_hash, paid_at, paid_msat, now)
        )

    async def mark_expired(self, payment_id: int, now: datetime) -> bool:
        """Make a pending payment expired; whether this did it."""
        return await self._move(payment_id, Status.EXPIRED, Event.PAYMENT_EXPIRED, now)

    async def holds(self) -> list[Payment]:
        """Return the hold payments that are open or held, the oldest first."""
        undecided = [status.value for status in UNDECIDED]
        return await self._many(
            sa.select(payments)
            .where(payments.c.status.in_(undecided), payments.c.kind == Kind.HOLD.value)
            .order_by(payments.c.id)
        )

    async def mark_held(self, payment_id: int, now: datetime) -> bool:
        """Make a pending payment held; whether this did it."""
        return await self._move(payment_id, Status.HELD, Event.PAYMENT_HELD, now)

    async def give_back(self, payment_id: int, now: datetime, *, although_rendered: bool) -> bool:
        """Decide that a held payment goes back, unless its video is whole or being rendered; whether it goes back."""
        rendered = (jobs.c.state == VideoState.RENDERING.value) & (jobs.c.lease_until > to_millis(now))

        def work(connection: sa.Connection) -> bool:
            lock = sa.select(payments).where(payments.c.id == payment_id).with_for_update()
            row = connection.execute(lock).mappings().one()
            if row["giving_back"] or Status(row["status"]) not in UNDECIDED:
                return bool(row["giving_back"])
            job = jobs.c.order_id == row["order_id"]
            ended = _give_up(connection, job if although_rendered else job & ~rendered, now)
            if not ended and connection.execute(sa.select(jobs.c.id).where(job)).first() is not None:
                return False
            going = payments.update().where(payments.c.id == payment_id, ~payments.c.giving_back)
            connection.execute(going.values(giving_back=True))
            return True

        return await self._database.write(work)

    async def mark_canceled(self, payment_id: int, now: datetime) -> bool:
        """Make a payment canceled that went back, and end its order's render; whether this did it."""

        def work(connection: sa.Connection) -> bool:
            lock = sa.select(payments).where(payments.c.id == payment_id).with_for_update()
            row = connection.execute(lock).mappings().one_or_none()
            if row is None or not _move(connection, payment_id, Status.CANCELED, of=UNDECIDED):
                return False
            # Whoever renders it, on any replica, has lost it.
            if not _give_up(connection, jobs.c.order_id == row["order_id"], now):
                held = Status(row["status"]) is Status.HELD
                tell(
                    connection,
                    row["order_id"],
                    Event.VIDEO_FAILED if held else Event.PAYMENT_EXPIRED,
                    now,
                )
            return True

        return await self._database.write(work)

    async def _move(self, payment_id: int, to: Status, event: Event, now: datetime) -> bool:
        def work(connection: sa.Connection) -> bool:
            moved = _move(connection, payment_id, to, of=(Status.PENDING,))
            order_id = sa.select(payments.c.order_id).where(payments.c.id == payment_id)
            if moved and (order := connection.scalar(order_id)) is not None:
                tell(connection, order, event, now)
            return moved

        return await self._database.write(work)

    async def _many(self, query: sa.Select[Any]) -> list[Payment]:
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [to_payment(row) for row in rows]


def may_be_of(node: str) -> sa.ColumnElement[bool]:
    """Whether a payment's invoice is this node's, or nobody knows whose."""
    return payments.c.node.is_(None) | (payments.c.node == node)


def to_payment(row: Mapping[Any, Any]) -> Payment:
    """Make the payment of an order of its row."""
    return Payment(**_fields(row))


def to_incoming(row: Mapping[Any, Any]) -> Incoming:
    """Make a payment of its row, whatever it is for."""
    return Incoming(**_fields(row))


def _fields(row: Mapping[Any, Any]) -> dict[str, Any]:
    assert row[payments.c.invoice] is not None, "who pays from an account has no invoice to look at"
    return {
        "id": row[payments.c.id],
        "order_id": row[payments.c.order_id],
        "kind": Kind(row[payments.c.kind]),
        "invoice": row[payments.c.invoice],
        "payment_hash": PaymentHash(row[payments.c.payment_hash]),
        "node": row[payments.c.node],
        "status": Status(row[payments.c.status]),
        "expires_at": from_millis(row[payments.c.expires_at]),
        "paid_at": None if row[payments.c.paid_at] is None else from_millis(row[payments.c.paid_at]),
        "paid_msat": row[payments.c.paid_msat] or 0,
    }


def _move(connection: sa.Connection, payment_id: int, to: Status, *, of: Collection[Status]) -> bool:
    move = (
        payments.update()
        .where(payments.c.id == payment_id, payments.c.status.in_([status.value for status in of]))
        .values(status=to.value)
    )
    return connection.execute(move).rowcount > 0


def _give_up(connection: sa.Connection, job: sa.ColumnElement[bool], now: datetime) -> bool:
    """End a render for good, whoever is at it, unless the video is whole; whether it is given up, now or before."""
    begun = (VideoState.RENDERING.value, VideoState.INTERRUPTED.value)
    ended = jobs.update().where(job, jobs.c.state.in_(begun)).returning(jobs.c.order_id)
    given_up = connection.execute(ended.values(state=VideoState.FAILED.value, queued_at=None)).scalars().all()
    for order_id in given_up:  # of one that was given up before, its receiver was told then
        tell(connection, order_id, Event.VIDEO_FAILED, now)
    over = sa.select(jobs.c.id).where(job, jobs.c.state == VideoState.FAILED.value)
    return connection.execute(over).first() is not None


def _mark_paid(
    connection: sa.Connection, payment_hash: bytes, paid_at: datetime, paid_msat: int, now: datetime
) -> Paid | None:
    """Move to paid, whatever we took it for; a payment that was paid before stays as it is.

    A top-up's video time comes with it, once: by the move, and again by the hash that the ledger knows it by.
    """
    paid = connection.execute(
        payments.update()
        .where(
            payments.c.payment_hash == payment_hash,
            payments.c.status.not_in((Status.PAID.value, Status.REFUNDED.value)),
        )
        .values(status=Status.PAID.value, paid_at=to_millis(paid_at), paid_msat=paid_msat, giving_back=False)
        .returning(payments.c.id, payments.c.order_id)
    ).first()
    if paid is not None and paid.order_id is not None:
        tell(connection, paid.order_id, Event.PAYMENT_SETTLED, now)
        return Paid(order_id=paid.order_id)
    if paid is None:
        return None
    sold = connection.execute(sa.select(top_ups).where(top_ups.c.payment_id == paid.id)).one()
    ref = payment_hash.hex()
    credit(connection, sold.account_id, sold.ms, move=Move.TOP_UP, ref=ref, now=paid_at)
    return Paid(account_id=sold.account_id)
