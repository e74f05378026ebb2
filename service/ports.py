"""What the use cases ask of the world. The invoices' port is `lightning.InvoiceBackend`."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import msgspec

from lightning import PaymentHash, Preimage, SettleIndex, Settlement
from service.orders import Choice, Order, Status, Video
from service.pricing import Price, Rate
from service.tokens import Once

Clock = Callable[[], datetime]
"""The time, in UTC."""


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A quote on its way to the buyer."""

    invoice: str
    payment_hash: PaymentHash
    text: str | None
    upload: str | None
    duration_ms: int
    price: Price
    choice: Choice
    refund_hash: bytes  # sha256 of the refund token
    claim_hash: bytes | None  # sha256 of the claim token; None: the invoice alone opens the order
    once: Once | None  # so that the same request gets the same quote until it expires
    created_at: datetime
    expires_at: datetime
    hold: bool


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders are in a state that an operator watches."""

    open_quotes: int
    undelivered: int  # paid, without a whole video
    held: int  # payments that are neither ours nor the buyer's


class RateSource(Protocol):
    """Knows what a bitcoin is worth."""

    async def current(self) -> Rate:
        """Return a rate that is recent enough to sell at, or raise `service.rates.RateUnavailable`."""
        ...


class Screen(Protocol):
    """Judges what may be sold, before it is quoted.

    Each raises `ContentRefused` with a reason for the buyer, or `Unavailable` where there is no judgement.
    """

    async def text(self, text: str) -> None:
        """Judge words."""
        ...

    async def audio(self, wav: Path) -> None:
        """Judge a recording."""
        ...


class Orders(Protocol):
    """Keeps orders. The move to paid happens once, whoever reports the payment, and outlives a crash."""

    async def add(self, order: NewOrder) -> None:
        """Keep a quote; on disk when this returns, since the invoice leaves next.

        Raises:
            KeyTaken: It was to be made once, and another replica has made it.
        """
        ...

    async def find(self, invoice: str) -> Order | None:
        """Find the order of exactly this invoice."""
        ...

    async def get(self, order_id: int) -> Order | None:
        """Find an order by its number."""
        ...

    async def repeated(self, key_hash: bytes, now: datetime) -> tuple[Once, Order] | None:
        """Find the order that was made with this key and has not run out."""
        ...

    async def page(self, *, limit: int, before_id: int | None) -> list[Order]:
        """Return the newest orders below an id, in ascending order."""
        ...

    async def overdue(self, now: datetime, *, limit: int) -> list[Order]:
        """Return pending orders whose quote has run out, the oldest first."""
        ...

    async def count_open(self, now: datetime) -> int:
        """Count the quotes that can be paid and are not."""
        ...

    async def still(self, payment_hashes: Collection[PaymentHash], *of: Status) -> set[PaymentHash]:
        """Return those of these whose order is in one of the states."""
        ...

    async def settle_index(self, pubkey: str) -> SettleIndex:
        """Return the last settlement of this node that was dealt with; 0 for none."""
        ...

    async def settle(self, pubkey: str, settlement: Settlement) -> int | None:
        """Make the order paid and move the index on, both or neither; the order's id if this paid it."""
        ...

    async def mark_paid(self, payment_hash: PaymentHash, paid_at: datetime, paid_msat: int) -> int | None:
        """Make an order paid that the node, asked, calls settled; its id if this paid it."""
        ...

    async def mark_expired(self, order_id: int) -> None:
        """Make an order expired, unless it was paid in the meantime."""
        ...

    async def holds(self) -> list[Order]:
        """Return the hold orders whose payment is open or held, the oldest first."""
        ...

    async def mark_held(self, order_id: int) -> bool:
        """Make a pending order held; whether this did it."""
        ...

    async def mark_canceled(self, order_id: int) -> bool:
        """Make an order canceled whose held payment went back, and end its render; whether this did it."""
        ...

    async def tally(self, now: datetime) -> Tally:
        """Count the orders in the states that an operator watches."""
        ...


class Preimages(Protocol):
    """Keeps what takes a held payment."""

    async def add(self, payment_hash: PaymentHash, preimage: Preimage) -> None:
        """Keep one; on disk when this returns, since the node is asked next for an invoice with its hash."""
        ...

    async def get(self, payment_hash: PaymentHash) -> Preimage:
        """Return the one of a hold invoice that we made."""
        ...


