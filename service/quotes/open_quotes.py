"""Bounds how many quotes wait for their payment: each is an invoice that the node keeps, and may be an upload.

The database is the truth. Its count is asked for once in a while and kept up meanwhile. Who asked for a quote is
known here alone, and only until the quote has run out: addresses of buyers are not stored.
"""

import math
from collections import deque
from datetime import datetime, timedelta

from lightning import PaymentHash
from service.errors import TooManyRequests, Unavailable
from service.orders.order import Status
from service.payments.port import Payments
from service.runtime.section import NotNegativeInt, Section

COUNT_FRESHNESS = timedelta(seconds=1)

FULL_RETRY_S = 10
"""When some of all open quotes may be paid or over."""


class Caps(Section, frozen=True, kw_only=True):
    """Most quotes that may wait for their payment."""

    open_quotes: NotNegativeInt = 10_000
    """Quotes that may wait for their payment at once, counted over all services; 0 is no limit."""

    open_quotes_per_client: NotNegativeInt = 100
    """The same of one client."""


class OpenQuotes:
    """Counts quotes that can still be paid."""

    def __init__(self, payments: Payments, caps: Caps) -> None:
        self._payments = payments
        self._caps = caps
        self._count = 0
        self._counted_at: datetime | None = None
        # Both in the order of expiry, since every quote is valid for as long.
        self._by_client: dict[str, dict[PaymentHash, datetime]] = {}
        self._expiring: deque[tuple[datetime, str, PaymentHash]] = deque()

    async def check(self, client: str, now: datetime) -> None:
        """Count another quote in, or refuse it where there are too many already.

        Raises:
            TooManyRequests: The client has too many.
            Unavailable: All clients together have.
        """
        if self._caps.open_quotes_per_client:
            await self._check_client(client, now)
        if not self._caps.open_quotes:
            return
        if await self._total(now) >= self._caps.open_quotes:
            raise Unavailable(
                "Too many quotes wait for their payment. Try again soon.", retry_after_s=FULL_RETRY_S
            )
        self._count += 1  # before the node is asked; if nothing comes of it, the next count knows

    def opened(self, client: str, payment_hash: PaymentHash, expires_at: datetime) -> None:
        """Remember whose quote it is that was just made."""
        if self._caps.open_quotes_per_client:
            self._by_client.setdefault(client, {})[payment_hash] = expires_at
            self._expiring.append((expires_at, client, payment_hash))

    async def _check_client(self, client: str, now: datetime) -> None:
        self._forget_expired(now)
        quotes = self._by_client.get(client, {})
        if len(quotes) < self._caps.open_quotes_per_client:
            return
        unpaid = await self._payments.still(list(quotes), Status.PENDING)
        for payment_hash in quotes.keys() - unpaid:
            quotes.pop(payment_hash, None)  # another request may have been here meanwhile
        if len(quotes) < self._caps.open_quotes_per_client:
            return
        wait_s = max(math.ceil((min(quotes.values()) - now).total_seconds()), 1)
        raise TooManyRequests(
            f"You have {len(quotes)} quotes that are not paid: pay one, or try again in {wait_s} s.",
            retry_after_s=wait_s,
        )

    def _forget_expired(self, now: datetime) -> None:
        while self._expiring and self._expiring[0][0] <= now:
            _, client, payment_hash = self._expiring.popleft()
            quotes = self._by_client.get(client, {})
            quotes.pop(payment_hash, None)  # one that was paid may be gone
            if not quotes:
                self._by_client.pop(client, None)

    async def _total(self, now: datetime) -> int:
        if self._counted_at is None or not timedelta(0) <= now - self._counted_at <= COUNT_FRESHNESS:
            self._counted_at = now  # first, so that the requests beside this one do not ask as well
            before = self._count
            counted = await self._payments.count_open(now)
            self._count += counted - before  # what was let in meanwhile is counted on top
        return self._count
