"""Refunds in SQL. Each move is one transaction with what else it changes: the order, the video."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from lightning import Msat, Payment, PaymentHash, PaymentState, Preimage
from service.errors import InvalidRequest, NotRefundable, RefundBound
from service.orders.order import Status
from service.orders.video import VideoState
from service.orders.webhook import Event
from service.refunds.refund import (
    GIVE_WAY_AFTER,
    Debt,
    Ledger,
    Refund,
    RefundState,
    Unasked,
    check_refundable,
)
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Database
from service.storage.desk_schema import failed, making
from service.storage.outbox import tell
from service.storage.schema import accounts, jobs, payments, refunds, was_paid
from service.storage.video_rows import get_video

log = structlog.get_logger()

_ENDS = {
    PaymentState.SUCCEEDED: RefundState.REFUNDED,
    PaymentState.FAILED: RefundState.FAILED,
}

_NOT_FAILED = refunds.c.state != RefundState.FAILED.value

_PAID = was_paid & (payments.c.status == Status.PAID.value)

_UNASKED = (
    _PAID
    & payments.c.order_id.is_not(None)  # a top-up's is in the accounts
    & ~sa.exists().where(jobs.c.order_id == payments.c.order_id)
)

_UNFINISHED = _PAID & payments.c.order_id.in_(
    sa.select(jobs.c.order_id).where(failed).union_all(sa.select(jobs.c.order_id).where(making))
)


_FAILED_FOR_GOOD = failed & jobs.c.delivered_at.is_(None)


class SqlRefunds:
    """Keeps refunds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def latest(self, order_id: int) -> Refund | None:
        """Return the refund of an order that is not FAILED, else the last that did."""
        query = (
            sa.select(refunds)
            .where(refunds.c.order_id == order_id)
            .order_by(_NOT_FAILED.desc(), refunds.c.created_at.desc())
            .limit(1)
        )
        return next(iter(await self._many(query)), None)

    async def find(self, payment_hash: PaymentHash) -> Refund | None:
        """Find a refund by the hash of its invoice."""
        query = sa.select(refunds).where(refunds.c.payment_hash == payment_hash)
        return next(iter(await self._many(query)), None)

    async def bind(self, refund: Refund, now: datetime) -> Refund:
        """Keep a new refund of an order that has failed for good; the same again is returned as it is."""

        def work(connection: sa.Connection) -> Refund:
            status = connection.scalar(
                sa.select(payments.c.status).where(payments.c.order_id == refund.order_id).with_for_update()
            )
            known = _one(connection, refunds.c.payment_hash == refund.payment_hash)
            if known is not None:
                if (known.order_id, known.invoice) != (refund.order_id, refund.invoice):
                    raise InvalidRequest(
                        "Field 'refund_invoice' was used before: send a new one.", field="refund_invoice"
                    )
                return known
            bound = _one(connection, (refunds.c.order_id == refund.order_id) & _NOT_FAILED)
            if bound is not None:
                _give_way(connection, bound, now)
            check_refundable(Status(status), get_video(connection, refund.order_id))
            # It can be begun again by a claim alone, which waits for the same lock.
            given_up = jobs.update().where(jobs.c.order_id == refund.order_id, _FAILED_FOR_GOOD)
            if connection.execute(given_up.values(state=VideoState.FAILED.value)).rowcount == 0:
                raise NotRefundable("This video is being rendered: it is refunded only if that fails.")
            connection.execute(refunds.insert().values(**_row(refund), created_at=to_millis(now)))
            return refund

        return await self._database.write(work)

    async def begin(
        self, payment_hash: PaymentHash, *, node: str, now: datetime, again_before: datetime
    ) -> bool:
        """Note that the node is asked to pay now; False where it was, and not before that moment."""
        begin = (
            refunds.update()
            .where(
                refunds.c.payment_hash == payment_hash,
                refunds.c.state == RefundState.PAYING.value,
                refunds.c.asked_at.is_(None) | (refunds.c.asked_at < to_millis(again_before)),
            )
            .values(asked_at=to_millis(now), node=node)
        )
        return await self._database.write(lambda connection: connection.execute(begin).rowcount > 0)

    async def end(self, payment: Payment, now: datetime, *, asked_at: datetime | None) -> bool:
        """Make a refund REFUNDED, and its order, or FAILED; False where it had ended before, or was asked anew."""
        may_end = refunds.c.state == RefundState.PAYING.value
        if payment.state is PaymentState.FAILED:
            last = None if asked_at is None else to_millis(asked_at)
            may_end &= refunds.c.asked_at.is_not_distinct_from(last)
        return await self._database.write(lambda connection: _end(connection, payment, now, may_end))

    async def end_by_hand(self, order_id: int, payment: Payment, now: datetime) -> Refund:
        """Make a refund REFUNDED that somebody else paid, as its preimage proves; one that FAILED here too.

        Raises:
            NotRefundable: This order has no such invoice, or its money went back by another.
        """

        def work(connection: sa.Connection) -> Refund:
            connection.execute(
                sa.select(payments.c.id).where(payments.c.order_id == order_id).with_for_update()
            )
            refund = _one(
                connection,
                (refunds.c.order_id == order_id) & (refunds.c.payment_hash == payment.payment_hash),
            )
            if refund is None:
                raise NotRefundable(f"This is no preimage of an invoice of order {order_id}.")
            other = (
                (refunds.c.order_id == order_id)
                & (refunds.c.payment_hash != payment.payment_hash)
                & _NOT_FAILED
            )
            if _one(connection, other) is not None:
                raise NotRefundable(f"Another invoice of order {order_id} is bound or paid.")
            _end(connection, payment, now, refunds.c.state != RefundState.REFUNDED.value)
            return refund

        return await self._database.write(work)

    async def pay_owed(self) -> None:
        """Make every OWED refund PAYING."""
        pay = (
            refunds.update()
            .where(refunds.c.state == RefundState.OWED.value)
            .values(state=RefundState.PAYING.value)
        )
        await self._database.write(lambda connection: connection.execute(pay))

    async def paying(self) -> list[Refund]:
        """Return the refunds that are PAYING."""
        return await self._many(sa.select(refunds).where(refunds.c.state == RefundState.PAYING.value))

    async def debts(self) -> list[Debt]:
        """Return the paid orders that have failed and are not refunded, the oldest first."""
        query = (
            sa.select(payments.c.order_id, payments.c.paid_msat, payments.c.paid_at)
            .where(_PAID, payments.c.order_id.in_(sa.select(jobs.c.order_id).where(_FAILED_FOR_GOOD)))
            .order_by(payments.c.paid_at)
        )

        def work(connection: sa.Connection) -> list[Debt]:
            return [
                Debt(
                    order_id=row.order_id,
                    refund=_one(connection, (refunds.c.order_id == row.order_id) & _NOT_FAILED),
                    paid_msat=row.paid_msat,
                    paid_at=from_millis(row.paid_at),
                )
                for row in connection.execute(query)
            ]

        return await self._database.scan(work)

    async def unasked(self) -> list[Unasked]:
        """Return the paid orders whose video nobody has asked for, the oldest first."""
        query = (
            sa.select(payments.c.order_id, payments.c.paid_msat, payments.c.paid_at)
            .where(_UNASKED)
            .order_by(payments.c.paid_at)
        )
        rows = await self._database.scan(lambda connection: connection.execute(query).all())
        return [
            Unasked(order_id=row.order_id, paid_msat=row.paid_msat, paid_at=from_millis(row.paid_at))
            for row in rows
        ]

    async def ledger(self) -> Ledger:
        """Add the money up, all at one moment."""
        due = refunds.c.state.in_((RefundState.OWED.value, RefundState.PAYING.value))
        refunded = refunds.c.state == RefundState.REFUNDED.value
        query = sa.select(
            _sum(payments.c.paid_msat, was_paid).label("received_msat"),
            (_sum(payments.c.paid_msat, _UNASKED) + _sum(payments.c.paid_msat, _UNFINISHED)).label(
                "undelivered_msat"
            ),
            _sum(payments.c.paid_msat, was_paid & payments.c.order_id.is_(None)).label("topped_up_msat"),
            *(
                _sum(column, ~accounts.c.house).label(name)
                for name, column in (
                    ("prepaid_ms", accounts.c.free_ms + accounts.c.reserved_ms),
                    ("prepaid_used_ms", accounts.c.used_ms),
                )
            ),
            _sum(refunds.c.amount_msat, refunded).label("refunded_msat"),
            _sum(refunds.c.fee_msat, refunded).label("fees_msat"),
            _sum(refunds.c.amount_msat, due).label("owed_msat"),
            sa.select(sa.func.count()).select_from(refunds).where(due).scalar_subquery().label("owed"),
        )
        row = await self._database.scan(lambda connection: connection.execute(query).mappings().one())
        return Ledger(**{name: int(value) for name, value in row.items()})

    async def _many(self, query: sa.Select[Any]) -> list[Refund]:
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [to_refund(row) for row in rows]


