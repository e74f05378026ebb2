"""Smooths what stands still and has no detail: backdrops of 8 bits have bands, and pop at the key frames of a film.

Such a backdrop is replaced by what it is on average around each pixel, which is finer than a level, and rounded with
noise that never moves: where nothing moves a picture is as the one before, and costs no bits.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

_Plane = NDArray[np.float32]

_REACH = 5  # over so many cells it is averaged
_STILL = 0.8  # levels: a smaller change of the average is the film's coding, and none
_LEVELS = 2.6  # by which a pixel of a backdrop may differ from the average
_NOISE = 0.5  # levels: as much as makes rounding fair


class Backdrop:
    """Smooths the pictures of a film in their order. A class since what stands still is told from those before."""

    def __init__(self) -> None:
        self._averages: dict[int, _Plane] = {}

    def smooth(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture, yuv420p with its planes under each other, without bands in its backdrop."""
        size = picture.shape[1]
        smoothed = picture.copy()
        colours = smoothed[size:].reshape(2, size // 2, size // 2)
        for number, (plane, cell) in enumerate(((smoothed[:size], 4), (colours[0], 2), (colours[1], 2))):
            plane[:] = self._smooth(plane, cell, number)
        return smoothed

    def _smooth(self, plane: NDArray[np.uint8], cell: int, number: int) -> NDArray[np.uint8]:
        """Smooth a plane; all that is slow is done on cells of so many pixels a side."""
        size = len(plane)
        cells = (size // cell, size // cell)
        exact = plane.astype(np.float32)
        average = self._still(cv2.blur(_resized(exact, cells, cv2.INTER_AREA), (_REACH, _REACH)), number)
        wide = _resized(average, (size, size), cv2.INTER_LINEAR)
        difference = cv2.dilate(cv2.absdiff(exact, wide), np.ones((cell, cell), np.uint8))
        most = cv2.dilate(
            _resized(np.asarray(difference, np.float32), cells, cv2.INTER_NEAREST),
            np.ones((_REACH, _REACH), np.uint8),
        )
        share = _resized(
            np.asarray(cv2.blur((most <= _LEVELS).astype(np.float32), (3, 3)), np.float32),
            (size, size),
            cv2.INTER_LINEAR,
        )
        return np.clip(np.rint(exact + share * (wide - exact + _noise(size))), 0, 255).astype(np.uint8)

    def _still(self, average: NDArray[np.generic], number: int) -> _Plane:
        """Keep the average of the pictures before where it is about the same."""
        new = np.asarray(average, np.float32)
        before = self._averages.get(number, new)
        self._averages[number] = np.where(np.abs(new - before) < _STILL, before, new)
        return self._averages[number]


def _resized(plane: _Plane, size: tuple[int, int], how: int) -> _Plane:
    return np.asarray(cv2.resize(plane, size, interpolation=how), np.float32)


@cache
def _noise(size: int) -> _Plane:
    """Return the noise of a plane, triangular and always the same."""
    draw = np.random.default_rng(1)
    return (_NOISE * (draw.random((size, size)) - draw.random((size, size)))).astype(np.float32)
