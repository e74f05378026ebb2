"""A rate that the operator fixed, and what is believed to be a rate at all."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation

from service.pricing.price import Rate
from service.runtime.clock import utc_now

USD = 1_000_000
"""Micro-dollars."""

LOWEST_USD, HIGHEST_USD = 1_000, 100_000_000
"""A bitcoin price outside these is not believed, from a feed or a setting: it is a slip of units."""


class FixedRate:
    """A rate that the operator has set: for tests, the demo, and who would rather not ask anybody."""

    def __init__(self, usd_micros_per_btc: int, now: Callable[[], datetime] = utc_now) -> None:
        self._usd_micros_per_btc = usd_micros_per_btc
        self._now = now

    async def current(self) -> Rate:
        """The rate, always fetched now."""
        return Rate(usd_micros_per_btc=self._usd_micros_per_btc, fetched_at=self._now(), source="fixed")


def parse_rate_source(text: str) -> FixedRate | None:
    """Read the setting: `fixed:65000` (USD per BTC) is a fixed rate; `feeds` is None: use `FeedRates`.

    Raises:
        ValueError: It is neither, or the rate is not to be believed.
    """
    if text == "feeds":
        return None
    kind, _, number = text.partition(":")
    if kind != "fixed":
        raise ValueError(
            f"a rate source is `feeds` or `fixed:USD_PER_BTC`, such as `fixed:65000`, not {text!r}"
        )
    try:
        return FixedRate(micros(Decimal(number)))
    except InvalidOperation:
        raise ValueError(f"{number!r} is not a number of dollars") from None


def micros(usd: Decimal) -> int:
    """Whole micro-dollars, cut off: a lower rate asks for more satoshi, never for fewer."""
    if not (usd.is_finite() and LOWEST_USD <= usd <= HIGHEST_USD):
        raise ValueError(f"{usd} USD is no price of a bitcoin")
    return int(usd * USD)
