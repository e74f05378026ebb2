"""Orders in SQL."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from service.errors import KeyTaken, Unavailable
from service.jobs.names import background_name
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.port import Filter, NewOrder, Tally
from service.orders.stage import Stage
from service.orders.tokens import IdempotencyKey
from service.orders.wish import Wish
from service.payments.payment import Payment
from service.pricing.price import PERCENT
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Database, Row
from service.storage.desk_schema import failed, making
from service.storage.order_schema import lnurls, root_keys, webhooks
from service.storage.payments import to_payment
from service.storage.schema import by_invoice, idempotency_keys, jobs, orders, payments, was_paid

ORDERS = sa.select(orders, payments.c.status, payments.c.expires_at).join(payments)
"""What `to_order` makes orders of."""

WITH_PAYMENTS = sa.select(orders, payments).join(payments)
"""What both `to_order` and `to_payment` take."""


class SqlOrders:
    """Keeps quotes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, order: NewOrder) -> int:
        """Keep a quote with its payment; on disk when this returns."""
        row = _rows(order)
        if order.idempotency is None:
            return await self._database.add(_add_quotes, row)
        idempotency = msgspec.structs.asdict(order.idempotency)
        return await self._database.write(lambda connection: _add_idempotent(connection, row, idempotency))

    async def find(self, invoice: str) -> Order | None:
        """Find the order of exactly this invoice."""
        if "\0" in invoice:  # what PostgreSQL cannot even be asked for
            return None
        return await self._one(ORDERS.where(payments.c.invoice == invoice))

    async def get(self, order_id: int) -> Order | None:
        """Find an order by its number."""
        return await self._one(ORDERS.where(orders.c.id == order_id))

    async def writable(self) -> None:
        """Return once a change could be kept, and change nothing."""
        if not await self._database.write(_may_write):
            raise Unavailable("The database takes no changes now. Your payment is safe: try again soon.")

    async def of_idempotency_key(
        self, key_hash: bytes, now: datetime
    ) -> tuple[IdempotencyKey, Order, Payment] | None:
        """Find the order that was made with this key and has not run out."""
        query = WITH_PAYMENTS.add_columns(idempotency_keys).join(
            idempotency_keys, idempotency_keys.c.order_id == orders.c.id
        )
        query = query.where(
            by_invoice,
            idempotency_keys.c.key_hash == key_hash,
            idempotency_keys.c.expires_at > to_millis(now),
        )
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            return None
        idempotency = IdempotencyKey(
            key_hash=row[idempotency_keys.c.key_hash],
            fingerprint=row[idempotency_keys.c.fingerprint],
            salt=row[idempotency_keys.c.salt],
        )
        return idempotency, to_order(row), to_payment(row)

    async def page(self, wanted: Filter, *, limit: int) -> list[tuple[Order, Payment]]:
        """Return the newest orders that are wanted, in ascending order."""
        query = (
            WITH_PAYMENTS.where(by_invoice, *_conditions(wanted)).order_by(orders.c.id.desc()).limit(limit)
        )
        rows: Sequence[Row] = await self._database.scan(
            lambda connection: connection.execute(query).mappings().all()
        )
        return [(to_order(row), to_payment(row)) for row in reversed(rows)]

    async def tally(self, now: datetime) -> Tally:
        """Count the orders in the states that an operator watches."""
        unasked = ~sa.exists().where(jobs.c.order_id == payments.c.order_id)
        of_order = payments.c.order_id.is_not(None)  # top-ups have none
        query = sa.select(
            _count(
                payments.c.status == Status.PENDING.value, payments.c.expires_at > to_millis(now), by_invoice
            ),
            _count(was_paid, payments.c.status == Status.PAID.value, of_order, unasked),
            _count_paid(making),
            _count_paid(failed),
            _count(payments.c.status == Status.HELD.value),
        )
        open_quotes, waiting, made, given_up, held = await self._database.scan(
            lambda connection: connection.execute(query).one()
        )
        return Tally(
            open_quotes=open_quotes, undelivered=waiting + made + given_up, failed=given_up, held=held
        )

    async def _one(self, query: sa.Select[Any]) -> Order | None:
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else to_order(row)


def _may_write(connection: sa.Connection) -> bool:
    """Whether the transaction that this is in may change rows: on SQLite it holds the file, so it may."""
    if connection.dialect.name == "sqlite":
        return True
    # A server that only follows another answers every read.
    return bool(connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "off")


