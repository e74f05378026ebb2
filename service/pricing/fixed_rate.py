"""A rate that the operator fixed, and what is believed to be a rate at all."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from service.pricing.price import Rate
from service.runtime.clock import utc_now

USD = 1_000_000
"""Micro-dollars."""

LOWEST_USD, HIGHEST_USD = 1_000, 100_000_000
"""A bitcoin price outside these is not believed, from a feed or a setting: it is a slip of units."""


LEAST_PER_USD, MOST_PER_USD = Decimal("0.001"), Decimal(10_000_000)
"""The same of what a dollar is in other currencies."""


class FixedRate:
    """A rate that the operator has set: for tests, the demo, and who would rather not ask anybody."""

    def __init__(
        self,
        usd_micros_per_btc: int,
        now: Callable[[], datetime] = utc_now,
        *,
        per_usd: Mapping[str, Decimal] | None = None,
    ) -> None:
        """Take it.

        Args:
            usd_micros_per_btc: What a bitcoin is worth.
            now: The time in UTC.
            per_usd: How much of other currencies a dollar is, to show prices in them.
        """
        self._usd_micros_per_btc = usd_micros_per_btc
        self.per_usd = dict(per_usd or {})
        self._now = now

    async def current(self) -> Rate:
        """The rate, always fetched now."""
        return Rate(usd_micros_per_btc=self._usd_micros_per_btc, fetched_at=self._now(), source="fixed")


def parse_rate_source(text: str) -> FixedRate | None:
    """Read the setting: `fixed:65000` (USD per BTC) is a fixed rate; `feeds` is None: use `FeedRates`.

    `fixed:65000,EUR=0.92,JPY=155` tells also how much of other currencies a dollar is.

    Raises:
        ValueError: It is neither, or the rate is not to be believed.
    """
    if text == "feeds":
        return None
    kind, _, numbers = text.partition(":")
    number, *others = numbers.split(",")
    if kind != "fixed":
        raise ValueError(
            f"a rate source is `feeds` or `fixed:USD_PER_BTC`, such as `fixed:65000`, not {text!r}"
        )
    try:
        return FixedRate(micros(Decimal(number)), per_usd=dict(_currency(other) for other in others))
    except InvalidOperation:
        raise ValueError(f"{number!r} is not a number of dollars") from None


def _currency(text: str) -> tuple[str, Decimal]:
    code, _, number = text.partition("=")
    if re.fullmatch("[A-Z]{3}", code) is None:
        raise ValueError(f"{text!r} is not a currency and its rate, such as `EUR=0.92`")
    try:
        rate = Decimal(number)
    except InvalidOperation:
        raise ValueError(f"{number!r} is not an amount of {code}") from None
    if not believable(rate):
        raise ValueError(f"{number} {code} is not what a dollar is worth")
    return code, rate


def believable(per_usd: Decimal) -> bool:
    """Whether a dollar may be so much of a currency."""
    return per_usd.is_finite() and LEAST_PER_USD <= per_usd <= MOST_PER_USD


def micros(usd: Decimal) -> int:
    """Whole micro-dollars, cut off: a lower rate asks for more satoshi, never for fewer."""
    if not (usd.is_finite() and LOWEST_USD <= usd <= HIGHEST_USD):
        raise ValueError(f"{usd} USD is no price of a bitcoin")
    return int(usd * USD)
