"""Puts a mouth from the network onto a frame of footage, so that no seam shows and silence changes nothing.

The network's picture covers a square of the frame, the *box*. Where other mouths were filmed, its pixels are those of
the frame; drawn from the idle mouth alone, it has a resolution of its own. So its mouth is not pasted: what it
*changes* of the idle mouth is added to the frame, through a soft mask that fades out before the border of the square.
Pores and hair that are finer than its pixels stay, except where the change is large: there they belong to lips that
have moved away, and are covered.

A box is (centre x, centre y, side) in pixels of the frame, on continuous coordinates: pixel i spans i to i + 1.
Eyes are (x, y) of the one on the left of the picture and (x, y) of the other.
Pictures for the encoder are yuv420p, BT.709, limited range, planes under each other: (1.5 H, H). The blend is
linear and so is the change of colour space, so the frame itself never leaves YUV.

Axes: S pixels of the square, K references (the idle mouth and, for some avatars, other mouths at the same pose).
"""

from collections.abc import Callable
from functools import cache
from math import ceil

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.sights import Shelf, Sight

CROP = 96  # pixels of the square where the idle mouth is the only reference

Box = tuple[float, float, float]
Eyes = tuple[float, float, float, float]
Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]

# BT.709, limited range: rows Y, U, V of RGB in [0, 255] and one
_TO_YUV = np.array(
    [
        [0.2126 * 219, 0.7152 * 219, 0.0722 * 219, 16 * 255],
        [-0.2126 / 1.8556 * 224, -0.7152 / 1.8556 * 224, 0.5 * 224, 128 * 255],
        [0.5 * 224, -0.7152 / 1.5748 * 224, -0.0722 / 1.5748 * 224, 128 * 255],
    ],
    np.float32,
) / np.float32(255)


class Mask(msgspec.Struct, frozen=True, kw_only=True):
    """How the blend follows the difference between mouth and idle mouth; part of the model's description.

    Lengths are in 96ths of the square's side.
    """

    threshold: float = (
        0.018  # of full scale: a smaller difference is none, so that silence rests on the footage
    )
    full: float = 0.09  # from this difference on the change is taken whole
    cover_threshold: float = 0.08  # up to this difference the frame keeps all of its finest detail
    cover_full: float = 0.25  # from this difference on it keeps none
    dilate: int = 5  # the mask reaches a little past the difference
    blur: float = 2.0  # sigma
    feather: float = 9.0  # over this much the mask fades towards the border


class IdleFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of footage, ready for the network and for the encoder."""

    picture: Picture
    references: NDArray[np.uint8]  # RGB, (K, S, S, 3); the first is the idle mouth
    framing: Box = (CROP / 2, CROP / 2, CROP)  # the mouth in the references, in their pixels
    box: Box | None  # of the references; None shows the picture as it is, whatever the network makes of them
    eyes: Eyes | None = None  # None where they are not known
    shelf: Shelf | None = None  # of its film
    index: int = 0  # in its film

    def sight(self, see: Callable[[], Sight]) -> Sight:
        """Return what the network makes of the references: what was kept of it, or what `see` gives."""
        return self.shelf.sight(self.index, see) if self.shelf is not None else see()


def crop(rgb: NDArray[np.uint8], box: Box, size: int = CROP) -> NDArray[np.uint8]:
    """Cut the network's square out of a frame.

    Args:
        rgb: (H, H, 3).
        box: where.
        size: S.

    Returns:
        RGB, (S, S, 3).
    """
    # Scaled by area from twice the size, against aliasing; of many lines from more, so that each pixel is seen.
    doubled = max(2, ceil(box[2] / size)) * size
    large = cv2.warpAffine(
        rgb,
        _from_crop(box, doubled),
        (doubled, doubled),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def compose(idle: IdleFrame, mouth: NDArray[np.uint8], mask: Mask) -> Picture:
    """Blend the network's mouth into a frame.

    Args:
        idle: the frame, which is not changed.
        mouth: RGB, (S, S, 3).
        mask: how soft.

    Returns:
        A new picture, or the idle one itself where the mouth is idle or there is none.
    """
    if idle.box is None:
        return idle.picture
    resting = idle.references[0]
    red, green, blue = cv2.split(
        cv2.absdiff(mouth, resting)
    )  # OpenCV is ten times as fast as NumPy on three channels
    difference = np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)
    if difference.max() <= 255 * mask.threshold:
        return idle.picture
    layer = _layer(mouth, resting, *_shares(difference, mask))
    picture = idle.picture.copy()
    size = picture.shape[1]
    half = size // 2
    _lay(picture[:size][None], layer[..., [0, 3]], idle.box)
    x, y, side = idle.box
    _lay(picture[size:].reshape(2, half, half), _halved(layer[..., 1:]), (x / 2, y / 2, side / 2))
    return picture


def _shares(difference: NDArray[np.uint8], mask: Mask) -> tuple[Plane, Plane]:
    """Return how far to follow the change, and how far to cover the frame's own detail; each (S, S) in [0, 1]."""
    size = len(difference)
    reach = round(mask.dilate * size / CROP) | 1
    spread = cv2.dilate(difference, np.ones((reach, reach), np.uint8))

    def soft(threshold: float, full: float) -> Plane:
        blurred = cv2.GaussianBlur(cv2.LUT(spread, _ramp(threshold, full)), (0, 0), mask.blur * size / CROP)
        return np.asarray(blurred * _fade(size, mask.feather), np.float32)

    return soft(mask.threshold, mask.full), soft(mask.cover_threshold, mask.cover_full)


