"""The money of the shop by avatar, payments for the books, and accounts, in SQL."""

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from service.desk.port import AccountLine, Receipt, Share
from service.orders.order import Status
from service.payments.payment import Kind
from service.refunds.refund import RefundState
from service.runtime.clock import from_millis, to_millis
from service.storage.account_schema import top_ups
from service.storage.database import Row
from service.storage.desk import Room
from service.storage.schema import accounts, by_invoice, jobs, orders, payments, refunds, was_paid

DAY_S = 86_400


class SqlBooks:
    """Adds the money up."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def shares(self, since: datetime, until: datetime) -> list[Share]:
        """Return what came in by avatar, the most first."""
        query = shares_query(since, until)
        rows = await self._room.scan(lambda connection: connection.execute(query).all())
        return [
            Share(
                avatar=row.avatar, top_up=bool(row.top_up), received_msat=int(row.msat), payments=row.payments
            )
            for row in rows
        ]

    async def refunded(self, since: datetime, until: datetime) -> dict[date, int]:
        """Return what went back on each day, with what the way cost, in millisatoshi."""
        query = refunded_query(since, until)
        rows = await self._room.scan(lambda connection: connection.execute(query).all())
        return {datetime.fromtimestamp(row.day * DAY_S, UTC).date(): int(row.msat) for row in rows}

    async def receipts(
        self, since: datetime, until: datetime, *, after: tuple[datetime, int] | None, limit: int
    ) -> list[Receipt]:
        """Return payments of a time, the oldest first, after a moment and a number."""
        query = receipts_query(since, until, after=after, limit=limit)
        rows = await self._room.scan(lambda connection: connection.execute(query).mappings().all())
        return [_receipt(row) for row in rows]

    async def accounts(self, *, above: int, limit: int) -> list[AccountLine]:
        """Return accounts, the oldest first, above a number."""
        query = sa.select(accounts).where(accounts.c.id > above).order_by(accounts.c.id).limit(limit)
        rows = await self._room.scan(lambda connection: connection.execute(query).mappings().all())
        return [
            AccountLine(
                created_at=from_millis(row["created_at"]),
                **{name: row[name] for name in AccountLine.__struct_fields__ if name != "created_at"},
            )
            for row in rows
        ]


def _within(column: sa.ColumnElement[Any], since: datetime, until: datetime) -> sa.ColumnElement[bool]:
    return (column >= to_millis(since)) & (column < to_millis(until))


def refunded_query(since: datetime, until: datetime) -> sa.Select[Any]:
    """Ask for what went back on each day."""
    day = (refunds.c.ended_at // (DAY_S * 1000)).label("day")
    went = sa.func.sum(refunds.c.amount_msat + sa.func.coalesce(refunds.c.fee_msat, 0))
    return (
        sa.select(day, went.label("msat"))
        .where(
            refunds.c.state == RefundState.REFUNDED.value,
            _within(refunds.c.ended_at, since, until),
        )
        .group_by(day)
    )


def shares_query(since: datetime, until: datetime) -> sa.Select[Any]:
    """Ask for what came in by the avatar of its video."""
    avatar = jobs.c.avatar.label("avatar")
    top_up = payments.c.order_id.is_(None).label("top_up")
    msat = sa.func.sum(payments.c.paid_msat).label("msat")
    return (
        sa.select(avatar, top_up, msat, sa.func.count().label("payments"))
        .select_from(payments)
        .outerjoin(jobs, jobs.c.order_id == payments.c.order_id)
        .where(was_paid, payments.c.paid_msat > 0, _within(payments.c.paid_at, since, until))
        .group_by(avatar, top_up)
        .order_by(msat.desc())
    )


def receipts_query(
    since: datetime, until: datetime, *, after: tuple[datetime, int] | None, limit: int
) -> sa.Select[Any]:
    """Ask for a page of payments in the order that they came in."""
    refunded = (refunds.c.order_id == payments.c.order_id) & (refunds.c.state != RefundState.FAILED.value)
    query = (
        sa.select(
            payments,
            *(orders.c[name] for name in ("amount_sat", "usd_micros", "duration_ms", "account_id")),
            orders.c.avatar,
            jobs.c.avatar,
            *(top_ups.c[name] for name in ("amount_sat", "usd_micros", "ms", "account_id")),
            *(refunds.c[name] for name in ("state", "amount_msat", "fee_msat")),
        )
        .select_from(payments)
        .outerjoin(orders, orders.c.id == payments.c.order_id)
        .outerjoin(jobs, jobs.c.order_id == payments.c.order_id)
        .outerjoin(top_ups, top_ups.c.payment_id == payments.c.id)
        .outerjoin(refunds, refunded)
        .where(was_paid, by_invoice, _within(payments.c.paid_at, since, until))
        .order_by(payments.c.paid_at, payments.c.id)
        .limit(limit)
    )
    if after is None:
        return query
    moment, number = to_millis(after[0]), after[1]
    later = (payments.c.paid_at > moment) | ((payments.c.paid_at == moment) & (payments.c.id > number))
    return query.where(payments.c.paid_at >= moment, later)


def _receipt(row: Row) -> Receipt:
    ordered = row[payments.c.order_id] is not None
    sold = orders if ordered else top_ups
    went = row[refunds.c.state] == RefundState.REFUNDED.value
    return Receipt(
        id=row[payments.c.id],
        paid_at=from_millis(row[payments.c.paid_at]),
        order_id=row[payments.c.order_id],
        account_id=row[sold.c.account_id],
        kind=Kind(row[payments.c.kind]),
        status=Status(row[payments.c.status]),
        amount_sat=row[sold.c.amount_sat],
        paid_msat=row[payments.c.paid_msat],
        usd_micros=row[sold.c.usd_micros],
        duration_ms=row[orders.c.duration_ms] if ordered else row[top_ups.c.ms],
        avatar=row[jobs.c.avatar] or row[orders.c.avatar],
        refunded_msat=row[refunds.c.amount_msat] if went else 0,
        refund_fee_msat=(row[refunds.c.fee_msat] or 0) if went else 0,
        payment_hash=row[payments.c.payment_hash],
    )
