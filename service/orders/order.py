"""What an order is, and which moves it may make. Pure: no clock, no I/O."""

from datetime import datetime
from enum import Enum

import msgspec

from service.errors import ChoiceContradictsQuote, InvalidRequest, VideoGone
from service.orders.choice import Choice
from service.orders.wish import Wish


class Status(Enum):
    """How far the payment is."""

    PENDING = "pending"  # the invoice can be paid
    HELD = "held"  # the money is locked in and not ours: it is taken once the video is whole, or goes back
    PAID = "paid"  # the buyer may have the video; final, unless that fails
    EXPIRED = "expired"  # the node takes no new payment; one that was on its way may still make it paid
    CANCELED = "canceled"  # the held money went back, since the video was not made in time; final
    REFUNDED = "refunded"  # the video failed, and its buyer has the money back; final


UNDECIDED = (Status.PENDING, Status.HELD)
"""What the node may still turn into anything else."""


RENDERABLE = (Status.PAID, Status.HELD)
"""What a video is rendered for."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked for, at a price, and what became of it. How it is paid is its payment's. Moments in UTC."""

    id: int
    status: Status  # of its payment
    wish: Wish
    amount_sat: int
    usd_micros: int
    created_at: datetime
    expires_at: datetime  # until when it can be paid
    claim_hash: bytes | None = None  # sha256 of the claim token; None: the invoice alone opens it
    forgotten_at: datetime | None = None  # when its text or upload was deleted
    refund_hash: bytes | None = None  # sha256 of the refund token
    account_id: int | None = None  # who pays from what it has; None: it is paid by an invoice
    public_id: str | None = None  # of an account's: what it is called on the outside, and its reservation

    def deliver(self, asked: Choice) -> Choice:
        """Decide what to render for a request.

        Raises:
            VideoGone: What it is made of was deleted.
            ChoiceContradictsQuote: The quote was made for something else.
            InvalidRequest: Neither the quote nor the request names an avatar, or an emotion.
        """
        self.remembered()
        if contradiction := self.wish.choice.contradiction(asked):
            name, ours, value = contradiction
            raise ChoiceContradictsQuote(
                f"This invoice was quoted with {name} '{ours}', not '{value}'."
                f" Leave {name} out, or ask for a new quote.",
                field=name,
            )
        choice = self.wish.choice.filled_by(asked)
        for name in ("avatar", "emotion"):
            if getattr(choice, name) is None:
                raise InvalidRequest(
                    f"Field '{name}' is missing. GET /avatars lists what can be chosen.", field=name
                )
        return choice

    def remembered(self) -> None:
        """Refuse an order that was forgotten, be it that its video was kept long enough.

        Raises:
            VideoGone: It was.
        """
        if self.forgotten_at is not None:
            raise VideoGone(
                f"What you ask for was deleted on {self.forgotten_at:%Y-%m-%d}:"
                " videos are kept for a while after their payment, and what is not paid is not kept."
            )

    def overdue(self, now: datetime) -> bool:
        """Whether the node has to be asked a last time before the quote is called expired."""
        return self.status is Status.PENDING and now >= self.expires_at
