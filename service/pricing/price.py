"""Turns seconds of video into satoshi. Pure: knows no feed, no invoice and no clock.

All money is an integer. Dollars are counted in micro-dollars (10⁻⁶ USD), so that a fraction of a cent is
exact; bitcoin is counted in satoshi, since wallets show nothing smaller.
"""

from datetime import datetime

import msgspec

SATS_PER_BTC = 100_000_000
MSAT_PER_SAT = 1000
MS_PER_SECOND = 1000
PERCENT = 100


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """What one bitcoin is worth.

    Attributes:
        usd_micros_per_btc: Micro-dollars for 1 BTC: 65,000 USD is 65_000_000_000.
        fetched_at: When the market was asked, in UTC.
        source: Who said so, for the logs: `fixed`, or the feeds that agreed.
    """

    usd_micros_per_btc: int
    fetched_at: datetime
    source: str


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a video costs, fixed when it is quoted.

    Attributes:
        amount_sat: What the invoice asks for.
        usd_micros: The dollars that the seller asks; the satoshi cover them at the quote's rate. Not what the
            rounded-up satoshi are worth: equal videos show equal dollars on any day.
    """

    amount_sat: int
    usd_micros: int

    @property
    def amount_msat(self) -> int:
        """The invoice's millisatoshi, always of whole satoshi."""
        return self.amount_sat * MSAT_PER_SAT


def price(duration_ms: int, usd_micros_per_second: int, rate: Rate) -> Price:
    """Price a video, rounding up twice: to a whole micro-dollar, then to a whole satoshi.

    Up, since rounding down would sell short videos for nothing: at 65,000 USD a satoshi is 650 micro-dollars.
    At least 1 sat, since LND takes an invoice over 0 for one over any amount.
    """
    assert min(duration_ms, usd_micros_per_second) >= 0

    usd_micros = _divide_up(duration_ms * usd_micros_per_second, MS_PER_SECOND)
    amount_sat = _divide_up(usd_micros * SATS_PER_BTC, rate.usd_micros_per_btc)
    return Price(amount_sat=max(amount_sat, 1), usd_micros=usd_micros)


def billed_ms(duration_ms: int, percent: int) -> int:
    """Tell how much plain video costs as much as so much video at so many percent of the price; rounded up."""
    return _divide_up(duration_ms * percent, PERCENT)


def time_for(amount_sat: int, usd_micros_per_second: int, rate: Rate) -> int:
    """Tell how many milliseconds of video an amount buys: rounded down, so that less than one is left over."""
    return amount_sat * rate.usd_micros_per_btc * MS_PER_SECOND // (SATS_PER_BTC * usd_micros_per_second)


def _divide_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
