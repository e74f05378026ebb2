"""Who looks at an order, its payment and its video at once."""

from typing import Protocol

import msgspec

from service.orders.order import Order
from service.orders.video import Video
from service.payments.payment import Payment


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """What was sold, how it is paid, and how far it is made."""

    order: Order
    payment: Payment
    video: Video | None


class Snapshots(Protocol):
    """Looks at all three at once, as whoever polls does."""

    async def find(self, invoice: str) -> Sold | None:
        """Find the order of exactly this invoice."""
        ...

    async def get(self, order_id: int) -> Sold | None:
        """Find an order by its number."""
        ...
