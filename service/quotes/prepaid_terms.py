"""What accounts may leave for later, and what an order of one is answered with."""

from datetime import timedelta

import msgspec

from service.orders.order import Order
from service.runtime.section import PositiveInt, Section

KEY_KEPT = timedelta(days=1)
"""How long an idempotency key is known."""

NOBODY_CAME = "Nobody opened this delayed video in time: ask for a new one."


class PrepaidTerms(Section, frozen=True, kw_only=True):
    """What accounts may leave for later."""

    delayed_days: PositiveInt = 30
    """Days within which a delayed video can be opened for the first time; then its text is forgotten."""

    delayed_per_account: PositiveInt = 1000
    """Delayed videos that nobody has opened which one account may have."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """An order of an account.

    Attributes:
        again: It was made before, by the same idempotency key.
        webhook_secret: Signs what the receiver is told that was named with it; None: none was.
    """

    order: Order
    again: bool
    webhook_secret: str | None = None
