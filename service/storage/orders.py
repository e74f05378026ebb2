"""Orders in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from lightning import PaymentHash, SettleIndex, Settlement
from service.errors import KeyTaken
from service.orders.choice import Choice
from service.orders.order import UNDECIDED, Order, Status
from service.orders.port import NewOrder, Tally
from service.orders.tokens import Once
from service.orders.video import VideoState
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Database
from service.storage.schema import nodes, orders, repeats, videos


class SqlOrders:
    """Keeps quotes and what the node says of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, order: NewOrder) -> None:
        """Keep a quote; on disk when this returns."""
        row = {
            "invoice": order.invoice,
            "payment_hash": order.payment_hash,
            "status": Status.PENDING.value,
            "text": order.text,
            "upload": order.upload,
            "duration_ms": order.duration_ms,
            "amount_sat": order.price.amount_sat,
            "usd_micros": order.price.usd_micros,
            "avatar": order.choice.avatar,
            "emotion": order.choice.emotion,
            "language": order.choice.language,
            "voice": order.choice.voice,
            "refund_hash": order.refund_hash,
            "claim_hash": order.claim_hash,
            "created_at": to_millis(order.created_at),
            "expires_at": to_millis(order.expires_at),
            "hold": order.hold,
        }
        if order.once is None:
            await self._database.insert(orders, row)
        else:
            once = msgspec.structs.asdict(order.once)
            await self._database.write(lambda connection: _add_once(connection, row, once))

    async def find(self, invoice: str) -> Order | None:
        """Find the order of exactly this invoice."""
        if "\0" in invoice:  # what PostgreSQL cannot even be asked for
            return None
        return await self._one(orders.c.invoice == invoice)

    async def get(self, order_id: int) -> Order | None:
        """Find an order by its number."""
        return await self._one(orders.c.id == order_id)

    async def repeated(self, key_hash: bytes, now: datetime) -> tuple[Once, Order] | None:
        """Find the order that was made with this key and has not run out."""
        query = sa.select(repeats).where(
            repeats.c.key_hash == key_hash, repeats.c.expires_at > to_millis(now)
        )
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            return None
        order = await self.get(row["order_id"])
        assert order is not None
        return Once(key_hash=row["key_hash"], fingerprint=row["fingerprint"], salt=row["salt"]), order

    async def page(self, *, limit: int, before_id: int | None) -> list[Order]:
        """Return the newest orders below an id, in ascending order."""
        query = sa.select(orders).order_by(orders.c.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(orders.c.id < before_id)
        return (await self._many(query))[::-1]

    async def overdue(self, now: datetime, *, limit: int) -> list[Order]:
        """Return pending orders whose quote has run out, the oldest first."""
        return await self._many(
            sa.select(orders)
            .where(orders.c.status == Status.PENDING.value, orders.c.expires_at <= to_millis(now))
            .order_by(orders.c.expires_at)
            .limit(limit)
        )

    async def count_open(self, now: datetime) -> int:
        """Count the quotes that can be paid and are not; an index holds all that it looks at."""
        query = sa.select(sa.func.count()).where(
            orders.c.status == Status.PENDING.value, orders.c.expires_at > to_millis(now)
        )
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))

    async def still(self, payment_hashes: Collection[PaymentHash], *of: Status) -> set[PaymentHash]:
        """Return those of these whose order is in one of the states."""
        query = sa.select(orders.c.payment_hash).where(
            orders.c.payment_hash.in_(payment_hashes), orders.c.status.in_([status.value for status in of])
        )
        return set(await self._database.read(lambda connection: connection.execute(query).scalars().all()))

    async def settle_index(self, pubkey: str) -> SettleIndex:
        """Return the last settlement of this node that was dealt with; 0 for none."""
        query = sa.select(nodes.c.settle_index).where(nodes.c.pubkey == pubkey)
        index = await self._database.read(lambda connection: connection.execute(query).scalar())
        return SettleIndex(index or 0)

    async def settle(self, pubkey: str, settlement: Settlement) -> int | None:
        """Deal with a settlement once: the order becomes paid and the index moves on, both or neither.

        Returns:
            The order that this made paid; None where the invoice is not ours or was paid before.
        """

        def work(connection: sa.Connection) -> int | None:
            moved = connection.execute(
                nodes.update()
                .where(nodes.c.pubkey == pubkey, nodes.c.settle_index < settlement.settle_index)
                .values(settle_index=settlement.settle_index)
            )
            known = sa.select(nodes.c.pubkey).where(nodes.c.pubkey == pubkey)
            if moved.rowcount == 0 and connection.execute(known).first() is None:
                connection.execute(nodes.insert().values(pubkey=pubkey, settle_index=settlement.settle_index))
            return _mark_paid(
                connection, settlement.payment_hash, settlement.settled_at, settlement.amount_paid
            )

        return await self._database.write(work)

    async def mark_paid(self, payment_hash: PaymentHash, paid_at: datetime, paid_msat: int) -> int | None:
        """Make an order paid that the node, asked, calls settled."""
        return await self._database.write(
            lambda connection: _mark_paid(connection, payment_hash, paid_at, paid_msat)
        )

    async def mark_expired(self, order_id: int) -> None:
        """Make an order expired, unless it was paid in the meantime."""
        await self._database.write(
            lambda connection: connection.execute(
                orders.update()
                .where(orders.c.id == order_id, orders.c.status == Status.PENDING.value)
                .values(status=Status.EXPIRED.value)
            )
        )

    async def holds(self) -> list[Order]:
        """Return the hold orders whose payment is open or held, the oldest first."""
        undecided = [status.value for status in UNDECIDED]
        return await self._many(
            sa.select(orders).where(orders.c.status.in_(undecided), orders.c.hold).order_by(orders.c.id)
        )

    async def mark_held(self, order_id: int) -> bool:
        """Make a pending order held; whether this did it."""
        return await self._database.write(
            lambda connection: _move(connection, order_id, Status.HELD, of=(Status.PENDING,))
        )

    async def mark_canceled(self, order_id: int) -> bool:
        """Make an order canceled whose held payment went back, and end its render; whether this did it."""

        def work(connection: sa.Connection) -> bool:
            canceled = _move(connection, order_id, Status.CANCELED, of=UNDECIDED)
            if canceled:  # whoever renders it, on any replica, has lost it
                rendering = videos.c.state == VideoState.RENDERING.value
                lost = videos.update().where(videos.c.order_id == order_id, rendering)
                connection.execute(lost.values(state=VideoState.INTERRUPTED.value))
            return canceled

        return await self._database.write(work)

    async def tally(self, now: datetime) -> Tally:
        """Count the orders in the states that an operator watches."""
        delivered = (VideoState.READY.value, VideoState.DELETED.value)
        whole = sa.exists().where(videos.c.order_id == orders.c.id, videos.c.state.in_(delivered))
        query = sa.select(
            _count(orders.c.status == Status.PENDING.value, orders.c.expires_at > to_millis(now)),
            _count(orders.c.status == Status.PAID.value, ~whole),
            _count(orders.c.status == Status.HELD.value),
        )
        open_quotes, undelivered, held = await self._database.read(
            lambda connection: connection.execute(query).one()
        )
        return Tally(open_quotes=open_quotes, undelivered=undelivered, held=held)

    async def _one(self, condition: sa.ColumnElement[bool]) -> Order | None:
        found = await self._many(sa.select(orders).where(condition))
        return found[0] if found else None

    async def _many(self, query: sa.Select[Any]) -> list[Order]:
        rows: Sequence[Mapping[Any, Any]] = await self._database.read(
            lambda connection: connection.execute(query).mappings().all()
        )
        return [to_order(row) for row in rows]


