"""What a bitcoin is worth now: the median of public price feeds, or a fixed rate for tests and the demo.

Fails closed. A feed that is down, slow, absurd or alone sets no price: a majority of all feeds must agree
within `AGREEMENT_PERCENT`, or the last good rate goes on until it is too old to sell at.

The prices of the feeds are read as exact decimals and cut to whole micro-dollars; no float touches them.
"""

import asyncio
import statistics
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

import httpx
import msgspec
import structlog

from service.pricing.fixed_rate import FixedRate, micros, parse_rate_source
from service.pricing.port import RETRY_S, RateUnavailable
from service.pricing.price import Rate
from service.pricing.terms import RateTerms
from service.runtime.clock import utc_now

AGREEMENT_PERCENT = 2
"""How far from the median a feed may be and still confirm it. Large exchanges differ by far less."""

log = structlog.get_logger()


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A public price feed: where it is, and how the price of 1 BTC in USD is found in its JSON.

    `read` raises msgspec's errors on what it does not understand.
    """

    name: str
    url: str
    read: Callable[[bytes], Decimal]


# Only what is read is named, since other people's JSON may grow; what says which price it is must match.


class _CoinbasePrice(msgspec.Struct):
    amount: Decimal
    base: Literal["BTC"]
    currency: Literal["USD"]


class _Coinbase(msgspec.Struct):
    data: _CoinbasePrice


class _KrakenTicker(msgspec.Struct):
    c: tuple[Decimal, Decimal]  # last trade: price, volume


class _KrakenPairs(msgspec.Struct):
    pair: _KrakenTicker = msgspec.field(name="XXBTZUSD")  # what was asked for as XBTUSD


class _Kraken(msgspec.Struct):
    result: _KrakenPairs  # an answer with errors has none


class _Bitstamp(msgspec.Struct):
    last: Decimal


def _coinbase(body: bytes) -> Decimal:
    return msgspec.json.decode(body, type=_Coinbase).data.amount


def _kraken(body: bytes) -> Decimal:
    return msgspec.json.decode(body, type=_Kraken).result.pair.c[0]


def _bitstamp(body: bytes) -> Decimal:
    return msgspec.json.decode(body, type=_Bitstamp).last


FEEDS = (
    # https://docs.cdp.coinbase.com/coinbase-app/track-apis/prices
    Feed(name="coinbase", url="https://api.coinbase.com/v2/prices/BTC-USD/spot", read=_coinbase),
    # https://docs.kraken.com/api/docs/rest-api/get-ticker-information
    Feed(name="kraken", url="https://api.kraken.com/0/public/Ticker?pair=XBTUSD", read=_kraken),
    # https://www.bitstamp.net/api/#tag/Tickers
    Feed(name="bitstamp", url="https://www.bitstamp.net/api/v2/ticker/btcusd/", read=_bitstamp),
)


class FeedRates:
    """The median of public feeds, kept for a while.

    A class since the rate and the one refresh under way are shared by every quote.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        feeds: Sequence[Feed] = FEEDS,
        *,
        freshness_s: float = 60,
        max_age_s: float = 900,
        timeout_s: float = 5,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Ask nothing yet.

        Args:
            client: The caller's; closed by the caller, after `aclose`.
            feeds: At least three, so that one that lies is outvoted.
            freshness_s: A rate of this age is used without asking for another; one of twice this age while a newer is
                fetched.
            max_age_s: A rate of this age is still used where the feeds fail; an older one never.
            timeout_s: For a feed's whole answer: one that trickles bytes cannot hold a refresh up.
            now: The time in UTC.
        """
        if len(feeds) < 3:  # noqa: PLR2004 - the median of two believes either
            raise ValueError(f"at least three price feeds are needed, not {len(feeds)}")
        self._client = client
        self._feeds = feeds
        self._majority = len(feeds) // 2 + 1
        self._freshness = timedelta(seconds=freshness_s)
        self._max_age = timedelta(seconds=max_age_s)
        self._timeout_s = timeout_s
        self._now = now
        self._rate: Rate | None = None
        self._failed_at: datetime | None = None
        self._refresh: asyncio.Task[None] | None = None

    async def current(self) -> Rate:
        """The rate to sell at. Waits for the feeds where nobody has asked for a while, which one timeout bounds.

        While quotes are sold all the time none waits: the first past the freshness has the next rate fetched.

        Raises:
            RateUnavailable: No majority of the feeds has agreed within the maximum age.
        """
        if rate := self._rate_within(self._freshness):
            return rate
        refresh = self._start_refresh()
        if rate := self._rate_within(min(2 * self._freshness, self._max_age)):
            return rate
        if refresh is not None:
            # Other quotes wait for it too: one that is cancelled leaves it alone.
            await asyncio.shield(refresh)
        if rate := self._rate_within(self._max_age):
            return rate
        raise RateUnavailable

    async def aclose(self) -> None:
        """Stop the refresh under way."""
        if self._refresh is not None:
            self._refresh.cancel()
            await asyncio.wait([self._refresh])

    def _rate_within(self, age: timedelta) -> Rate | None:
        """The last good rate, unless it is older."""
        if self._rate is not None and self._within(age, self._rate.fetched_at):
            return self._rate
        return None

    def _within(self, age: timedelta, moment: datetime) -> bool:
        """Whether that moment is so recent. One in the future (a clock was set back) is not."""
        return timedelta(0) <= self._now() - moment <= age

    def _start_refresh(self) -> asyncio.Task[None] | None:
        """The one refresh under way, started if there is none; None in the pause after one that failed."""
        if self._refresh is not None and not self._refresh.done():
            return self._refresh
        if self._failed_at is not None and self._within(timedelta(seconds=RETRY_S), self._failed_at):
            return None
        self._refresh = asyncio.create_task(self._fetch_all())
        return self._refresh

    async def _fetch_all(self) -> None:
        """Ask every feed at once and keep the median, if a majority of the feeds agrees with it."""
        answers = await asyncio.gather(*(self._fetch(feed) for feed in self._feeds))
        prices = {feed.name: answer for feed, answer in zip(self._feeds, answers, strict=True) if answer}
        if prices:
            median = statistics.median_low(prices.values())  # of two the lower: the seller is not paid less
            distance = median * AGREEMENT_PERCENT // 100
            agreeing = [name for name, price in prices.items() if abs(price - median) <= distance]
            if len(agreeing) >= self._majority:
                source = "+".join(agreeing)
                self._rate = Rate(usd_micros_per_btc=median, fetched_at=self._now(), source=source)
                return
        self._failed_at = self._now()
        log.error("rate_refresh_failed", prices=prices, needed=self._majority)

    async def _fetch(self, feed: Feed) -> int | None:
        """A feed's micro-dollars per BTC; None, with the reason in the log, where it has no usable price."""
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._client.get(feed.url)
            response.raise_for_status()
            return micros(feed.read(response.content))
        except (httpx.HTTPError, TimeoutError, msgspec.MsgspecError, RecursionError, ValueError) as error:
            log.warning("rate_feed_failed", feed=feed.name, error=repr(error))
            return None


def open_rates(terms: RateTerms, client: httpx.AsyncClient) -> "FixedRate | FeedRates":
    """Make the source that is set; feeds are to be closed."""
    return parse_rate_source(terms.btc_usd) or FeedRates(
        client, freshness_s=terms.rate_freshness_s, max_age_s=terms.rate_max_age_s
    )