def _give_way(connection: sa.Connection, bound: Refund, now: datetime) -> None:
    """Let go of an invoice that nobody can pay any more and our node was never asked to."""
    if bound.state is not RefundState.OWED:
        gone = bound.state is RefundState.REFUNDED
        raise RefundBound(
            "The money for this order was given back already."
            if gone
            else "Another invoice is bound: it is being paid, and until that fails no other is."
        )
    if now < bound.expires_at + GIVE_WAY_AFTER:
        raise RefundBound(
            "Another invoice is bound: until it expires, and"
            f" {GIVE_WAY_AFTER.total_seconds() / 60:.0f} minutes longer, the operator may be paying it."
        )
    gave_way = connection.execute(
        refunds.update()
        .where(refunds.c.payment_hash == bound.payment_hash, refunds.c.state == RefundState.OWED.value)
        .values(state=RefundState.FAILED.value, failure="it expired", ended_at=to_millis(now))
    )
    if gave_way.rowcount == 0:  # the operator said meanwhile that it is paid
        raise RefundBound("Another invoice is bound: it is being paid, and until that fails no other is.")


def _end(connection: sa.Connection, payment: Payment, now: datetime, may_end: sa.ColumnElement[bool]) -> bool:
    state = _ENDS[payment.state]
    order_id = connection.execute(
        refunds.update()
        .where(refunds.c.payment_hash == payment.payment_hash, may_end)
        .values(
            state=state.value,
            fee_msat=payment.fee,
            preimage=payment.preimage,
            failure=payment.failure,
            ended_at=to_millis(now),
        )
        .returning(refunds.c.order_id)
    ).scalar()
    if order_id is not None and state is RefundState.REFUNDED:
        refunded = connection.execute(
            payments.update()
            .where(payments.c.order_id == order_id, payments.c.status == Status.PAID.value)
            .values(status=Status.REFUNDED.value)
        )
        if refunded.rowcount == 0:
            log.error("refunded_unpaid", order=order_id)
        tell(connection, order_id, Event.REFUND_PAID, now)
    return order_id is not None


