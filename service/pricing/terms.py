"""Where the price of a bitcoin comes from."""

from service.pricing.fixed_rate import parse_rate_source
from service.runtime.section import Positive, Section


class RateTerms(Section, frozen=True, kw_only=True):
    """Where the price of a bitcoin comes from."""

    btc_usd: str = "feeds"
    """`feeds` asks public price feeds; `fixed:65000` sells at that many dollars for a bitcoin.

    `fixed:65000,EUR=0.92,JPY=155` lets buyers also read prices in these currencies, at so much for a dollar."""

    rate_freshness_s: Positive = 60
    """Seconds for which a bitcoin price is used without asking for another."""

    rate_max_age_s: Positive = 900
    """Seconds after which a bitcoin price is too old to sell at: quotes are refused until a feed answers."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.rate_freshness_s > self.rate_max_age_s:
            raise ValueError("SATSPEAK_RATE_FRESHNESS_S must not be more than SATSPEAK_RATE_MAX_AGE_S")
        try:
            parse_rate_source(self.btc_usd)
        except ValueError as error:
            raise ValueError(f"SATSPEAK_BTC_USD: {error}") from error
