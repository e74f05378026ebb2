"""Sells video time in advance: seconds → price → invoice; its payment adds them to the account."""

from datetime import datetime

import msgspec

from lightning import Msat
from service.accounts.keys import PREFIX_CHARS, digest, new_secret
from service.accounts.top_up import NewKey, NewTopUp, TopUps
from service.errors import InvalidRequest
from service.payments.payment import MEMO
from service.pricing.port import RateSource
from service.pricing.price import Price, price
from service.quotes.invoicing import Invoicing
from service.quotes.open_quotes import OpenQuotes
from service.runtime.clock import Clock, from_millis, to_millis
from service.runtime.counters import Counters
from service.runtime.section import NotNegativeInt, Section

MS = 1000

KEY_NAME = "top-up"
"""What a key is called in lists that came with its account's first top-up."""


class TopUpTerms(Section, frozen=True, kw_only=True):
    """What is sold in advance."""

    top_up_s: NotNegativeInt = 3600
    """Most seconds of video time that one top-up sells, an hour; 0 sells none. Until it is used, the operator owes it,
    so this is what one payment may leave with them."""


class TopUpQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What video time costs until the invoice expires."""

    account_id: int
    key: str | None  # of an account that was made for it, told only here
    ms: int
    price: Price
    invoice: str
    expires_at: datetime


class Selling:
    """Quotes video time."""

    def __init__(
        self,
        *,
        terms: TopUpTerms,
        usd_micros_per_second: int,
        top_ups: TopUps,
        rates: RateSource,
        open_quotes: OpenQuotes,
        invoicing: Invoicing,
        counters: Counters,
        now: Clock,
    ) -> None:
        self._terms = terms
        self._usd_micros_per_second = usd_micros_per_second
        self._top_ups = top_ups
        self._rates = rates
        self._open_quotes = open_quotes
        self._invoicing = invoicing
        self._counters = counters
        self._now = now

    async def quote(self, seconds: int, *, account_id: int | None, client: str) -> TopUpQuote:
        """Sell so many seconds, to an account or to a new one with a key, which is worth nothing until they are paid.

        Raises what the node raises, or:

        Raises:
            InvalidRequest: So many are not sold at once, or none in advance.
            TooManyRequests: The client has too many quotes that are not paid.
            Unavailable: All clients have, or the node cannot receive the amount.
            RateUnavailable: Nothing can be priced now.
        """
        if not self._terms.top_up_s:
            raise InvalidRequest("No video time is sold in advance here: ask the operator.")
        if not 0 < seconds <= self._terms.top_up_s:
            raise InvalidRequest(
                f"Field 'seconds' must be from 1 to {self._terms.top_up_s:,}: so many are sold at once.",
                field="seconds",
            )
        created_at = from_millis(to_millis(self._now()))
        async with self._open_quotes.reserve(client, created_at) as room:
            rate = await self._rates.current()
            cost = price(seconds * MS, self._usd_micros_per_second, rate)
            payment = await self._invoicing.invoice(
                Msat(cost.amount_msat), memo=f"{MEMO} time, {seconds} s", created_at=created_at
            )
            key = None if account_id is not None else new_secret()
            first = None
            if key is not None:
                first = NewKey(name=KEY_NAME, prefix=key[:PREFIX_CHARS], digest=digest(key))
            top_up = NewTopUp(
                account_id=account_id,
                key=first,
                ms=seconds * MS,
                price=cost,
                payment=payment,
                created_at=created_at,
            )
            account_id = await self._top_ups.add(top_up)
            self._counters.quotes += 1
            room.keep(payment.payment_hash, payment.expires_at)
        return TopUpQuote(
            account_id=account_id,
            key=key,
            ms=top_up.ms,
            price=cost,
            invoice=payment.invoice,
            expires_at=payment.expires_at,
        )
