"""Who knows what is still kept."""

from datetime import datetime
from typing import Protocol

import msgspec

from service.payments.payment import Incoming, Payment


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The objects of an order that was forgotten."""

    order_id: int
    upload: str | None
    job_id: int | None  # None: nothing was rendered


class RetentionStore(Protocol):
    """Knows which orders still keep what nobody needs. Each change is one transaction and can be repeated."""

    async def unpaid(self, *, before: datetime, node: str, limit: int) -> list[Payment]:
        """Return payments that expired before a moment and whose order has its text or upload, the oldest first.

        Only those of this node, or of nobody knows which.
        """
        ...

    async def delete_unpaid(self, *, before: datetime, limit: int) -> int:
        """Delete orders that expired and were forgotten before a moment, with all that refers to them; how many.

        What was ever paid, held, rendered or refunded stays.
        """
        ...

    async def unpaid_top_ups(self, *, before: datetime, node: str, limit: int) -> list[Incoming]:
        """Return the payments of top-ups that expired before a moment, the oldest first; of this node, as `unpaid`."""
        ...

    async def delete_top_up(self, payment_id: int) -> bool:
        """Delete a top-up that nobody paid, with the account and keys that were made for it and have nothing else.

        Whether it was so.
        """
        ...

    async def forget_delayed(self, now: datetime, *, limit: int) -> int:
        """End delayed orders that nobody opened in time, and forget their text; how many."""
        ...

    async def forget_answers(self, now: datetime, *, limit: int) -> int:
        """Delete answers that are kept no longer for wishes that are sent again; how many."""
        ...

    async def delivered(self, *, before: datetime, limit: int) -> list[int]:
        """Return orders whose video was whole and paid for before a moment, or refunded, the oldest first."""
        ...

    async def forget_input(self, order_id: int, now: datetime) -> bool:
        """Forget the text and mark the upload, unless the order was paid; whether it was so."""
        ...

    async def forget_video(self, order_id: int, now: datetime, *, before: datetime) -> bool:
        """Forget all of a video and of its order but what the books need, and mark its objects, if it is due."""
        ...

    async def marked(self, *, limit: int) -> list[Kept]:
        """Return orders whose objects are to be deleted, and what these are."""
        ...

    async def forgotten(self, order_id: int) -> None:
        """Note that the objects of an order are deleted."""
        ...


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A medium whose time is over, and the object that has its bytes."""

    id: int
    object: str


class EndedMedia(Protocol):
    """Knows which media are over. Each change is one transaction and can be repeated."""

    async def ended(self, now: datetime, *, limit: int) -> list[Ended]:
        """Return media whose time is over and whose bytes are there, those that ended first before the others."""
        ...

    async def forgotten(self, medium_id: int) -> None:
        """Note that its bytes are deleted."""
        ...

    async def delete_records(self, *, before: datetime, limit: int) -> int:
        """Delete the rows of media that ended before a moment and whose bytes are deleted; how many."""
        ...
