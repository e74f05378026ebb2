"""Nothing is sold under its price, and rounding costs the buyer less than one satoshi."""

import random
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from service.pricing.price import Rate, price

USD = 1_000_000


def rate(usd_micros_per_btc: int) -> Rate:
    return Rate(
        usd_micros_per_btc=usd_micros_per_btc, fetched_at=datetime(2026, 1, 1, tzinfo=UTC), source="fixed"
    )


def samples(n: int = 5000) -> list[tuple[int, int, Rate]]:
    """Durations up to an hour, prices from free to a dollar a second, rates from 1,000 to 10 million USD."""
    draw = random.Random(20260101)
    return [
        (
            draw.choice([draw.randint(1, 100), draw.randint(1, 3_600_000)]),
            draw.choice([0, draw.randint(1, 100), draw.randint(1, USD)]),
            rate(draw.randint(1_000 * USD, 10_000_000 * USD)),
        )
        for _ in range(n)
    ]


@pytest.mark.parametrize(
    ("duration_ms", "usd_micros_per_second", "usd_per_btc", "amount_sat", "usd_micros"),
    [
        (1_000, 650, 65_000, 1, 650),  # exactly one satoshi
        (1_000, 651, 65_000, 2, 651),  # a micro-dollar over: two
        (1_001, 650, 65_000, 2, 651),  # a millisecond over: 650.65 micro-dollars are asked as 651
        (2_000, 650, 65_000, 2, 1_300),
        (999, 650, 65_000, 1, 650),  # 649.35
        (1, 1, 65_000, 1, 1),  # a thousandth of a micro-dollar is still asked
        (4_500, 50_000, 50_000, 450, 225_000),  # five cents a second are 100 sat
        (600_000, 10_000, 100_000, 6_000, 6_000_000),  # ten minutes at a cent: 6 USD
        (1_000, 0, 65_000, 1, 0),  # a free video still needs an invoice that asks for something
        (0, 650, 65_000, 1, 0),
    ],
)
def test_a_price_is_exact_at_its_boundaries(
    duration_ms, usd_micros_per_second, usd_per_btc, amount_sat, usd_micros
):
    quoted = price(duration_ms, usd_micros_per_second, rate(usd_per_btc * USD))

    assert (amount_sat, amount_sat * 1000, usd_micros) == (
        quoted.amount_sat,
        quoted.amount_msat,
        quoted.usd_micros,
    )


def test_a_video_is_never_under_priced_nor_over_priced_by_a_satoshi():
    for duration_ms, usd_micros_per_second, at in samples():
        quoted = price(duration_ms, usd_micros_per_second, at)

        usd_micros = Fraction(duration_ms * usd_micros_per_second, 1000)
        sat = Fraction(quoted.usd_micros * 100_000_000, at.usd_micros_per_btc)
        assert usd_micros <= quoted.usd_micros < usd_micros + 1
        assert sat <= quoted.amount_sat
        assert quoted.amount_sat < sat + 1 or quoted.amount_sat == 1


def test_more_seconds_or_a_dearer_second_never_cost_less():
    for duration_ms, usd_micros_per_second, at in samples():
        quoted = price(duration_ms, usd_micros_per_second, at)

        assert quoted.amount_sat <= price(duration_ms + 1, usd_micros_per_second, at).amount_sat
        assert quoted.amount_sat <= price(duration_ms, usd_micros_per_second + 1, at).amount_sat


def test_a_dearer_bitcoin_never_costs_more_of_it():
    for duration_ms, usd_micros_per_second, at in samples():
        quoted = price(duration_ms, usd_micros_per_second, at)

        dearer = price(duration_ms, usd_micros_per_second, rate(at.usd_micros_per_btc + USD))
        assert dearer.amount_sat <= quoted.amount_sat
        assert dearer.usd_micros == quoted.usd_micros


def test_prices_are_whole_numbers_however_large():
    quoted = price(10**15, 10**12, rate(1_000 * USD))

    assert quoted.usd_micros == 10**24
    assert quoted.amount_sat == 10**23
    assert isinstance(quoted.amount_sat, int)