def _one(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Refund | None:
    row = connection.execute(sa.select(refunds).where(condition)).mappings().first()
    return None if row is None else to_refund(row)


def _row(refund: Refund) -> dict[str, Any]:
    return {
        "payment_hash": refund.payment_hash,
        "order_id": refund.order_id,
        "invoice": refund.invoice,
        "open_amount": refund.open_amount,
        "state": refund.state.value,
        "amount_msat": refund.amount_msat,
        "fee_limit_msat": refund.fee_limit_msat,
        "expires_at": to_millis(refund.expires_at),
    }


def to_refund(row: Mapping[Any, Any]) -> Refund:
    """Make a refund of its row."""
    return Refund(
        order_id=row["order_id"],
        payment_hash=PaymentHash(row["payment_hash"]),
        invoice=row["invoice"],
        open_amount=row["open_amount"],
        state=RefundState(row["state"]),
        amount_msat=Msat(row["amount_msat"]),
        fee_limit_msat=Msat(row["fee_limit_msat"]),
        fee_msat=None if row["fee_msat"] is None else Msat(row["fee_msat"]),
        preimage=None if row["preimage"] is None else Preimage(row["preimage"]),
        failure=row["failure"],
        expires_at=from_millis(row["expires_at"]),
        node=row["node"],
        asked_at=None if row["asked_at"] is None else from_millis(row["asked_at"]),
    )


def _sum(column: sa.ColumnElement[Any], condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    total = sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)  # PostgreSQL's sum has decimals
    return sa.select(total).where(condition).scalar_subquery()
