"""Orders that an account pays, from video time that it has. Pure.

Their payment is a reservation, made with the order or, of a delayed one, when its video is first asked for. It ends
with the video: settled by the transaction that makes it whole, released by the one that gives it up.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import msgspec

from service.orders.choice import Choice
from service.orders.order import Order
from service.orders.tokens import IdempotencyKey
from service.orders.webhook import Webhook
from service.orders.wish import Wish


class NewPrepaid(msgspec.Struct, frozen=True, kw_only=True):
    """An order of an account on its way to the row.

    Attributes:
        public_id: What it is called on the outside: random, since whoever knows it sees the video.
        wish: Its choice is complete.
        held_ms: What is set aside for it.
        delayed: Nothing is, until its video is asked for.
        idempotency: So that the same request gets the same order.
        webhook: Who is told what becomes of it; None: the account's receiver, if it has one.
        expires_at: Until when a delayed one can begin, and the request can be sent again.
        asked: What else the surface that it came by wants to tell of it, in its own words.
    """

    public_id: str
    account_id: int
    wish: Wish
    held_ms: int
    delayed: bool
    idempotency: IdempotencyKey | None
    created_at: datetime
    expires_at: datetime
    webhook: Webhook | None = None
    asked: str | None = None


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """How an account pays.

    Attributes:
        most_open: Jobs that it may have at once, unless it has a limit of its own.
        most_delayed: Delayed orders that it may have whose video nobody has asked for.
        unlimited: What is missing is granted with it.
    """

    most_open: int
    most_delayed: int
    unlimited: bool


class PrepaidOrders(Protocol):
    """Keeps the orders of accounts. Each move is one transaction: the order, its payment, the reservation, the job."""

    async def add(self, order: NewPrepaid, holding: Holding) -> int:
        """Keep an order and its number; unless it is delayed, set its time aside and leave its job to be done.

        From then on its video is made, whatever becomes of this replica.

        Raises:
            InsufficientCredits: So much is not free; nothing is kept, also of a delayed one.
            TooManyRequests: Too many of the account are open, or delayed.
            KeyTaken: It was to be made once, and another replica has made it.
        """
        ...

    async def begin(self, order: Order, choice: Choice, ms: int, holding: Holding, now: datetime) -> bool:
        """Set the time of a delayed order aside and leave its job to be done, once; whether this did it.

        Raises as `add` does.
        """
        ...

    async def release(self, order_id: int, now: datetime) -> bool:
        """Give an order up whose video is not whole, whoever renders it, and free its time; whether this did it."""
        ...

    async def find(self, public_id: str) -> Order | None:
        """Find an order by what it is called on the outside."""
        ...

    async def of_account(self, account_id: int, *, limit: int) -> list[Order]:
        """Return the newest orders of an account whose wish is not forgotten, the newest first."""
        ...

    async def of_idempotency_key(self, key_hash: bytes, now: datetime) -> tuple[IdempotencyKey, Order] | None:
        """Find the order that was made with this key and that is not given up."""
        ...

    async def asked(self, order_ids: Collection[int]) -> dict[int, str]:
        """Return what the surfaces that orders came by noted of them, by their numbers."""
        ...

    async def used_ms(self, order: Order) -> int:
        """Tell how much an order has cost: 0 until its video is whole."""
        ...
