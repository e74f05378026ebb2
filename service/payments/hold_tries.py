"""Bounds what a client can have rendered for money that then goes back: whoever holds a payment pays nothing yet.

Counted are a client's hold quotes that are open or held, and those whose money went back within the hour. Whose
they are is known here alone: addresses of buyers are not stored. What became of them is asked of the orders before
anyone is refused: a buyer may know that a quote is paid before we are told.
"""

import math
from datetime import datetime, timedelta

import msgspec

from lightning import PaymentHash
from service.errors import TooManyRequests
from service.orders.order import UNDECIDED, Status
from service.payments.port import Payments

PENANCE = timedelta(hours=1)
"""How long one counts whose money went back."""


class _Try(msgspec.Struct, frozen=True):
    client: str
    until: datetime  # when it counts no longer, as far as is known


class HoldTries:
    """Counts hold quotes that were not settled; `cap` of 0 is none."""

    def __init__(self, payments: Payments, cap: int) -> None:
        self._payments = payments
        self._cap = cap
        self._tries: dict[PaymentHash, _Try] = {}

    async def check(self, client: str, now: datetime) -> None:
        """Refuse another one where the client has too many.

        Raises:
            TooManyRequests: It has.
        """
        self._tries = {name: each for name, each in self._tries.items() if each.until > now}
        mine = self._of(client)
        if not self._cap or len(mine) < self._cap:
            return
        for payment_hash in mine.keys() - await self._payments.still(list(mine), *UNDECIDED, Status.CANCELED):
            self._tries.pop(payment_hash, None)  # we may have been told meanwhile
        mine = self._of(client)
        if len(mine) >= self._cap:
            wait_s = max(math.ceil((min(mine.values()) - now).total_seconds()), 1)
            raise TooManyRequests(
                f"You have {len(mine)} quotes with `hold` that are not paid, or went back within the hour:"
                f" ask without `hold`, or try again in {wait_s} s.",
                retry_after_s=wait_s,
            )

    def opened(self, client: str, payment_hash: PaymentHash, expires_at: datetime) -> None:
        """Count a new one."""
        self._tries[payment_hash] = _Try(client, expires_at)

    def note(self, payment_hash: PaymentHash, status: Status, now: datetime) -> None:
        """Count one for what became of it; one of before this process began is nobody's."""
        if status in (Status.PAID, Status.EXPIRED):
            self._tries.pop(payment_hash, None)
        elif status is not Status.PENDING and (known := self._tries.get(payment_hash)):
            self._tries[payment_hash] = _Try(known.client, now + PENANCE)

    def _of(self, client: str) -> dict[PaymentHash, datetime]:
        return {name: each.until for name, each in self._tries.items() if each.client == client}
