"""How an order is paid, and whether it is. Pure."""

from datetime import datetime
from enum import Enum

import msgspec

from lightning import PaymentHash
from service.orders.order import Status

MEMO = "Talking-head video"
"""What the memo of each of our invoices begins with; public, so never the text."""


class Kind(Enum):
    """The ways to pay."""

    LIGHTNING = "lightning"  # an ordinary invoice: the money is ours once it is paid
    L402 = "l402"  # an ordinary invoice, whose receipt is half of the credential that opens the order
    HOLD = "hold"  # a hold invoice: the money is locked in until the video is whole, or goes back
    BALANCE = "balance"  # video time of an account, set aside; without an invoice, so no node has a say


class NewPayment(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice on its way to the buyer."""

    kind: Kind
    invoice: str  # lower case, as the node made it
    payment_hash: PaymentHash
    node: str | None  # pubkey of the node that made it; None: not known
    expires_at: datetime


class Incoming(NewPayment, frozen=True, kw_only=True):
    """An invoice of ours, and whether it is paid. Moments in UTC."""

    id: int
    order_id: int | None  # None: it is a top-up's
    status: Status
    paid_at: datetime | None
    paid_msat: int  # received, which may be more than was asked

    @property
    def hold(self) -> bool:
        """Whether the money is locked in until the video is whole."""
        return self.kind is Kind.HOLD

    def overdue(self, now: datetime) -> bool:
        """Whether the node has to be asked a last time before the quote is called expired."""
        return self.status is Status.PENDING and now >= self.expires_at


class Payment(Incoming, frozen=True, kw_only=True):
    """The one payment of an order."""

    order_id: int


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment that has become paid was for: an order, or video time for an account."""

    order_id: int | None = None
    account_id: int | None = None
