"""Where a buyer is told what becomes of an order, and of what. Pure."""

from enum import Enum

import msgspec


class Event(Enum):
    """What a receiver is told of."""

    PAYMENT_HELD = "payment.held"
    PAYMENT_SETTLED = "payment.settled"
    PAYMENT_EXPIRED = "payment.expired"
    VIDEO_STARTED = "video.started"
    VIDEO_READY = "video.ready"
    VIDEO_FAILED = "video.failed"
    REFUND_PAID = "refund.paid"
    BALANCE_LOW = "balance.low"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """The receiver of one order's events, or of an account's."""

    url: str
    secret: str  # `whsec_…`, or two, with which each is signed: so it cannot be kept as a hash
