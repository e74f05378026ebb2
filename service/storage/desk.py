"""Orders as the desk shows them, in SQL. Each look is a page or one order, by an index."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from service.desk.port import Found, Job, Letter, Line, Piece, Shelf, Story
from service.orders.choice import Choice
from service.orders.order import Status
from service.orders.video import VideoState
from service.orders.webhook import Event
from service.payments.payment import Kind
from service.runtime.clock import from_millis
from service.storage.account_schema import account_webhooks, top_ups
from service.storage.database import Database, Row, Work
from service.storage.desk_schema import failed, making
from service.storage.order_schema import lnurls, outbox, root_keys, webhooks
from service.storage.outbox import DEAD
from service.storage.refunds import to_refund
from service.storage.schema import jobs, orders, payments, refunds, segments

T = TypeVar("T")

AT_ONCE = 2
"""Looks of the desk at the same time: of the connections that buyers share it never has more."""

MOST = 100
"""Refunds and letters that are shown of one order."""


class Room:
    """Lets few looks of the desk at the database at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._room = asyncio.Semaphore(AT_ONCE)

    async def scan(self, work: Work[T]) -> T:
        """Run reads beside those that somebody waits for."""
        async with self._room:
            return await self._database.scan(work)


class SqlDesk:
    """Looks orders up."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def page(self, shelf: Shelf | None, *, below: int | None, limit: int) -> list[Line]:
        """Return the newest orders, the newest first; below a number, where one is given."""
        rows = await self._many(page_query(shelf, below=below, limit=limit))
        return [_line(row) for row in rows]

    async def story(self, order_id: int, *, pieces: int) -> Story | None:
        """Return all that is known of an order, with so many of its segments."""

        def work(connection: sa.Connection) -> Story | None:
            row = connection.execute(_STORY.where(orders.c.id == order_id)).mappings().first()
            return None if row is None else _story(connection, row, pieces)

        return await self._room.scan(work)

    async def find(
        self,
        *,
        order_id: int | None = None,
        payment_hash: bytes | None = None,
        invoice: str | None = None,
        public_id: str | None = None,
    ) -> Found | None:
        """Find by the first of these that is given, exactly."""
        query = _FOUND.outerjoin(top_ups, top_ups.c.payment_id == payments.c.id)
        if order_id is not None:
            query = query.where(payments.c.order_id == order_id)
        elif payment_hash is not None:
            query = query.where(payments.c.payment_hash == payment_hash)
        elif invoice is not None:
            query = query.where(payments.c.invoice == invoice)
        else:
            query = query.join(orders).where(orders.c.public_id == public_id)
        for row in await self._many(query.limit(1)):
            return Found(order_id=row[payments.c.order_id], account_id=row[top_ups.c.account_id])
        return None

    async def dead(self, *, above: int, limit: int) -> list[Letter]:
        """Return letters that were given up, the oldest first, above a number."""
        given_up = _LETTERS.where(outbox.c.state == DEAD, outbox.c.id > above)
        return [_letter(row) for row in await self._many(given_up.order_by(outbox.c.id).limit(limit))]

    async def _many(self, query: sa.Select[Any]) -> Sequence[Row]:
        return await self._room.scan(lambda connection: connection.execute(query).mappings().all())


_FOUND = sa.select(payments.c.order_id, top_ups.c.account_id).select_from(payments)

_OF_LINE = (
    *(orders.c[name] for name in ("id", "created_at", "amount_sat", "duration_ms", "account_id")),
    orders.c.avatar,
    orders.c.claim_hash.is_not(None).label("private"),
    *(payments.c[name] for name in ("kind", "status", "paid_msat")),
    jobs.c.state,
    jobs.c.avatar,
)

_SHOWN = sa.select(*_OF_LINE).join(payments).outerjoin(jobs, jobs.c.order_id == orders.c.id)

_STORY = (
    sa.select(
        orders,
        payments,
        *(column for column in jobs.c if column.name != "init"),
        orders.c.claim_hash.is_not(None).label("private"),
    )
    .join(payments)
    .outerjoin(jobs, jobs.c.order_id == orders.c.id)
)

_URL = sa.func.coalesce(webhooks.c.url, account_webhooks.c.url).label("url")

_LETTERS = (
    sa.select(outbox, _URL)
    .outerjoin(webhooks, webhooks.c.order_id == outbox.c.order_id)
    .outerjoin(account_webhooks, account_webhooks.c.account_id == outbox.c.account_id)
)


def page_query(shelf: Shelf | None, *, below: int | None, limit: int) -> sa.Select[Any]:
    """Ask for a page of orders; the column that it is sorted by is of an index with what it is filtered by."""
    if shelf is Shelf.FAILED or shelf is Shelf.RENDERING:
        of_job = sa.select(jobs.c.order_id).where(failed if shelf is Shelf.FAILED else making)
        page = _below(of_job, jobs.c.order_id, below).limit(limit)
        return _SHOWN.where(orders.c.id.in_(page)).order_by(orders.c.id.desc())
    if shelf is None:
        return _below(_SHOWN, orders.c.id, below).limit(limit)
    of_payment = _SHOWN.where(payments.c.status == shelf.value)
    return _below(of_payment, payments.c.order_id, below).limit(limit)


def _below(query: sa.Select[Any], key: sa.ColumnElement[int], below: int | None) -> sa.Select[Any]:
    query = query if below is None else query.where(key < below)
    return query.order_by(key.desc())


def _line(row: Row) -> Line:
    return Line(
        id=row[orders.c.id],
        created_at=from_millis(row[orders.c.created_at]),
        kind=Kind(row[payments.c.kind]),
        status=Status(row[payments.c.status]),
        video=VideoState(row[jobs.c.state] or VideoState.NONE.value),
        amount_sat=row[orders.c.amount_sat],
        paid_msat=row[payments.c.paid_msat],
        duration_ms=row[orders.c.duration_ms],
        avatar=row[jobs.c.avatar] or row[orders.c.avatar],
        account_id=row[orders.c.account_id],
        private=bool(row["private"]),
    )


def _story(connection: sa.Connection, row: Row, pieces: int) -> Story:
    order_id, private = row[orders.c.id], bool(row["private"])

    def has(table: sa.Table) -> bool:
        return (
            connection.execute(sa.select(table.c.order_id).where(table.c.order_id == order_id)).first()
            is not None
        )

    back = sa.select(refunds).where(refunds.c.order_id == order_id).order_by(refunds.c.created_at.desc())
    told = _LETTERS.where(outbox.c.order_id == order_id).order_by(outbox.c.id)
    return Story(
        line=_line(row),
        said=None if private else row[orders.c.text],
        uploaded=row[orders.c.upload] is not None,
        usd_micros=row[orders.c.usd_micros],
        choice=Choice(**{name: row[orders.c[name]] for name in Choice.__struct_fields__}),
        public_id=row[orders.c.public_id],
        expires_at=from_millis(row[payments.c.expires_at]),
        forgotten_at=_moment(row[orders.c.forgotten_at]),
        invoice=row[payments.c.invoice],
        payment_hash=row[payments.c.payment_hash],
        node=row[payments.c.node],
        giving_back=bool(row[payments.c.giving_back]),
        paid_at=_moment(row[payments.c.paid_at]),
        l402=has(root_keys),
        lnurl=has(lnurls),
        webhook=connection.scalar(sa.select(webhooks.c.url).where(webhooks.c.order_id == order_id)),
        job=None if row[jobs.c.id] is None else _job(connection, row, pieces),
        refunds=[to_refund(each) for each in connection.execute(back.limit(MOST)).mappings()],
        letters=[_letter(each) for each in connection.execute(told.limit(MOST)).mappings()],
    )


def _job(connection: sa.Connection, row: Row, pieces: int) -> Job:
    stored = sa.select(segments).where(segments.c.job_id == row[jobs.c.id]).order_by(segments.c.n)
    moments = {
        name: _moment(row[jobs.c[name]]) for name in ("tried_at", "queued_at", "finished_at", "delivered_at")
    }
    plain = ("attempt", "edition", "tries", "owner", "failure", "segments", "frames", "size", "engine")
    return Job(
        state=VideoState(row[jobs.c.state]),
        lease_until=from_millis(row[jobs.c.lease_until]),
        refused=bool(row[jobs.c.refused]),
        choice=Choice(**{name: row[jobs.c[name]] for name in Choice.__struct_fields__}),
        pieces=[
            Piece(n=each.n, first_frame=each.first_frame, frames=each.frames, size=each.size)
            for each in connection.execute(stored.limit(pieces))
        ],
        **{name: row[jobs.c[name]] for name in plain},
        **moments,
    )


def _letter(row: Row) -> Letter:
    return Letter(
        id=row[outbox.c.id],
        message_id=row[outbox.c.message_id],
        order_id=row[outbox.c.order_id],
        account_id=row[outbox.c.account_id],
        event=Event(row[outbox.c.event]),
        dead=row[outbox.c.state] == DEAD,
        tries=row[outbox.c.tries],
        happened_at=from_millis(row[outbox.c.happened_at]),
        next_at=from_millis(row[outbox.c.next_at]),
        failure=row[outbox.c.failure],
        url=row["url"],
    )


def _moment(stored: int | None) -> Any:
    return None if stored is None else from_millis(stored)
