"""Puts the pictures of the footage onto a canvas of another size: larger, on another background, with room around.

Knows no network and no codec. All of it is done on planes of yuv420p, as they come and as they are encoded, so that no
picture goes through RGB. What stands still is made once: the background, and where the person stands.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from worker.stage import PLAIN, Place, Stage

Picture = NDArray[np.uint8]  # yuv420p, BT.709, limited range, planes under each other: (1.5 × height, width)
Rgb = NDArray[np.uint8]

_BLUR = 1 / 40  # of the canvas's longer side: sigma of what goes on beside the footage


class Canvas:
    """Lays out one video. A class since what stands still is made once, for its first picture.

    Args:
        stage: how.
        first: the first picture of the footage, from which the background goes on where none is wished for.
    """

    def __init__(self, stage: Stage, first: Picture) -> None:
        self._plain = stage.background is None and stage.person is None
        self._plain &= stage.width == stage.height == PLAIN
        self._size = (stage.width, stage.height)
        self._place = fitted(stage, (PLAIN, PLAIN))
        colour = stage.colour
        if colour is not None:
            self._still = to_yuv(np.full((stage.height, stage.width, 3), colour, np.uint8))
        else:
            self._still = _going_on(first, self._size, self._place)

    def show(self, picture: Picture) -> Picture:
        """Return a picture of the footage as it is on the canvas; the same where nothing is to be done."""
        if self._plain:
            return picture
        shown = self._still.copy()
        for plane, source, place in zip(planes(shown), planes(picture), _places(self._place), strict=True):
            _paste(plane, source, place)
        return shown


def fitted(stage: Stage, size: tuple[int, int]) -> Place:
    """Say where something of a size is to be: as large as it fits into the person's box, on its lower edge.

    All is even, as the planes of the colours want it.
    """
    box = stage.person or Place(x=0, y=0, width=stage.width, height=stage.height)
    width, height = size
    scale = min(box.width / width, box.height / height)
    wide, high = (max(2, 2 * round(side * scale / 2)) for side in size)
    left = 2 * round((box.x + (box.width - wide) / 2) / 2)
    return Place(x=left, y=2 * round((box.y + box.height - high) / 2), width=wide, height=high)


def planes(picture: Picture) -> Iterator[Picture]:
    """Yield Y, U and V of a picture as views, which may be written to."""
    width = picture.shape[1]
    height = len(picture) * 2 // 3
    yield picture[:height]
    colours = picture[height:].reshape(2, height // 2, width // 2)
    yield colours[0]
    yield colours[1]


def to_yuv(rgb: Rgb) -> Picture:
    """Turn a picture of full range into what is encoded."""
    frame = VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
    return np.asarray(frame.to_ndarray(), np.uint8)


def scaled(plane: Picture, width: int, height: int) -> Picture:
    """Scale a plane: by area where it shrinks, against aliasing."""
    if plane.shape == (height, width):
        return plane
    how = cv2.INTER_AREA if width < plane.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(plane, (width, height), interpolation=how), np.uint8)


def _places(place: Place) -> Iterator[Place]:
    """Yield where something is on each plane."""
    half = Place(x=place.x // 2, y=place.y // 2, width=place.width // 2, height=place.height // 2)
    yield from (place, half, half)


def _paste(plane: Picture, source: Picture, place: Place) -> None:
    """Scale a plane into its place of another, in place; what is outside is cut off."""
    within, of_it = _overlap(plane, place)
    plane[within] = scaled(source, place.width, place.height)[of_it]


def _overlap(plane: Picture, place: Place) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return what of a plane a place covers, and what of the place that is."""
    height, width = plane.shape
    left, top = max(place.x, 0), max(place.y, 0)
    right, bottom = min(place.x + place.width, width), min(place.y + place.height, height)
    right, bottom = max(right, left), max(bottom, top)
    within = slice(top, bottom), slice(left, right)
    return within, (
        slice(top - place.y, bottom - place.y),
        slice(left - place.x, right - place.x),
    )


def _going_on(first: Picture, size: tuple[int, int], place: Place) -> Picture:
    """Make a background of a picture's edges, which go on and blur."""
    width, height = size
    still = np.empty((height * 3 // 2, width), np.uint8)
    for plane, source, at in zip(planes(still), planes(first), _places(place), strict=True):
        high, wide = plane.shape
        # At the picture's own size: what is blurred needs no more, and a canvas may be large.
        scale = at.width / source.shape[1]
        before = (max(0, round(at.x / scale)), max(0, round(at.y / scale)))
        after = (
            max(0, round((wide - at.x - at.width) / scale)),
            max(0, round((high - at.y - at.height) / scale)),
        )
        around = cv2.copyMakeBorder(source, before[1], after[1], before[0], after[0], cv2.BORDER_REPLICATE)
        sigma = max(around.shape) * _BLUR
        blurred = np.asarray(
            cv2.GaussianBlur(around, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.uint8
        )
        left, top = (max(0, round(-edge / scale)) for edge in (at.x, at.y))
        seen = blurred[top : top + round(high / scale) or None, left : left + round(wide / scale) or None]
        plane[:] = cv2.resize(seen, (wide, high), interpolation=cv2.INTER_LINEAR)
    return still