class Sights(Protocol):
    """Looks at an order and its video at once, as whoever polls does."""

    async def find(self, invoice: str) -> tuple[Order, Video | None] | None:
        """Find the order of exactly this invoice."""
        ...

    async def get(self, order_id: int) -> tuple[Order, Video | None] | None:
        """Find an order by its number."""
        ...


class Leftovers(Protocol):
    """Knows which orders still keep what nobody needs. Each change is one transaction and can be repeated."""

    async def unpaid(self, *, before: datetime, limit: int) -> list[Order]:
        """Return orders that expired before a moment and still have their text or upload, the oldest first."""
        ...

    async def delivered(self, *, before: datetime, limit: int) -> list[int]:
        """Return orders that were paid before a moment, and whose video is whole or was refunded, the oldest first."""
        ...

    async def forget_input(self, order_id: int, now: datetime) -> bool:
        """Forget the text and mark the upload, unless the order was paid; whether it was so."""
        ...

    async def forget_video(self, order_id: int, now: datetime) -> None:
        """Forget all of a whole video and of its order but what the books need, and mark its objects."""
        ...

    async def marked(self, *, limit: int) -> list[Order]:
        """Return orders whose objects are to be deleted."""
        ...

    async def forgotten(self, order_id: int) -> None:
        """Note that the objects of an order are deleted."""
        ...

    async def unpaid_upload_ms(self) -> int:
        """Return how many milliseconds of speech are stored that nobody has paid for."""
        ...