def _rows(order: NewOrder) -> dict[str, dict[str, Any]]:
    beside = {"root_key": order.root_key, "lnurl": order.lnurl, "webhook": order.webhook}
    kept = {name: msgspec.structs.asdict(each) for name, each in beside.items() if each is not None}
    return kept | {
        "order": {
            "text": order.wish.text,
            "upload": order.wish.upload,
            "duration_ms": order.wish.duration_ms,
            "amount_sat": order.price.amount_sat,
            "usd_micros": order.price.usd_micros,
            "avatar": order.wish.choice.avatar,
            "emotion": order.wish.choice.emotion,
            "language": order.wish.choice.language,
            "voice": order.wish.choice.voice,
            **stage_columns(order.wish),
            "refund_hash": order.refund_hash,
            "claim_hash": order.claim_hash,
            "created_at": to_millis(order.created_at),
        },
        "payment": {
            "kind": order.payment.kind.value,
            "invoice": order.payment.invoice,
            "payment_hash": order.payment.payment_hash,
            "node": order.payment.node,
            "status": Status.PENDING.value,
            "expires_at": to_millis(order.payment.expires_at),
        },
    }


def stage_columns(wish: Wish) -> dict[str, Any]:
    """Lay out what an order has on a stage of its own; nothing of one without."""
    if wish.stage is None:
        return {"stage": None, "percent": None, "background": None}
    picture = wish.stage.picture
    return {
        "stage": msgspec.json.encode(wish.stage).decode(),
        "percent": wish.percent,
        "background": picture and background_name(picture),
    }


def _add_quotes(connection: sa.Connection, quotes: Sequence[dict[str, dict[str, Any]]]) -> list[int]:
    """Keep quotes by two statements, three where some are sold by L402; their numbers, in the same order."""
    # Each is found again by its hash, which is random: no database promises to number rows in the order that they came.
    numbers = orders.insert().returning(orders.c.refund_hash, orders.c.id)
    ids = {row.refund_hash: row.id for row in connection.execute(numbers, [each["order"] for each in quotes])}
    added = [ids[each["order"]["refund_hash"]] for each in quotes]
    rows = [{**each["payment"], "order_id": order_id} for each, order_id in zip(quotes, added, strict=True)]
    connection.execute(payments.insert(), rows)
    for name, table in (("root_key", root_keys), ("lnurl", lnurls), ("webhook", webhooks)):
        beside = [
            {**each[name], "order_id": order_id}
            for each, order_id in zip(quotes, added, strict=True)
            if name in each
        ]
        if beside:
            connection.execute(table.insert(), beside)
    return added


def _add_idempotent(
    connection: sa.Connection, quote: dict[str, dict[str, Any]], idempotency: dict[str, bytes]
) -> int:
    """Keep a quote and the key that it was asked for with, both or neither, and forget the keys that ran out."""
    connection.execute(
        idempotency_keys.delete().where(idempotency_keys.c.expires_at <= quote["order"]["created_at"])
    )
    [order_id] = _add_quotes(connection, [quote])
    row = {**idempotency, "order_id": order_id, "expires_at": quote["payment"]["expires_at"]}
    try:
        connection.execute(idempotency_keys.insert().values(row))
    except sa.exc.IntegrityError as error:
        raise KeyTaken from error
    return order_id


def to_order(row: Mapping[Any, Any]) -> Order:
    """Make an order of its row and its payment's."""
    return Order(
        id=row[orders.c.id],
        status=Status(row[payments.c.status]),
        wish=Wish(
            text=row[orders.c.text],
            upload=row[orders.c.upload],
            duration_ms=row[orders.c.duration_ms],
            choice=Choice(
                avatar=row[orders.c.avatar],
                emotion=row[orders.c.emotion],
                language=row[orders.c.language],
                voice=row[orders.c.voice],
            ),
            stage=(
                None if row[orders.c.stage] is None else msgspec.json.decode(row[orders.c.stage], type=Stage)
            ),
            percent=row[orders.c.percent] or PERCENT,
        ),
        amount_sat=row[orders.c.amount_sat],
        usd_micros=row[orders.c.usd_micros],
        created_at=from_millis(row[orders.c.created_at]),
        expires_at=from_millis(row[payments.c.expires_at]),
        claim_hash=row[orders.c.claim_hash],
        forgotten_at=None if row[orders.c.forgotten_at] is None else from_millis(row[orders.c.forgotten_at]),
        refund_hash=row[orders.c.refund_hash],
        account_id=row[orders.c.account_id],
        public_id=row[orders.c.public_id],
    )


def _conditions(wanted: Filter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.before_id is not None:
        yield orders.c.id < wanted.before_id
    if wanted.status is not None:
        yield payments.c.status == wanted.status.value
    for column, begin, end in (
        (orders.c.created_at, wanted.created_from, wanted.created_to),
        (payments.c.paid_at, wanted.paid_from, wanted.paid_to),
    ):
        if begin is not None:
            yield column >= to_millis(begin)
        if end is not None:
            yield column < to_millis(end)


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(payments).where(*conditions).scalar_subquery()


def _count_paid(video: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Count paid orders whose video is in a state that an index is of."""
    of_video = payments.c.order_id.in_(sa.select(jobs.c.order_id).where(video))
    return _count(was_paid, payments.c.status == Status.PAID.value, of_video)
