"""What the desk shows, and who looks it up: each look is bounded, and by an index."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Protocol

import msgspec

from service.orders.choice import Choice
from service.orders.order import Status
from service.orders.video import VideoState
from service.orders.webhook import Event
from service.payments.payment import Kind
from service.refunds.refund import Refund


class Shelf(Enum):
    """Which orders a list is of."""

    PENDING = "pending"  # can be paid, or could
    HELD = "held"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELED = "canceled"
    REFUNDED = "refunded"
    RENDERING = "rendering"  # a worker is at the video, or it waits for one
    FAILED = "failed"  # the video was given up


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list."""

    id: int
    created_at: datetime
    kind: Kind
    status: Status
    video: VideoState
    amount_sat: int
    paid_msat: int | None  # received; None: not paid
    duration_ms: int
    avatar: str | None
    account_id: int | None  # who pays from what it has
    private: bool


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver of webhooks is still to be told, or was in vain."""

    id: int
    message_id: str
    order_id: int | None  # None: it is about an account
    account_id: int | None
    event: Event
    dead: bool
    tries: int
    happened_at: datetime
    next_at: datetime
    failure: str | None
    url: str


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A stored segment of a video."""

    n: int
    first_frame: int
    frames: int
    size: int  # bytes


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """How far the video of an order is, and what it took."""

    state: VideoState
    attempt: int  # claims, the one that goes on included
    edition: int  # how often all that was stored was lost
    tries: int  # attempts in a row that failed and stored nothing
    tried_at: datetime | None
    queued_at: datetime | None
    owner: str | None  # the replica that renders, or rendered last
    lease_until: datetime
    failure: str | None
    refused: bool
    choice: Choice
    segments: int
    frames: int
    size: int
    finished_at: datetime | None
    delivered_at: datetime | None
    engine: str | None  # JSON
    pieces: Sequence[Piece]  # the first of those that are not one object yet


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one order."""

    line: Line
    said: str | None  # the text; None: it is private, was forgotten, or the speech was uploaded
    uploaded: bool
    usd_micros: int
    choice: Choice  # what the quote binds
    public_id: str | None
    expires_at: datetime
    forgotten_at: datetime | None
    invoice: str | None
    payment_hash: bytes | None
    node: str | None
    giving_back: bool
    paid_at: datetime | None
    l402: bool  # its credential is good
    lnurl: bool
    webhook: str | None  # the receiver's URL
    job: Job | None
    refunds: Sequence[Refund]  # the newest first
    letters: Sequence[Letter]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Where a search leads: to an order, or to the account of a top-up."""

    order_id: int | None
    account_id: int | None = None


class Desk(Protocol):
    """Looks orders up."""

    async def page(self, shelf: Shelf | None, *, below: int | None, limit: int) -> list[Line]:
        """Return the newest orders, the newest first; below a number, where one is given."""
        ...

    async def story(self, order_id: int, *, pieces: int) -> Story | None:
        """Return all that is known of an order, with so many of its segments."""
        ...

    async def find(
        self,
        *,
        order_id: int | None = None,
        payment_hash: bytes | None = None,
        invoice: str | None = None,
        public_id: str | None = None,
    ) -> Found | None:
        """Find by the first of these that is given, exactly."""
        ...

    async def dead(self, *, above: int, limit: int) -> list[Letter]:
        """Return letters that were given up, the oldest first, above a number."""
        ...


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The money that came in for one avatar."""

    avatar: str | None  # of its video; None: nobody has asked for that yet
    top_up: bool  # it came in for video time in advance, and for no avatar
    received_msat: int
    payments: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that came in, for the books."""

    id: int
    paid_at: datetime
    order_id: int | None  # None: a top-up
    account_id: int | None
    kind: Kind
    status: Status
    amount_sat: int
    paid_msat: int
    usd_micros: int
    duration_ms: int
    avatar: str | None
    refunded_msat: int
    refund_fee_msat: int
    payment_hash: bytes


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """An account in a list."""

    id: int
    name: str | None
    house: bool
    granted_ms: int
    free_ms: int
    reserved_ms: int
    used_ms: int
    open: int
    created_at: datetime


class Books(Protocol):
    """Adds the money up."""

    async def shares(self, since: datetime, until: datetime) -> list[Share]:
        """Return what came in by avatar, the most first: as many as there are avatars."""
        ...

    async def refunded(self, since: datetime, until: datetime) -> dict[date, int]:
        """Return what went back on each day, UTC, with what the way cost, in millisatoshi."""
        ...

    async def receipts(
        self, since: datetime, until: datetime, *, after: tuple[datetime, int] | None, limit: int
    ) -> list[Receipt]:
        """Return payments of a time, the oldest first, after a moment and a number."""
        ...

    async def accounts(self, *, above: int, limit: int) -> list[AccountLine]:
        """Return accounts, the oldest first, above a number."""
        ...


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """Who sits at the desk."""

    name: str  # of the key
    until: datetime  # when the session ends


class Sessions(Protocol):
    """Keeps sessions, each by the hash of its token, for as long as its key is good."""

    async def begin(
        self, key_digest: bytes, token_hash: bytes, *, now: datetime, until: datetime, most: int
    ) -> bool:
        """Begin a session of a key that is good for the desk; False where it is not.

        What has run out is forgotten, and of more than so many of one key the oldest.
        """
        ...

    async def find(self, token_hash: bytes, now: datetime) -> Operator | None:
        """Find whose session it is; None where there is none, it has run out or its key was revoked."""
        ...

    async def end(self, token_hash: bytes) -> None:
        """Forget a session."""
        ...
