"""Who keeps what receivers are told, and who carries it."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import msgspec

from service.orders.webhook import Event, Webhook

AT_ONCE = 64
"""How many letters are on their way at the same time, at most."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to a receiver."""

    id: int  # grows in the order of an order's events
    message_id: str  # stays over all tries
    order_id: int | None  # None: it is about an account
    account_id: int | None  # None: it is about an order
    invoice: str | None  # None: an account pays, or it is about one
    public_id: str | None  # of an order that an account pays
    event: Event
    webhook: Webhook
    happened_at: datetime
    tried_since: datetime  # its event, or when the operator had it sent again
    tries: int
    failure: str | None  # of the last try


class AccountReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of an account."""

    url: str
    secret: str  # or two with a space between, the newer first
    low_ms: int | None  # below it the balance is low; None: it never is


class Receivers(Protocol):
    """Keeps the receivers of accounts. What an account's orders tell goes to the receiver that it has at the time."""

    async def get(self, account_id: int) -> AccountReceiver | None:
        """Find the receiver of an account."""
        ...

    async def put(self, account_id: int, url: str, *, low_ms: int | None, secret: str) -> AccountReceiver:
        """Name it, with this secret unless it has one.

        Raises:
            InvalidApiKey: There is no such account any more.
        """
        ...

    async def rotate(self, account_id: int, secret: str) -> AccountReceiver | None:
        """Put a secret before the newest that it has, which stays, and drop older ones; None where there is none."""
        ...

    async def remove(self, account_id: int) -> bool:
        """Forget it and all that it was still to be told; whether there was one."""
        ...


class Outbox(Protocol):
    """Keeps letters: written in the transaction of their event, gone once their receiver has them."""

    async def due(
        self,
        now: datetime,
        *,
        but: Collection[int],
        full: Collection[str] = (),
        limit: int,
        newest: bool = False,
    ) -> list[Letter]:
        """Return letters to be sent now: of each order the first that waits, and no other.

        Args:
            now: The time.
            but: Not these.
            full: And none to these origins, or those who wait for one would hide all others.
            limit: How many at most.
            newest: The newest first, and of the newest alone, in place of those that have been due for longest.
        """
        ...

    async def sent(self, letter: Letter) -> None:
        """Forget one that its receiver has."""
        ...

    async def put_off(self, letter: Letter, until: datetime, failure: str) -> None:
        """Note a try that failed, and when the next is."""
        ...

    async def delay(self, letters: Collection[Letter], until: datetime) -> None:
        """Leave some for later that were not tried."""
        ...

    async def give_up(self, letter: Letter, failure: str, *, all_of_order: bool) -> None:
        """Set one aside, or all of its order that wait: it is sent no more, unless the operator has it sent again."""
        ...


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver said."""

    status: int
    retry_after_s: int | None


class Carrier(Protocol):
    """Carries letters to receivers on the internet."""

    async def post(self, url: str, body: bytes, headers: dict[str, str], *, proven: bool) -> Answer:
        """Send one.

        Args:
            url: Where to.
            body: What it says.
            headers: Who says so.
            proven: Whether the receiver has been quick so far: others do not keep it waiting.

        Raises:
            ReceiverAway: There was no answer in time, or the receiver is nobody on the internet.
            ReceiverCrowded: Too many are sent to its address at once.
        """
        ...
