"""Bounds how many quotes wait for their payment: each is an invoice that the node keeps, and may be an upload."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from lightning import PaymentHash
from service.errors import Unavailable
from service.orders.order import Status
from service.payments.client_quotes import ClientQuotes, Reservation
from service.payments.port import Payments
from service.quotes.room import Arrival, Room
from service.runtime.section import NotNegativeInt, Section

COUNT_FRESHNESS = timedelta(seconds=1)

FULL_RETRY_S = 10
"""When some of all open quotes may be paid or over."""


class Caps(Section, frozen=True, kw_only=True):
    """Most quotes that may wait for their payment."""

    open_quotes: NotNegativeInt = 10_000
    """Quotes that may wait for their payment at once, counted over all services; 0 is no limit."""

    open_quotes_per_client: NotNegativeInt = 100
    """The same of one client, and of its networks as with `quotes_per_minute_per_client`."""


class Reserved:
    """Room for one quote, of its client and of all."""

    def __init__(self, own: Reservation, of_all: Arrival) -> None:
        self._own = own
        self._of_all = of_all

    def keep(self, payment_hash: PaymentHash, until: datetime) -> None:
        """Count the quote, whose row is there."""
        self._own.keep(payment_hash, until)
        self._of_all.keep()


class OpenQuotes:
    """Counts quotes that can still be paid."""

    def __init__(self, payments: Payments, caps: Caps) -> None:
        self._clients = ClientQuotes(
            payments,
            Status.PENDING,
            per_client=caps.open_quotes_per_client,
            total=caps.open_quotes,
            refusal=lambda count, wait_s: (
                f"You have {count} quotes that are not paid: pay one, or try again in {wait_s} s."
            ),
        )
        self._all = Room(payments.count_open, caps.open_quotes, COUNT_FRESHNESS)

    @contextlib.asynccontextmanager
    async def reserve(self, client: str, now: datetime) -> AsyncIterator[Reserved]:
        """Take room for another quote; it is given back where the quote is not kept.

        Raises:
            TooManyRequests: The client has too many, or a network of its has.
            Unavailable: All clients together have.
        """
        with await self._clients.reserve(client, now) as own:
            of_all = await self._all.reserve(1, now)
            if of_all is None:
                raise Unavailable(
                    "Too many quotes wait for their payment. Try again soon.", retry_after_s=FULL_RETRY_S
                )
            with of_all:
                yield Reserved(own, of_all)
