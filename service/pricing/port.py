"""Who knows what a bitcoin is worth."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from service.errors import Unavailable
from service.pricing.price import Rate

RETRY_S = 5
"""Pause after a refresh that failed, so that many quotes do not hammer feeds that are down."""


class RateUnavailable(Unavailable):
    """No price of bitcoin is recent enough to sell at."""

    def __init__(self) -> None:
        super().__init__(
            "No bitcoin price is fresh enough to sell at. Try again soon.", retry_after_s=RETRY_S
        )


class RateSource(Protocol):
    """Knows what a bitcoin is worth."""

    async def current(self) -> Rate:
        """Return a rate that is recent enough to sell at, or raise `RateUnavailable`."""
        ...


class CurrencySource(Protocol):
    """Knows what a dollar is in other currencies."""

    async def per_usd(self) -> Mapping[str, Decimal]:
        """Return how much of each a dollar is, by ISO 4217 codes; none where nobody says."""
        ...
