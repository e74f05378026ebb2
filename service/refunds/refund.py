"""What a refund is, how much it may be, and who keeps it. Pure.

The moves, each one transaction:

    (none) ──► OWED ──► PAYING ──► REFUNDED      and with the last the order is refunded
       └────────────────┘  └─────► FAILED        then another invoice may be bound, and the video rendered

An order has at most one refund that is not FAILED. While it has, its video is not rendered.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from lightning import Asked, Msat, NodeInfo, Payment, PaymentHash, Preimage
from service.errors import InvalidRequest, NotRefundable
from service.orders.order import Order, Status
from service.orders.tokens import digest
from service.orders.video import Video, VideoState
from service.payments.payment import Payment as IncomingPayment
from service.runtime.section import Section

LEAST_FEE_MSAT = 1000
"""What one node on the way takes by default."""

SHORTEST_VALIDITY = timedelta(minutes=2)
"""An invoice must be good for longer than our node tries to pay it."""

GIVE_WAY_AFTER = timedelta(minutes=10)
"""So long after its expiry an invoice that the operator is to pay by hand gives way to another.

A payment that left in time may arrive a little after, clocks differ, and the operator still has to note it by
`owed paid`: an order whose other invoice was bound meanwhile would be paid twice.
"""

MILLION = 1_000_000


class RefundTerms(Section, frozen=True, kw_only=True):
    """What a refund may cost."""

    refund_fee_limit_ppm: Annotated[int, Meta(ge=0, le=MILLION)] = 10_000
    """Most that the way of a refund may cost, in millionths of what was received; at least a satoshi, at most half. It
    comes off what the buyer gets."""


class RefundState(Enum):
    """How far the money is on its way back."""

    OWED = "owed"  # the operator is to pay the invoice by hand: no macaroon of ours may
    PAYING = "paying"  # bound: our node pays it, is about to, or may have
    REFUNDED = "refunded"  # the buyer has it; final
    FAILED = "failed"  # this invoice was not paid, and will not be


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice of a buyer and what became of it."""

    order_id: int
    payment_hash: PaymentHash
    invoice: str
    open_amount: bool  # the invoice leaves the amount to us
    state: RefundState
    amount_msat: Msat
    fee_limit_msat: Msat
    fee_msat: Msat | None = None
    preimage: Preimage | None = None
    failure: str | None = None
    expires_at: datetime
    node: str | None = None  # pubkey of the node that was asked to pay; None: none was, or it is not known
    asked_at: datetime | None = None  # when the node was last asked to pay


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What only the buyer has both of: routing nodes know the preimage too."""

    token: str
    preimage: bytes

    def proves(self, order: Order, payment: IncomingPayment) -> bool:
        """Whether it is the proof of this order's payment; takes as long whatever of it is wrong."""
        token = hmac.compare_digest(digest(self.token), order.refund_hash or b"")
        preimage = hmac.compare_digest(hashlib.sha256(self.preimage).digest(), payment.payment_hash)
        return token & preimage


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Where the money that was received may go: together it is never more."""

    refund_msat: Msat  # most that the buyer gets
    fee_limit_msat: Msat  # most that the way costs

    @classmethod
    def of(cls, received_msat: int, fee_limit_ppm: int) -> "Shares":
        """Set aside what the way may cost: so many millionths, at least a satoshi, at most half."""
        wanted = max(LEAST_FEE_MSAT, -(-received_msat * fee_limit_ppm // MILLION))
        fee_limit = min(wanted, received_msat // 2)
        return cls(refund_msat=Msat(received_msat - fee_limit), fee_limit_msat=Msat(fee_limit))


class Debt(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was paid and has failed: what its buyer is due."""

    order_id: int
    refund: Refund | None  # None: the buyer has not asked
    paid_msat: int
    paid_at: datetime


