"""What the end of a video does to the account that pays for it, within the transaction that ends it."""

from datetime import datetime

import sqlalchemy as sa

from service.accounts.account import Move
from service.orders.order import Status
from service.payments.payment import Kind
from service.pricing.price import PERCENT, billed_ms
from service.storage.ledger import credit, end
from service.storage.schema import jobs, ledger, orders, payments, settled


def settle(connection: sa.Connection, order_id: int, duration_ms: int, now: datetime) -> None:
    """Have an account pay for a video that is whole: what so much costs on its canvas, and the rest is free, once."""
    if (ref := _reference(connection, order_id)) is not None:
        percent = connection.execute(sa.select(orders.c.percent).where(orders.c.id == order_id)).scalar()
        end(connection, ref, billed_ms(duration_ms, percent or PERCENT), now)


def give_back(connection: sa.Connection, order_id: int, now: datetime) -> bool:
    """Have an account pay nothing for a video that was given up; whether this did it.

    One that was whole, and is lost before anyone had all of it, was paid for: so much is granted.
    """
    refunded = connection.execute(
        payments.update()
        .where(
            payments.c.order_id == order_id,
            payments.c.kind == Kind.BALANCE.value,
            payments.c.status == Status.PAID.value,
            ~sa.exists().where(jobs.c.order_id == order_id, jobs.c.delivered_at.is_not(None)),
        )
        .values(status=Status.REFUNDED.value)
    )
    if refunded.rowcount == 0:
        return False
    ref = _reference(connection, order_id)
    assert ref is not None, "who pays from an account has a reservation"
    if end(connection, ref, 0, now) is None:
        used = connection.execute(sa.select(ledger).where(settled, ledger.c.ref == ref)).first()
        if used is not None:
            credit(connection, used.account_id, used.ms, move=Move.GRANT, ref=f"lost {ref}", now=now)
    return True


def lock_payment(connection: sa.Connection, order_id: int) -> None:
    """Lock what a claim of its job locks first, so that none waits for the other."""
    connection.execute(sa.select(payments.c.id).where(payments.c.order_id == order_id).with_for_update())


def _reference(connection: sa.Connection, order_id: int) -> str | None:
    """Tell by what the reservation of an order is known; None where no account pays."""
    return connection.execute(sa.select(orders.c.public_id).where(orders.c.id == order_id)).scalar()
