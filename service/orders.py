"""What an order is, and which moves it may make. Pure: no clock, no I/O."""

from datetime import UTC, datetime
from enum import Enum
from typing import Self

import msgspec

from service.errors import ChoiceContradictsQuote, ChoiceFixed, InvalidRequest, VideoGone

FPS = 25
"""Frames a second of every video."""


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

MOST_TRIES = 40
"""How often in a row a render is taken up by itself without getting further: about a night. Then its buyer has to
ask."""


class VideoState(Enum):
    """How far the video is. It never changes the payment's status."""

    NONE = "none"  # nobody has asked for it
    RENDERING = "rendering"  # a worker is at it
    INTERRUPTED = (
        "interrupted"  # an attempt failed: it goes on where it stopped by itself, or when asked again
    )
    READY = "ready"  # whole
    DELETED = "deleted"  # it was whole, and was kept for as long as the operator keeps videos


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a buyer wants to see and hear; None leaves it to the other side."""

    avatar: str | None = None
    emotion: str | None = None
    language: str | None = None
    voice: str | None = None

    def named(self) -> dict[str, str]:
        """Return only what was named."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}

    def contradiction(self, asked: Self) -> tuple[str, str, str] | None:
        """Find the first field that both name differently: (field, ours, asked)."""
        ours = self.named()
        for name, value in asked.named().items():
            if ours.get(name, value) != value:
                return name, ours[name], value
        return None

    def filled_by(self, other: Self) -> Self:
        """Return this choice with what it leaves open taken from the other."""
        return type(self)(**{**other.named(), **self.named()})


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A quote and what became of it. Moments in UTC."""

    id: int
    invoice: str
    payment_hash: bytes
    status: Status
    text: str | None  # None: the speech was uploaded
    upload: str | None  # object name of the uploaded WAV
    duration_ms: int
    amount_sat: int
    usd_micros: int
    choice: Choice  # what the quote binds
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    claim_hash: bytes | None = None  # sha256 of the claim token; None: the invoice alone opens it
    forgotten_at: datetime | None = None  # when its text or upload was deleted
    refund_hash: bytes | None = None  # sha256 of the refund token
    paid_msat: int = 0  # received, which may be more than was asked
    hold: bool = False  # its payment is held until the video is whole

    def deliver(self, asked: Choice) -> Choice:
        """Decide what to render for a request.

        Raises:
            VideoGone: What it is made of was deleted.
            ChoiceContradictsQuote: The quote was made for something else.
            InvalidRequest: Neither the quote nor the request names an avatar, or an emotion.
        """
        self.remembered()
        if contradiction := self.choice.contradiction(asked):
            name, ours, value = contradiction
            raise ChoiceContradictsQuote(
                f"This invoice was quoted with {name} '{ours}', not '{value}'."
                f" Leave {name} out, or ask for a new quote."
            )
        choice = self.choice.filled_by(asked)
        for name in ("avatar", "emotion"):
            if getattr(choice, name) is None:
                raise InvalidRequest(f"Field '{name}' is missing. GET /avatars lists what can be chosen.")
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


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """The video of an order, as far as it is stored."""

    order_id: int
    state: VideoState
    attempt: int  # grows with each claim
    tries: int  # attempts in a row that nobody asked for and that stored nothing
    lease_until: datetime  # when another may take it over; of an interrupted one, when it goes on by itself
    failure: str | None  # why the last attempt ended early
    refused: bool  # it can never succeed as it was asked for
    base_frames: int  # stored before this attempt
    choice: Choice
    init: bytes | None
    segments: int
    frames: int
    size: int
    object: str | None  # the whole MP4

    @property
    def seconds(self) -> float:
        """Length of what is stored."""
        return self.frames / FPS

    def state_at(self, now: datetime) -> VideoState:
        """Tell the state; a render whose lease ran out is interrupted, whatever its row says."""
        return VideoState.INTERRUPTED if self.abandoned_at(now) else self.state

    def abandoned_at(self, now: datetime) -> bool:
        """Whether who rendered it has died or was stopped: not the order's fault, so whoever needs it goes on."""
        return self.state is VideoState.RENDERING and now >= self.lease_until

    def shows_at(self, now: datetime) -> bool:
        """Whether its last attempt shows that it can: it made a segment and goes on, or made the video whole."""
        if self.state_at(now) is VideoState.RENDERING:
            return self.frames > self.base_frames
        return self.state is VideoState.READY

    def admits(self, choice: Choice, now: datetime) -> None:
        """Allow a request for the same video; while nothing is stored nor being rendered, for any.

        Raises:
            ChoiceFixed: It asks for another.
        """
        if self.segments == 0 and self.state_at(now) is not VideoState.RENDERING:
            return
        if contradiction := self.choice.contradiction(choice):
            name, ours, value = contradiction
            raise ChoiceFixed(
                f"This video is made with {name} '{ours}' already, not '{value}'."
                f" Ask for it with the same choice, or ask for a new quote."
            )


def from_millis(moment: int) -> datetime:
    """Turn a stored moment into UTC."""
    return datetime.fromtimestamp(moment / 1000, UTC)


def to_millis(moment: datetime) -> int:
    """Turn a moment into what is stored."""
    return round(moment.timestamp() * 1000)
