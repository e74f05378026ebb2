"""Who knows what a bitcoin is worth."""

from typing import Protocol

from service.pricing.price import Rate


class RateSource(Protocol):
    """Knows what a bitcoin is worth."""

    async def current(self) -> Rate:
        """Return a rate that is recent enough to sell at, or raise `service.rates.RateUnavailable`."""
        ...
