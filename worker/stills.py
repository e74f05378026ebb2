"""Brings a picture of a face to life: an idle half loop in which it sways by a pixel or two and blinks once.

Knows no codec and no network; whoever calls knows where lids and lips are.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.compose import Box, Eyes
from worker.errors import UnusableFootage
from worker.landmarks import INNER_LIPS, LOWER_LIDS, UPPER_LIDS, Points

Rgb = NDArray[np.uint8]  # (height, width, 3)
Floats = NDArray[np.float64]

FRAMES = 52
"""Of the half loop, which is played forwards and backwards: 4.1 s."""

_SWAY = np.array([1.5, 0.9])  # pixels of 512
_ROLL = 0.0035  # radians
_LIDS = (0.15, 0.6, 1.0)  # how far they are shut in the last frames, where playback turns
_LID_LIFT = 0.08  # how far the lower lid comes up to meet the upper one
_SHUT = 0.96  # of an eye's height; the rest are the lashes
_SKIN = 0.6  # of an eye's width: so much skin above it is drawn down

_OPEN = 0.06  # gap between the lips, in distances between the eyes: from here on a mouth is told to be open
_WIDE_OPEN = 0.3  # from here on it is refused

OPEN_MOUTH = (
    "The mouth is open in this picture: teeth may smear, and the lips never close. "
    "A picture with closed lips looks better."
)


def judge_mouth(points: Points, apart: float) -> list[str]:
    """Return what to warn of.

    Args:
        points: of the face.
        apart: distance between the eyes, in the same pixels.

    Raises:
        UnusableFootage: the mouth is wide open.
    """
    upper, lower = points[list(INNER_LIPS)]
    gap = float(np.hypot(*(lower - upper))) / apart
    if gap > _WIDE_OPEN:
        raise UnusableFootage("The mouth is wide open; take a picture in which the lips are closed.")
    return [OPEN_MOUTH] if gap > _OPEN else []


def idle_loop(picture: Rgb, points: Points, box: Box, eyes: Eyes) -> Iterator[tuple[Rgb, Box, Eyes]]:
    """Yield the frames of half a loop, each with the mouth's square and the eyes in it.

    Args:
        picture: (512, 512, C): its colours, and what moves with them.
        points: of the face in it.
        box: the mouth's square in it.
        eyes: in it.
    """
    shut = [_blink(picture, points, part) for part in _LIDS]
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = _reach(picture.shape[0], centre, float(np.ptp(points[:, 1])))
    axis = np.arange(picture.shape[0], dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    for frame, t in enumerate(np.linspace(0, 1, FRAMES)):
        # Cosines of half periods: at both ends nothing moves, so that playback may turn there.
        way = _SWAY * [np.cos(np.pi * t), np.cos(2 * np.pi * t)] - [_SWAY[0], _SWAY[1]]
        roll = _ROLL * (np.cos(np.pi * t) - 1)
        moved_x = reach * (way[0] - roll * (y - centre[1]))
        moved_y = reach * (way[1] + roll * (x - centre[0]))
        lids = frame - (FRAMES - len(shut))
        source = shut[lids] if lids >= 0 else picture
        map_x, map_y = (x - moved_x).astype(np.float32), (y - moved_y).astype(np.float32)
        shown = cv2.remap(source, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        places = np.array([box[:2], eyes[:2], eyes[2:]])
        turned = roll * (places - centre) @ np.array([[0, 1], [-1, 0]])
        (mouth_x, mouth_y), (left_x, left_y), (right_x, right_y) = (places + way + turned).tolist()
        yield np.asarray(shown, np.uint8), (mouth_x, mouth_y, box[2]), (left_x, left_y, right_x, right_y)


def _reach(size: int, centre: Floats, height: float) -> Floats:
    """Say how much of the sway each pixel follows: all of it the head, nothing the picture's edges."""
    y, x = np.mgrid[:size, :size]
    away = np.hypot((x - centre[0]) / (0.95 * height), (y - centre[1]) / (1.15 * height))
    edge = np.minimum.reduce([x, y, size - 1 - x, size - 1 - y]) / (0.06 * size)
    return np.asarray(_eased(2.0 - away) * _eased(edge))


def _eased(values: Floats) -> Floats:
    t = np.clip(values, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _blink(picture: Rgb, points: Points, part: float) -> Rgb:
    """Draw the skin above each eye down over it, and squeeze the eye into what is left."""
    size = picture.shape[0]
    axis = np.arange(size, dtype=np.float32)
    map_x, map_y = np.meshgrid(axis, axis)
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        top, bottom = points[list(upper)], points[list(lower)]
        left, right = max(int(np.ceil(top[0, 0])), 0), min(int(top[-1, 0]), size - 1)
        width = right - left
        for column in range(left, right + 1):
            lid = float(np.interp(column, *_sorted(top)))
            floor = max(float(np.interp(column, *_sorted(bottom))), lid + 1e-3)
            new_floor = floor - _LID_LIFT * part * (floor - lid)
            new_lid = lid + part * _SHUT * (new_floor - lid)
            skin, below = lid - _SKIN * width, floor + 0.3 * width
            map_y[:, column] = np.interp(
                axis, [skin, new_lid, new_floor, below], [skin, lid, floor, below], left=-1, right=-1
            )
        strip = map_y[:, left : right + 1]
        rows = np.broadcast_to(axis[:, None], strip.shape)
        map_y[:, left : right + 1] = np.where(strip < 0, rows, strip)
    return np.asarray(cv2.remap(picture, map_x, map_y, cv2.INTER_CUBIC), np.uint8)


def _sorted(line: Points) -> tuple[Floats, Floats]:
    order = np.argsort(line[:, 0])
    return line[order, 0], line[order, 1]
