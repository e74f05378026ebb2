"""Tilts the head in a finished picture, a few degrees down or up; knows no sound and no film.

What is seen of a head moves down or up in the picture as a sphere that turns: most at the nose, less towards ears and
crown, and not at all from the collar on, beyond the hair and at the picture's edges. Nothing is drawn that was not
there. How far it goes follows from the frame of the video, its accent and the seed alone.

Lengths are in distances between the eyes, from the middle between them.
"""

import random
from math import radians, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.accents import Accent
from worker.compose import Eyes
from worker.planes import Picture, planes

_Field = NDArray[np.float32]
_Plane = NDArray[np.uint8]
_Fade = tuple[float, float]  # up to where all of it is moved, and from where on nothing is
_Way = tuple[tuple[slice, slice], int, _Field, _Field]

_DOWN, _UP = 3.0, 1.2  # degrees of the deepest nod, and of who asks
_NODS = 0.8  # of what could be nodded at
_DEPTHS = 0.8, 1.05  # of a nod, by chance
_LIVELY = {"happy": 1.0, "neutral": 0.85, "serious": 0.65}
_OTHERS = 0.85  # of emotions of people of one's own

_DEPTH = 1.6  # from where a head turns to its nose
_CROWN: _Fade = (0.3, 2.2)
_CHIN: _Fade = (1.3, 2.3)
_SIDE: _Fade = (0.3, 1.8)
_EDGE = 0.4  # from the picture's edge, in which everything comes to a stand
_FINER = 5  # parts of a row, whose middle is the row itself: what does not move is not even blurred


def pitch(accent: Accent, frame: int, *, seed: str, emotion: str) -> float:
    """Return by how many degrees the head is down; above where it was filmed they are negative.

    Args:
        accent: what the speech asks for.
        frame: of the video.
        seed: of all that chance decides in this video.
        emotion: that is shown.
    """
    down = 0.0
    if accent.nod:
        chance = random.Random(f"{seed}:nod:{frame - accent.nod_age}")  # noqa: S311 - nobody gains by guessing it
        if chance.random() < _NODS:
            down = _DOWN * accent.nod * chance.uniform(*_DEPTHS)
    return _LIVELY.get(emotion, _OTHERS) * (down - _UP * accent.asks)


class Tilt:
    """How one picture is moved. A class since a matte is moved as the picture is that it belongs to.

    Args:
        eyes: in the picture.
        size: pixels of its side.
        degrees: by which the head goes down.
    """

    def __init__(self, eyes: Eyes, size: int, degrees: float) -> None:
        self._x, self._y = (eyes[0] + eyes[2]) / 2, (eyes[1] + eyes[3]) / 2
        self._apart = float(np.hypot(eyes[2] - eyes[0], eyes[3] - eyes[1]))
        self._down = tan(radians(degrees)) * _DEPTH * self._apart  # pixels, at the nose
        self._size = size
        self._ways: dict[int, _Way] = {}  # by the side of a plane

    def picture(self, picture: Picture) -> Picture:
        """Return a picture with the head tilted."""
        moved = picture.copy()
        for plane, into in zip(planes(picture), planes(moved), strict=True):
            self._move(plane, into)
        return moved

    def plane(self, plane: _Plane) -> _Plane:
        """Return a plane over the whole picture, of its size or of half of it, with the head tilted."""
        moved = plane.copy()
        self._move(plane, moved)
        return moved

    def _move(self, plane: _Plane, into: _Plane) -> None:
        side = len(plane)
        if side not in self._ways:
            self._ways[side] = self._way(side)
        where, finer, x, y = self._ways[side]
        if not x.size:
            return
        part = plane[where]
        if finer > 1:
            high, wide = part.shape
            part = np.asarray(cv2.resize(part, (wide, high * finer), interpolation=cv2.INTER_CUBIC), np.uint8)
        into[where] = cv2.remap(part, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def _way(self, side: int) -> _Way:
        """Return what of a plane is moved, into how many parts its rows are divided, and where each pixel is from."""
        scale = side / self._size
        rows, along = self._reach(scale, self._y, _CROWN, _CHIN)
        columns, across = self._reach(scale, self._x, _SIDE, _SIDE)
        # Between rows, linear means blurred; half planes are of colours, in which nobody sees that.
        finer = _FINER if scale == 1 else 1
        x, y = np.empty((2, len(along), len(across)), np.float32)
        x[:] = np.arange(len(across), dtype=np.float32)
        np.multiply(along[:, None], across * np.float32(-self._down * scale * finer), out=y)
        y += np.arange(finer // 2, len(along) * finer, finer, dtype=np.float32)[:, None]
        return (rows, columns), finer, x, y

    def _reach(self, scale: float, middle: float, before: _Fade, after: _Fade) -> tuple[slice, _Field]:
        """Return which rows or columns of a plane are moved, and how far each."""
        size, middle, apart = round(self._size * scale), middle * scale, self._apart * scale
        start = max(int(middle - before[1] * apart), 0)
        stop = min(int(middle + after[1] * apart) + 1, size)
        at = np.arange(start, stop, dtype=np.float32)
        away = (at + np.float32(0.5 - middle)) / np.float32(apart)
        to_edge = np.asarray(np.minimum(at, size - 1 - at) / np.float32(apart), np.float32)
        share = np.where(away < 0, fade(-away, *before), fade(away, *after)) * (1 - fade(to_edge, 0, _EDGE))
        return slice(start, stop), np.asarray(share, np.float32)


def fade(values: _Field, full: float, end: float) -> _Field:
    """Return 1 up to `full`, eased down to 0 at `end`."""
    t = np.clip((np.float32(end) - values) / np.float32(end - full), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
