"""Bounds how many quotes of one client, or of one network, are in some state, such as not paid.

Whose they are is known here alone, and only for as long as they count: addresses of buyers are not stored. What became
of them is asked of the payments before anyone is refused: a buyer may know that a quote is paid before we are told.
"""

import heapq
import math
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

import msgspec

from lightning import PaymentHash
from service.errors import TooManyRequests
from service.orders.order import Status
from service.payments.port import Payments
from service.runtime.clients import networks_of
from service.runtime.shares import Share, Shares


class _Quote(msgspec.Struct):
    client: str
    share: Share
    until: datetime  # when it counts no longer, as far as is known


class Reservation:
    """Room for one quote of a client, taken before it is made: kept with it, else given back."""

    def __init__(self, quotes: "ClientQuotes", client: str, share: Share) -> None:
        self._quotes = quotes
        self._client = client
        self._share: Share | None = share

    def keep(self, payment_hash: PaymentHash, until: datetime) -> None:
        """Count the quote, which is there."""
        assert self._share is not None
        self._quotes.add(payment_hash, self._client, self._share, until)
        self._share = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._share is not None:
            self._share.give_back()


class ClientQuotes:
    """Counts quotes by who asked for them.

    Args:
        payments: What became of them.
        counted: The states in which one counts.
        per_client: Most of one client; 0 is no limit.
        total: Most of all, counted by somebody else: no network has more than its share of these.
        refusal: What a client is told that has so many and may come back in so many seconds.
    """

    def __init__(
        self,
        payments: Payments,
        *counted: Status,
        per_client: int,
        total: int,
        refusal: Callable[[int, int], str],
    ) -> None:
        self._payments = payments
        self._counted = counted
        self._limited = per_client > 0
        self._refusal = refusal
        self._shares = Shares(per_client=per_client, total=total)
        self._quotes: dict[PaymentHash, _Quote] = {}
        self._by_network: dict[str, set[PaymentHash]] = {}
        self._ends: list[
            tuple[datetime, PaymentHash]
        ] = []  # a heap; one whose end was put off is in it twice

    async def reserve(self, client: str, now: datetime) -> Reservation:
        """Take room for another quote of a client.

        Raises:
            TooManyRequests: It has too many, or a network of its has.
        """
        self._forget_ended(now)
        asked: set[str] = set()
        while network := self._shares.full(client):
            if network in asked:
                raise self._refuse(network, now)
            asked.add(network)
            quotes = list(self._by_network.get(network, ()))
            for payment_hash in set(quotes) - await self._payments.still(quotes, *self._counted):
                self.forget(payment_hash)
        return Reservation(self, client, self._shares.take(client))

    def add(self, payment_hash: PaymentHash, client: str, share: Share, until: datetime) -> None:
        """Count a quote until a moment."""
        if not self._limited:
            share.give_back()
            return
        self._quotes[payment_hash] = _Quote(client, share, until)
        heapq.heappush(self._ends, (until, payment_hash))
        for network in networks_of(client):
            self._by_network.setdefault(network, set()).add(payment_hash)

    def put_off(self, payment_hash: PaymentHash, until: datetime) -> None:
        """Count one for longer; one of before this process began is nobody's."""
        if quote := self._quotes.get(payment_hash):
            quote.until = until
            heapq.heappush(self._ends, (until, payment_hash))

    def forget(self, payment_hash: PaymentHash) -> None:
        """Count one no more."""
        quote = self._quotes.pop(payment_hash, None)
        if quote is None:
            return
        quote.share.give_back()
        for network in networks_of(quote.client):
            quotes = self._by_network[network]
            quotes.discard(payment_hash)
            if not quotes:
                del self._by_network[network]

    def _refuse(self, network: str, now: datetime) -> TooManyRequests:
        first = min((self._quotes[each].until for each in self._by_network.get(network, ())), default=now)
        wait_s = max(math.ceil((first - now).total_seconds()), 1)
        return TooManyRequests(self._refusal(self._shares.held(network), wait_s), retry_after_s=wait_s)

    def _forget_ended(self, now: datetime) -> None:
        while self._ends and self._ends[0][0] <= now:
            until, payment_hash = heapq.heappop(self._ends)
            quote = self._quotes.get(payment_hash)
            if quote is not None and quote.until <= until:
                self.forget(payment_hash)
