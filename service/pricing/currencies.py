"""What a dollar is in other currencies, so that buyers read prices in their own. Nothing is sold by it."""

import asyncio
import math
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

import httpx
import msgspec
import structlog

from service.pricing.fixed_rate import FixedRate, believable
from service.pricing.port import RateSource
from service.runtime.cached import Cached

URL = "https://api.coinbase.com/v2/exchange-rates?currency=USD"
"""https://docs.cdp.coinbase.com/coinbase-app/track-apis/exchange-rates"""

OFFERED = (
    "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "BRL", "MXN", "ARS", "INR", "KRW", "CNY", "CZK", "PLN", "HUF", "TRY",
)  # fmt: skip
"""Those that are offered, where the source has them: of the languages that are spoken, and of many wallets."""

FRESH_S = 3600.0
"""Exchange rates of currencies hardly move in an hour, and nobody pays by them."""

ASKED_AGAIN_S = 60.0
"""Least seconds between two tries: what was known is shown on where the source is away."""

TIMEOUT_S = 5.0

NONE: Mapping[str, Decimal] = MappingProxyType({})

_NOTHING = Decimal(0)

log = structlog.get_logger()


class _Rates(msgspec.Struct):
    currency: str
    rates: dict[str, Decimal]


class _Answer(msgspec.Struct):
    data: _Rates


class Currencies:
    """How much of each currency a dollar is. A class since what was asked for is kept."""

    def __init__(self, rates: RateSource, client: httpx.AsyncClient, *, url: str = URL) -> None:
        """Ask nothing yet.

        Args:
            rates: Where the price of a bitcoin comes from: a fixed one brings its own currencies.
            client: The caller's.
            url: Of the source.
        """
        self._fixed = rates.per_usd if isinstance(rates, FixedRate) else None
        self._client = client
        self._url = url
        self._known = NONE
        self._known_at = -math.inf
        self._current = Cached(self._find, fresh_s=ASKED_AGAIN_S)

    async def per_usd(self) -> Mapping[str, Decimal]:
        """Return them, by their ISO 4217 codes; none where nobody says."""
        if self._fixed is not None:
            return self._fixed
        return await self._current.get()

    async def _find(self) -> Mapping[str, Decimal]:
        now = asyncio.get_running_loop().time()
        if now - self._known_at >= FRESH_S and (found := await self._ask()) is not None:
            self._known, self._known_at = found, now
        return self._known

    async def _ask(self) -> Mapping[str, Decimal] | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                response = await self._client.get(self._url)
            response.raise_for_status()
            told = msgspec.json.decode(response.content, type=_Answer).data
        except (httpx.HTTPError, TimeoutError, msgspec.MsgspecError, RecursionError) as error:
            log.warning("currencies_failed", error=repr(error))
            return None
        if told.currency != "USD":
            log.warning("currencies_failed", error=f"these are rates of {told.currency}")
            return None
        return {code: told.rates[code] for code in OFFERED if believable(told.rates.get(code, _NOTHING))}
