"""Who keeps orders."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import msgspec

from lightning import PaymentHash, SettleIndex, Settlement
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.tokens import Once
from service.pricing.price import Price


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
