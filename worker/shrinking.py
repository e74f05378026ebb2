"""Makes smaller pictures of larger ones: each pixel is the mean of the area that it covers."""

from math import gcd

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]


class Shrinking(msgspec.Struct, frozen=True, kw_only=True):
    """From squares of so many lines to squares of fewer.

    Attributes:
        filmed: lines of the film.
        shown: lines of what is made of it.
    """

    filmed: int
    shown: int

    def length(self, filmed: float) -> float:
        """Return a length, or a place, in pixels of what is shown."""
        return filmed * self.shown / self.filmed

    def frame(self, rgb: Rgb) -> Rgb:
        """Shrink a whole frame, (filmed, filmed, C)."""
        return _by_area(rgb, (self.shown, self.shown))

    def square(self, rgb: Rgb, corner: tuple[int, int], size: int) -> Rgb:
        """Shrink a frame and cut a square out of it, at the price of what is around that square alone.

        Args:
            rgb: (filmed, filmed, C).
            corner: left and top of the square, in pixels of what is shown.
            size: its side, in those as well.
        """
        # Where the pixels of both end together, a part of the frame shrinks as it does in the whole.
        parts = gcd(self.filmed, self.shown)
        large, small = self.filmed // parts, self.shown // parts
        first = [at // small for at in corner]
        count = [-(-(at + size) // small) - begin for at, begin in zip(corner, first, strict=True)]
        (left, top), (wide, high) = first, count
        around = rgb[top * large : (top + high) * large, left * large : (left + wide) * large]
        shrunk = _by_area(around, (wide * small, high * small))
        x, y = corner[0] - left * small, corner[1] - top * small
        return shrunk[y : y + size, x : x + size]


def _by_area(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
