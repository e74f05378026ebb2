"""Puts a mouth from the network onto a frame of footage, so that no seam shows and silence changes nothing.

The network's picture covers a square of the frame, the *box*, at two thirds of its resolution. So its mouth is not
pasted: what it *changes* of the idle mouth is added to the frame, through a soft mask that fades out before the
border of the square. Pores and hair that are finer than its pixels stay, except where the change is large: there
they belong to lips that have moved away, and are covered.

A box is (centre x, centre y, side) in pixels of the frame, on continuous coordinates: pixel i spans i to i + 1.
Pictures for the encoder are yuv420p, BT.709, limited range, planes under each other: (768, 512). The blend is
linear and so is the change of colour space, so the frame itself never leaves YUV.
"""

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

CROP = 96  # pixels of the network's square

Box = tuple[float, float, float]
Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]

# BT.709, limited range: rows Y, U, V of RGB in [0, 1]
_TO_YUV = np.array(
    [
        [0.2126 * 219, 0.7152 * 219, 0.0722 * 219],
        [-0.2126 / 1.8556 * 224, -0.7152 / 1.8556 * 224, 0.5 * 224],
        [0.5 * 224, -0.7152 / 1.5748 * 224, -0.0722 / 1.5748 * 224],
    ],
    np.float32,
)
_YUV_OFFSET = np.array([16, 128, 128], np.float32)


class Mask(msgspec.Struct, frozen=True, kw_only=True):
    """How the blend follows the difference between mouth and idle mouth; part of the model's description."""

    threshold: float = (
        0.018  # of full scale: a smaller difference is none, so that silence rests on the footage
    )
    full: float = 0.09  # from this difference on the change is taken whole
    cover_threshold: float = 0.08  # up to this difference the frame keeps all of its finest detail
    cover_full: float = 0.25  # from this difference on it keeps none
    dilate: int = 5  # pixels of the crop: the mask reaches a little past the difference
    blur: float = 2.0  # sigma in pixels of the crop
    feather: float = 9.0  # pixels of the crop over which the mask fades towards the border


class IdleFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of footage, ready for the network and for the encoder."""

    picture: Picture
    crop: NDArray[np.uint8]  # RGB, (96, 96, 3)
    box: Box | None  # None shows the picture as it is, whatever the network makes of the crop


def crop(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Cut the network's square out of a frame.

    Args:
        rgb: (512, 512, 3).
        box: where.

    Returns:
        RGB, (96, 96, 3).
    """
    doubled = 2 * CROP  # scaled by area from twice the size, against aliasing
    place = _from_crop(box, size=doubled)
    large = cv2.warpAffine(
        rgb,
        place,
        (doubled, doubled),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(cv2.resize(large, (CROP, CROP), interpolation=cv2.INTER_AREA), np.uint8)


def network_input(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what the network sees: the idle square with its lower half blank, and the idle square.

    Args:
        crops: RGB, (B, 96, 96, 3).

    Returns:
        RGB in [0, 1], (B, 6, 96, 96).
    """
    idle = crops.transpose(0, 3, 1, 2).astype(np.float32) / 255
    face = np.concatenate([idle, idle], axis=1)
    face[:, :3, CROP // 2 :] = 0
    return face


def compose(idle: IdleFrame, mouth: NDArray[np.float32], mask: Mask) -> Picture:
    """Blend the network's mouth into a frame.

    Args:
        idle: the frame, which is not changed.
        mouth: RGB in [0, 1], (3, 96, 96).
        mask: how soft.

    Returns:
        A new picture, or the idle one itself where the mouth is idle or there is none.
    """
    if idle.box is None:
        return idle.picture
    resting = idle.crop.transpose(2, 0, 1).astype(np.float32) / 255
    weight, cover = _masks(np.abs(mouth - resting).max(axis=0), mask)
    if not weight.any():
        return idle.picture
    change = np.tensordot(_TO_YUV, mouth - resting, 1)  # (3, 96, 96)
    coarse = np.tensordot(_TO_YUV, resting, 1) + _YUV_OFFSET[:, None, None]
    picture = idle.picture.copy()
    size = picture.shape[1]
    half = size // 2
    chroma = picture[size:].reshape(2, half, half)
    half_box = (idle.box[0] / 2, idle.box[1] / 2, idle.box[2] / 2)
    masks = np.stack([weight, cover], axis=-1)
    places = ((picture[:size], idle.box), (chroma[0], half_box), (chroma[1], half_box))
    for channel, (plane, box) in enumerate(places):
        _blend(plane, np.stack([change[channel], coarse[channel]], axis=-1), masks, box)
    return picture


def _masks(difference: Plane, mask: Mask) -> tuple[Plane, Plane]:
    """Return how far to follow the change, and how far to cover the frame's own detail; each (96, 96) in [0, 1]."""
    spread = cv2.dilate(difference, np.ones((mask.dilate, mask.dilate), np.uint8))
    fade = _feather(mask.feather)

    def soft(threshold: float, full: float) -> Plane:
        hard = np.clip((spread - threshold) / (full - threshold), 0, 1)
        return np.asarray(cv2.GaussianBlur(hard, (0, 0), mask.blur) * fade, np.float32)

    return soft(mask.threshold, mask.full), soft(mask.cover_threshold, mask.cover_full)


def _feather(width: float) -> Plane:
    """Return 0 on the outermost pixels, rising to 1 over `width` pixels; (96, 96)."""
    to_edge = np.minimum(np.arange(CROP), CROP - 1 - np.arange(CROP)).astype(np.float32)
    ramp = np.clip(to_edge / width, 0, 1)
    return np.asarray(np.minimum(ramp[:, None], ramp[None]), np.float32)


def _blend(plane: NDArray[np.uint8], values: Plane, masks: Plane, box: Box) -> None:
    """Blend one plane of the network's square into the same plane of a frame, in place.

    Args:
        plane: of the frame.
        values: the change, and the idle square as coarse as the change; (96, 96, 2).
        masks: how far to follow the change and to cover the detail; (96, 96, 2).
        box: where, in pixels of the plane.
    """
    x, y, side = box
    left, top = max(0, int(x - side / 2)), max(0, int(y - side / 2))
    right, bottom = int(x + side / 2) + 1, int(y + side / 2) + 1
    region = plane[top:bottom, left:right]  # slices end at the frame's own border
    size = (region.shape[1], region.shape[0])
    place = _to_crop((x - left, y - top, side))
    inverse = cv2.WARP_INVERSE_MAP
    placed = cv2.warpAffine(
        values, place, size, flags=cv2.INTER_CUBIC | inverse, borderMode=cv2.BORDER_REPLICATE
    )
    shares = cv2.warpAffine(masks, place, size, flags=cv2.INTER_LINEAR | inverse)
    change, coarse = placed[..., 0], placed[..., 1]
    weight, cover = shares[..., 0], shares[..., 1]
    blended = region + weight * change + cover * (coarse - region)
    np.copyto(region, np.clip(np.rint(blended), 0, 255), casting="unsafe")


def _from_crop(box: Box, size: int) -> NDArray[np.float64]:
    """Return the map from pixel indices of a square of `size` pixels to those of the frame."""
    x, y, side = box
    scale = side / size
    return np.array([[scale, 0, x - side / 2 + scale / 2 - 0.5], [0, scale, y - side / 2 + scale / 2 - 0.5]])


def _to_crop(box: Box) -> NDArray[np.float64]:
    """Return the map from pixel indices of the frame to those of the network's square."""
    x, y, side = box
    scale = CROP / side
    return np.array(
        [
            [scale, 0, (0.5 - x + side / 2) * scale - 0.5],
            [0, scale, (0.5 - y + side / 2) * scale - 0.5],
        ]
    )