class Objects(Protocol):
    """Keeps bytes under names: uploaded speech, and videos whole or in pieces."""

    async def put(self, name: str, data: bytes | Iterator[bytes] | AsyncIterator[bytes]) -> None:
        """Store an object; nobody sees a part of it."""
        ...

    def read(self, name: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        """Stream from `start` to before `end`, or to the last byte; FileNotFoundError where there is no object."""
        ...

    async def delete(self, prefix: str) -> None:
        """Forget every object whose name starts so; none is fine."""
        ...


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """A voice that the worker speaks with."""

    name: str
    language: str
    gender: str


class Scope(Enum):
    """What a key is good for."""

    PAYMENTS = "payments:read"
    METRICS = "metrics:read"


class Avatar(msgspec.Struct, frozen=True, kw_only=True):
    """Who a worker can show, and how."""

    name: str
    label: str
    emotions: tuple[str, ...]
    gender: str | None = None  # a worker may not say
    elderly: bool = False


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, without its secret."""

    id: int
    name: str
    prefix: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None


class ApiKeys(Protocol):
    """Keeps the hashes of API keys."""

    async def add(
        self, *, name: str, prefix: str, digest: bytes, scopes: Collection[Scope], created_at: datetime
    ) -> None:
        """Keep a new key."""
        ...

    async def all(self) -> list[ApiKey]:
        """Return all keys, revoked ones too, the oldest first."""
        ...

    async def revoke(self, key_id: int, now: datetime) -> bool:
        """Revoke a key; False where there is none to revoke."""
        ...

    async def scopes(self, digest: bytes) -> frozenset[Scope] | None:
        """Return what the key with this hash is good for; None where there is none, or it is revoked."""
        ...


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is to render. `first_frame` and `spoken` are above 0 where a render goes on."""

    order_id: int
    choice: Choice
    text: str | None
    sample_rate: int  # of the PCM that goes with it
    spoken: int  # characters of `text` that the PCM covers already
    first_frame: int


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    """One record of a worker's answer. A newer worker may send fields that we do not know."""


class Speech(Record, frozen=True, kw_only=True):
    """Some of the synthesised speech, sent before the frames that show it; s16le mono."""

    first_sample: int
    sample_rate: int
    pcm: bytes
    spoken: int  # characters of the text that are spoken by its end
    language: str | None = None
    voice: str | None = None


class Init(Record, frozen=True, kw_only=True):
    """The start of the MP4, and what the worker chose where nobody did."""

    data: bytes
    language: str | None = None
    voice: str | None = None


class Segment(Record, frozen=True, kw_only=True):
    """About half a second of the MP4."""

    first_frame: int
    frames: int
    data: bytes


class End(Record, frozen=True, kw_only=True):
    """The video is whole."""

    frames: int
    engine: dict[str, Any]


class Renderer(Protocol):
    """A worker: renders elsewhere."""

    def render(self, job: Job, pcm: AsyncIterator[bytes]) -> AsyncGenerator[Record]:
        """Render a video as a stream of records that ends with `End`; closing it stops the worker.

        Raises:
            WorkerDown: The worker cannot take the job now.
            RenderRefused: The worker can never render this.
            RenderFailed: It took the job and did not finish it.
        """
        ...


class Renderers(Protocol):
    """Knows who can render."""

    def least_loaded(self, choice: Choice, *, besides: Collection[Renderer] = ()) -> Renderer | None:
        """Choose who gets a render of this avatar; None where all who have it have been tried."""
        ...


class SpeechPart(msgspec.Struct, frozen=True, kw_only=True):
    """Stored speech."""

    samples: int
    sample_rate: int
    spoken: int
    object: str


class SegmentPart(msgspec.Struct, frozen=True, kw_only=True):
    """A stored segment: `size` bytes of the MP4 from `offset`."""

    first_frame: int
    frames: int
    offset: int
    size: int
    object: str


class Videos(Protocol):
    """Keeps what is known of videos.

    Every change by a render names its attempt and is refused with `LeaseLost` once another has taken over: two
    renders of one order can never mix.
    """

    async def get(self, order_id: int) -> Video | None:
        """Find the video of an order."""
        ...

    async def claim(
        self,
        order_id: int,
        choice: Choice,
        *,
        owner: str,
        now: datetime,
        until: datetime,
        again: bool = False,
    ) -> Video | None:
        """Begin the next attempt, unless the video is whole, leased or nobody pays for it; a bound refund pays nothing.

        Must be atomic: of requests at the same time, on whatever replica, one gets the video, the others None.
        While no segment is stored the choice becomes this attempt's, and its speech is forgotten.

        Args:
            order_id: Whose video.
            choice: What to show.
            owner: The replica that renders.
            now: The time.
            until: When others may take over.
            again: No buyer asks: it is taken up by itself, which is done only so often.
        """
        ...

    async def renew(self, video: Video, *, until: datetime) -> None:
        """Renew the lease."""
        ...

    async def add_init(self, video: Video, init: Init) -> None:
        """Keep the start of the MP4 and what the worker chose."""
        ...

    async def add_speech(self, video: Video, part: SpeechPart, *, until: datetime) -> None:
        """Keep speech and renew the lease."""
        ...

    async def add_segment(self, video: Video, part: SegmentPart, *, until: datetime) -> None:
        """Keep the next segment, which is readable from now on, and renew the lease."""
        ...

    async def finish(self, video: Video, engine: dict[str, Any]) -> None:
        """Call the video whole."""
        ...

    async def interrupt(self, video: Video, failure: str, *, refused: bool, until: datetime) -> None:
        """End the attempt, with the reason; of no effect once another has taken over.

        Args:
            video: Whose attempt.
            failure: Why, for the buyer.
            refused: It can never succeed.
            until: When it is taken up by itself.
        """
        ...

    async def release(self, owner: str, now: datetime) -> list[int]:
        """Give back the leases of a replica that stops or has stopped: whoever comes first goes on. Whose they were."""
        ...

    async def stalled(self, now: datetime, *, limit: int) -> list[Video]:
        """Return the videos that are to be taken up by themselves, those first that wait the longest."""
        ...

    async def speech(self, order_id: int) -> list[SpeechPart]:
        """Return the stored speech in its order."""
        ...

    async def segments(self, order_id: int, *, after: int) -> list[SegmentPart]:
        """Return the stored segments that have bytes from this offset on, in their order."""
        ...

    async def claim_pieces(self, *, owner: str, now: datetime, until: datetime) -> Video | None:
        """Lease a whole video that is still in pieces, of which nobody is making one object."""
        ...

    async def join(self, order_id: int, name: str) -> None:
        """Point to the one object that has the whole MP4, and forget the pieces, both or neither.

        Raises:
            LeaseLost: Another did it.
        """
        ...