def _add_once(connection: sa.Connection, row: dict[str, Any], once: dict[str, bytes]) -> None:
    """Keep a quote and the key that it was asked for with, both or neither, and forget the keys that ran out."""
    connection.execute(repeats.delete().where(repeats.c.expires_at <= row["created_at"]))
    order_id = connection.execute(orders.insert().values(row).returning(orders.c.id)).scalar_one()
    try:
        connection.execute(repeats.insert().values(**once, order_id=order_id, expires_at=row["expires_at"]))
    except sa.exc.IntegrityError as error:
        raise KeyTaken from error


def _move(connection: sa.Connection, order_id: int, to: Status, *, of: Collection[Status]) -> bool:
    move = (
        orders.update()
        .where(orders.c.id == order_id, orders.c.status.in_([status.value for status in of]))
        .values(status=to.value)
    )
    return connection.execute(move).rowcount > 0


def _mark_paid(
    connection: sa.Connection, payment_hash: bytes, paid_at: datetime, paid_msat: int
) -> int | None:
    """Move to paid, whatever we took it for; an order that was paid before stays as it is."""
    return connection.execute(
        orders.update()
        .where(
            orders.c.payment_hash == payment_hash,
            orders.c.status.not_in((Status.PAID.value, Status.REFUNDED.value)),
        )
        .values(status=Status.PAID.value, paid_at=to_millis(paid_at), paid_msat=paid_msat)
        .returning(orders.c.id)
    ).scalar()


def to_order(row: Mapping[Any, Any]) -> Order:
    """Make an order of its row."""
    return Order(
        id=row["id"],
        invoice=row["invoice"],
        payment_hash=row["payment_hash"],
        status=Status(row["status"]),
        text=row["text"],
        upload=row["upload"],
        duration_ms=row["duration_ms"],
        amount_sat=row["amount_sat"],
        usd_micros=row["usd_micros"],
        choice=Choice(
            avatar=row["avatar"], emotion=row["emotion"], language=row["language"], voice=row["voice"]
        ),
        created_at=from_millis(row["created_at"]),
        expires_at=from_millis(row["expires_at"]),
        paid_at=None if row["paid_at"] is None else from_millis(row["paid_at"]),
        claim_hash=row["claim_hash"],
        forgotten_at=None if row["forgotten_at"] is None else from_millis(row["forgotten_at"]),
        refund_hash=row["refund_hash"],
        paid_msat=row["paid_msat"] or 0,
        hold=row["hold"],
    )


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(orders).where(*conditions).scalar_subquery()