@cache
def _ramp(start: float, end: float) -> Plane:
    """Return the share of every difference of 8 bits: (256,)."""
    return np.asarray(np.clip((np.arange(256) / 255 - start) / (end - start), 0, 1), np.float32)


@cache
def _fade(size: int, feather: float) -> Plane:
    """Return 0 on the two outermost pixels, which is as far as a cubic looks, rising to 1 inwards: (S, S)."""
    to_edge = np.minimum(np.arange(size), size - 1 - np.arange(size)) - 1
    ramp = np.clip(to_edge * CROP / size / feather, 0, 1).astype(np.float32)
    return np.asarray(np.minimum(ramp[:, None], ramp[None]), np.float32)


def _layer(mouth: NDArray[np.uint8], resting: NDArray[np.uint8], follow: Plane, cover: Plane) -> Plane:
    """Return what to add to the frame in Y, U and V, and the share of the frame that it replaces: (S, S, 4)."""
    changes = cv2.split(cv2.transform(cv2.subtract(mouth, resting, dtype=cv2.CV_32F), _TO_YUV[:, :3]))
    coarse = cv2.split(cv2.transform(resting.astype(np.float32), _TO_YUV))
    added = [follow * change + cover * value for change, value in zip(changes, coarse, strict=True)]
    return np.asarray(cv2.merge([*added, cover]), np.float32)


def _halved(layer: Plane) -> Plane:
    return np.asarray(cv2.resize(layer, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)


def _lay(planes: NDArray[np.uint8], layer: Plane, box: Box) -> None:
    """Lay a layer onto planes of a frame, in place.

    Args:
        planes: of the frame, (C, height, width).
        layer: what to add to each, and the share it replaces; (S, S, C + 1).
        box: where, in pixels of the planes.
    """
    x, y, side = box
    left, top = max(0, int(x - side / 2)), max(0, int(y - side / 2))
    if (x - side / 2, y - side / 2, side) == (left, top, len(layer)):  # pixel on pixel
        region, placed = planes[:, top : top + len(layer), left : left + len(layer)], layer
    else:
        right, bottom = int(x + side / 2) + 1, int(y + side / 2) + 1
        region = planes[:, top:bottom, left:right]  # slices end at the frame's own border
        warped = cv2.warpAffine(
            layer,
            _to_crop((x - left, y - top, side), len(layer)),
            (region.shape[2], region.shape[1]),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        placed = np.asarray(warped, np.float32)
    placed = placed.transpose(2, 0, 1)
    blended = region * (1 - placed[-1]) + placed[:-1]
    np.copyto(region, np.clip(np.rint(blended), 0, 255), casting="unsafe")


def _from_crop(box: Box, size: int) -> NDArray[np.float64]:
    """Return the map from pixel indices of a square of `size` pixels to those of the frame."""
    x, y, side = box
    scale = side / size
    return np.array([[scale, 0, x - side / 2 + scale / 2 - 0.5], [0, scale, y - side / 2 + scale / 2 - 0.5]])


def _to_crop(box: Box, size: int) -> NDArray[np.float64]:
    """Return the map from pixel indices of the frame to those of a square of `size` pixels."""
    x, y, side = box
    scale = size / side
    return np.array(
        [
            [scale, 0, (0.5 - x + side / 2) * scale - 0.5],
            [0, scale, (0.5 - y + side / 2) * scale - 0.5],
        ]
    )