class Unasked(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was paid and whose video nobody has asked for: it is due whenever its buyer comes."""

    order_id: int
    paid_msat: int
    paid_at: datetime


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """All the money, in millisatoshi: kept is what was received less what was refunded and paid for its way."""

    received_msat: int
    refunded_msat: int
    fees_msat: int
    owed_msat: int  # buyers' invoices that are to be paid
    owed: int
    undelivered_msat: int  # received for orders that have neither a whole video nor their money back
    topped_up_msat: int  # received for video time in advance
    prepaid_ms: (
        int  # of video time that accounts have and have not used: what is owed for it, the house's left out
    )
    prepaid_used_ms: int  # of such video time that was used


class Refunds(Protocol):
    """Keeps refunds. Of a binding and a render's claim at the same time, at most one succeeds."""

    async def latest(self, order_id: int) -> Refund | None:
        """Return the refund of an order that is not FAILED, else the last that did."""
        ...

    async def find(self, payment_hash: PaymentHash) -> Refund | None:
        """Find a refund by the hash of its invoice."""
        ...

    async def bind(self, refund: Refund, now: datetime) -> Refund:
        """Keep a new refund of a video that was given up, on disk when this returns, or return the same as it is.

        An invoice that is OWED and has expired gives way.

        Raises:
            NotRefundable: The order cannot be refunded, or another invoice is bound.
            InvalidRequest: The hash was used before.
        """
        ...

    async def begin(
        self, payment_hash: PaymentHash, *, node: str, now: datetime, again_before: datetime
    ) -> bool:
        """Note that this node is asked to pay now; False where it was, and not before that moment.

        Must be atomic: who gets True alone asks the node.
        """
        ...

    async def end(self, payment: Payment, now: datetime, *, asked_at: datetime | None) -> bool:
        """Make a refund REFUNDED, and its order, or FAILED; False where it had ended before.

        To fail needs that the node was not asked since `asked_at`: that may succeed yet.
        """
        ...

    async def pay_owed(self) -> None:
        """Make every OWED refund PAYING: there is a macaroon now."""
        ...

    async def paying(self) -> list[Refund]:
        """Return the refunds that are PAYING."""
        ...

    async def debts(self) -> list[Debt]:
        """Return the paid orders that have failed and are not refunded, the oldest first."""
        ...

    async def ledger(self) -> Ledger:
        """Add the money up."""
        ...


def check_refundable(status: Status, video: Video | None) -> None:
    """Allow a refund of an order whose video was given up, and had never been handed out whole.

    Raises:
        NotRefundable: The message says why not.
    """
    state = VideoState.NONE if video is None else video.state
    if status is not Status.PAID:
        raise NotRefundable("This order is not paid, or no longer: there is nothing to refund.")
    if state is not VideoState.FAILED:
        raise NotRefundable(_WHY_NOT[state])
    if video is not None and video.delivered_at is not None:
        raise NotRefundable("This video was delivered, and is not refunded.")


_WHY_NOT = {
    VideoState.NONE: "This video was not asked for yet: POST /lightning/generate-video makes it."
    " What cannot be made is refunded.",
    VideoState.RENDERING: "This video is being rendered: it is refunded only if that fails.",
    VideoState.INTERRUPTED: "This video goes on by itself, or when you ask for it: it is refunded only once it is given"
    " up, which GET /lightning/payment/{invoice} tells.",
    VideoState.READY: "This video is whole: GET /lightning/video/{invoice} has it.",
    VideoState.DELETED: "This video was whole, and was kept for long enough.",
}


def check_invoice(asked: Asked, paid: IncomingPayment, shares: Shares, node: NodeInfo, now: datetime) -> Msat:
    """Decide how much to pay for a buyer's invoice: what it names, else the most that there is.

    Raises:
        InvalidRequest: It does not fit; the message says why.
    """
    field = "refund_invoice"
    if asked.network != node.network:
        raise InvalidRequest(
            f"Field 'refund_invoice' is for {asked.network}: send one for {node.network}.", field=field
        )
    if asked.payee == node.pubkey or asked.payment_hash == paid.payment_hash:
        raise InvalidRequest(
            "Field 'refund_invoice' is ours: send one that your own wallet made.", field=field
        )
    if asked.expires_at < now + SHORTEST_VALIDITY:
        raise InvalidRequest(
            f"Field 'refund_invoice' has expired or is about to: send one that is good for"
            f" {SHORTEST_VALIDITY.total_seconds():.0f} s at least.",
            field=field,
        )
    if asked.amount is not None and asked.amount > shares.refund_msat:
        raise InvalidRequest(
            f"Field 'refund_invoice' asks for {asked.amount:,} msat; at most {shares.refund_msat:,} are refunded:"
            f" {paid.paid_msat:,} were paid, less {shares.fee_limit_msat:,} for the way.",
            field=field,
        )
    return shares.refund_msat if asked.amount is None else asked.amount
