"""Who looks at an order and its video at once."""

from typing import Protocol

from service.orders.order import Order
from service.orders.video import Video


class Snapshots(Protocol):
    """Looks at an order and its video at once, as whoever polls does."""

    async def find(self, invoice: str) -> tuple[Order, Video | None] | None:
        """Find the order of exactly this invoice."""
        ...

    async def get(self, order_id: int) -> tuple[Order, Video | None] | None:
        """Find an order by its number."""
        ...
