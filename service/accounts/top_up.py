"""Video time that is sold in advance: a payment without an order. Pure."""

from datetime import datetime
from typing import Protocol

import msgspec

from service.orders.order import Status
from service.payments.payment import NewPayment
from service.pricing.price import Price


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """The first key of an account that is made with its first top-up."""

    name: str
    prefix: str
    digest: bytes


class NewTopUp(msgspec.Struct, frozen=True, kw_only=True):
    """A top-up on its way to its buyer."""

    account_id: int | None  # None: an account is made for it, and `key`
    key: NewKey | None
    ms: int
    price: Price
    payment: NewPayment
    created_at: datetime


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    """Video time that is sold, and whether it is paid. Moments in UTC."""

    account_id: int
    ms: int
    price: Price
    invoice: str
    status: Status
    created_at: datetime
    paid_at: datetime | None
    paid_msat: int  # received, which may be more than was asked


class TopUps(Protocol):
    """Keeps top-ups. What their payment does is `Payments.settle`."""

    async def add(self, top_up: NewTopUp) -> int:
        """Keep one, with the account and the key that are made for it, all or nothing; whose it is.

        Raises:
            InvalidApiKey: There is no such account any more.
        """
        ...

    async def find(self, invoice: str) -> TopUp | None:
        """Find the top-up of exactly this invoice."""
        ...

    async def paid(self) -> list[TopUp]:
        """Return all that were paid, the oldest first."""
        ...
