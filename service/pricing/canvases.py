"""What a second of video costs on a larger canvas. Pure."""

import re
from functools import cache
from itertools import pairwise

import msgspec

from service.pricing.price import PERCENT

_ENTRY = re.compile(r"\s*([0-9]{2,4})p\s*=\s*([0-9]{1,4})(?:\.([0-9]{1,2}))?\s*", re.ASCII)
_WIDE, _HIGH = 16, 9


class Canvases(msgspec.Struct, frozen=True):
    """Prices by size, in percent of that of a plain picture.

    Attributes:
        prices: The most pixels that each is for, and the price; both ascend.
    """

    prices: tuple[tuple[int, int], ...]

    @property
    def most_pixels(self) -> int:
        """The largest that is sold."""
        return self.prices[-1][0]

    def percent(self, pixels: int) -> int | None:
        """Find the price of a canvas; None: it is not sold."""
        return next((percent for most, percent in self.prices if pixels <= most), None)


@cache
def parse_canvases(text: str) -> Canvases:
    """Read `720p=1,1080p=1.5`: the lines of a 16:9 picture, and how many times the plain price it costs.

    Raises:
        ValueError: It is no such table, or a larger canvas is cheaper, or one costs less than a plain picture.
    """
    prices = []
    for entry in text.split(","):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(f"SATSPEAK_CANVAS_PRICES has {entry.strip()!r}, which is nothing like 1080p=1.5")
        lines, whole, parts = match.groups(default="")
        percent = int(whole) * PERCENT + int(parts.ljust(2, "0"))
        prices.append((int(lines) ** 2 * _WIDE // _HIGH, percent))
    rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in pairwise(prices))
    if not rising or prices[0][1] < PERCENT:
        raise ValueError("SATSPEAK_CANVAS_PRICES must go from small to large, from 1 upwards")
    return Canvases(tuple(prices))
