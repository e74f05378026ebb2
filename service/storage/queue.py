"""Who is rendered for, and in which order: conditions on rows of jobs."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from service.catalogue.own import PREFIX as OWN
from service.orders.order import RENDERABLE
from service.orders.video import VideoState
from service.refunds.refund import RefundState
from service.storage.schema import jobs, payments, refunds

_UNDECIDED = (VideoState.RENDERING.value, VideoState.INTERRUPTED.value)

# Made once: an alias finds its columns when it is used first, which takes longer than the query.
_pays, _mine, _theirs = payments.alias("renderable"), payments.alias("mine"), payments.alias("theirs")
_job = jobs.alias("waiting")


def renderable(order_id: int | sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether somebody pays for an order, and the money is not on its way back."""
    refunded = sa.exists().where(refunds.c.order_id == order_id, refunds.c.state != RefundState.FAILED.value)
    return (
        sa.exists().where(
            _pays.c.order_id == order_id,
            _pays.c.status.in_([status.value for status in RENDERABLE]),
            ~_pays.c.giving_back,
        )
        & ~refunded
    )


def paid_order() -> tuple[sa.ColumnElement[Any], ...]:
    """Sort payments by when they were paid; what is only held comes after all that was paid."""
    return payments.c.paid_at.is_(None), payments.c.paid_at, payments.c.order_id


def behind(order_id: int, rivals: Collection[str] | None) -> sa.ColumnElement[bool]:
    """Whether an order that was paid for earlier waits for a worker with room.

    One waits from the first time that all workers were busy until one of them has sent something.

    Args:
        order_id: The order that is not to overtake.
        rivals: The avatars that may wait for the same workers; None for all.
    """
    earlier = sa.or_(
        _theirs.c.paid_at.is_not(None)
        & (
            _mine.c.paid_at.is_(None)
            | (_theirs.c.paid_at < _mine.c.paid_at)
            | ((_theirs.c.paid_at == _mine.c.paid_at) & (_theirs.c.order_id < _mine.c.order_id))
        ),
        _theirs.c.paid_at.is_(None) & _mine.c.paid_at.is_(None) & (_theirs.c.order_id < _mine.c.order_id),
    )
    waits = [
        _mine.c.order_id == order_id,
        _job.c.queued_at.is_not(None),
        _job.c.order_id == _theirs.c.order_id,
        _job.c.order_id != order_id,
        _job.c.state.in_(_UNDECIDED),
        renderable(_job.c.order_id),
        earlier,
    ]
    if rivals is not None:
        # Whom an account has made, any worker shows.
        waits.append(_job.c.avatar.in_(rivals) | _job.c.avatar.startswith(OWN, autoescape=True))
    return sa.exists(sa.select(_job.c.id).where(*waits))
