"""Videos that an account orders together. Pure, and their port."""

from datetime import datetime
from typing import Protocol

import msgspec

from service.orders.order import Order
from service.orders.prepaid import Holding, NewPrepaid


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch on its way to the rows.

    Attributes:
        id: What it is called on the outside.
        parts: Each an order that is checked and priced; or why it is refused, in the words of the surface.
        key_hash: So that the same request gets the same batch; None: each time another.
        fingerprint: What was asked for by that key.
        key_until: Until when.
    """

    id: str
    account_id: int
    created_at: datetime
    parts: tuple[NewPrepaid | str, ...]
    key_hash: bytes | None
    fingerprint: bytes | None
    key_until: datetime


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it is kept."""

    id: str
    account_id: int
    created_at: datetime
    fingerprint: bytes | None
    parts: tuple[Order | str, ...]


class BatchStore(Protocol):
    """Keeps batches."""

    async def add(self, batch: NewBatch, holding: Holding) -> None:
        """Keep a batch and its orders, all of whose time is set aside, or nothing of it.

        Raises:
            InsufficientCredits: So much is not free.
            TooManyRequests: Too many of the account are open; a batch counts as one when it is taken.
            KeyTaken: It was to be made once, and another request has made it.
            InvalidApiKey: The account has just gone.
        """
        ...

    async def find(self, batch_id: str) -> Batch | None:
        """Find a batch by what it is called on the outside."""
        ...

    async def of_key(self, key_hash: bytes, now: datetime) -> Batch | None:
        """Find the batch that was made with this key."""
        ...
