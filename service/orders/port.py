"""Who keeps orders."""

from datetime import datetime
from typing import Protocol

import msgspec

from service.orders.lnurl import Lnurl
from service.orders.order import Order, Status
from service.orders.root_key import RootKey
from service.orders.tokens import IdempotencyKey
from service.orders.webhook import Webhook
from service.orders.wish import Wish
from service.payments.payment import NewPayment, Payment
from service.pricing.price import Price


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A quote on its way to the buyer."""

    wish: Wish
    price: Price
    payment: NewPayment
    refund_hash: bytes  # sha256 of the refund token
    claim_hash: bytes | None  # sha256 of the claim token; None: the invoice alone opens the order
    idempotency: IdempotencyKey | None  # so that the same request gets the same quote until it expires
    created_at: datetime
    webhook: Webhook | None = None  # who is told what becomes of it
    lnurl: Lnurl | None = None  # what leads wallets to its invoice
    root_key: RootKey | None = None  # of the credential that opens the order, where it is sold by L402


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders a list is of; None leaves out nothing. Of each pair of moments the second is not in it."""

    before_id: int | None = None
    status: Status | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    paid_from: datetime | None = None
    paid_to: datetime | None = None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders are in a state that an operator watches."""

    open_quotes: int
    undelivered: int  # paid, without a whole video
    failed: int  # paid, given up, and neither delivered nor refunded yet
    held: int  # payments that are neither ours nor the buyer's


class Orders(Protocol):
    """Keeps orders, each with the payment that its status is of."""

    async def add(self, order: NewOrder) -> int:
        """Keep a quote and return its number; on disk when this returns, since the invoice leaves next.

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

    async def writable(self) -> None:
        """Return once a change could be kept: what every change waits for was waited for, and nothing changed.

        Raises:
            Unavailable: It could not.
        """
        ...

    async def of_idempotency_key(
        self, key_hash: bytes, now: datetime
    ) -> tuple[IdempotencyKey, Order, Payment] | None:
        """Find the order that was made with this key and has not run out."""
        ...

    async def page(self, wanted: Filter, *, limit: int) -> list[tuple[Order, Payment]]:
        """Return the newest orders that are wanted, in ascending order."""
        ...

    async def tally(self, now: datetime) -> Tally:
        """Count the orders in the states that an operator watches."""
        ...
