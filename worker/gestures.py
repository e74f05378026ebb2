"""Moves brows, eyes, lids and head of a frame of footage as the speech asks; knows no network and no sound.

Brows and irises are moved where the footage has them: nothing is drawn that was not filmed, and people who were never
drawn lift their brows too. Shut lids are those of the film's own blink, laid where the eyes are. What a frame shows
follows from the frame of the video and its accent alone, so that it is the same whoever goes on with a render.

Lengths are in distances between the eyes, (u, v): to the right of the middle between them, and upwards.
"""

import random
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.accents import Accent
from worker.compose import Eyes, IdleFrame, Mask, Picture, compose
from worker.footage import Footage
from worker.nods import Tilt, fade, pitch

_Field = NDArray[np.float32]

_LIFT = 0.075  # of the brows at most
# Where the skin goes up with the brows: between the first two heights more and more, from the third on less and less.
_HEIGHTS = (0.07, 0.27, 0.5, 0.95)
_SIDES = (0.8, 1.15)  # of the middle; beyond the first less and less

_GLANCE = 0.03  # of the irises at most
_IRIS = (0.09, 0.2)  # of an eye's middle sideways: what goes with its iris, and up to where it fades
_OPENING = (0.08, 0.16)  # the same upwards and downwards

_LID = (0.34, 0.24)  # half the width and height of what a blink replaces
_LID_FEATHER = 0.35
_LID_ABOVE = 0.02

_GLANCE_FROM, _GLANCE_FRAMES, _TURNING = (
    2,
    15,
    2,
)  # frames of a pause: the first, how many, and those of each turn
_LONG_PAUSE = 10  # frames; in shorter ones nobody looks aside
_GLANCES, _BLINKS = 0.5, 0.6  # of the pauses
_BLINK = (2, 1, 0, 0, 1, 2)  # frames before the shut eyes of the film, one after the other
_BLINK_ALONE = 20  # frames to either side in which the film does not blink by itself


class Performer:
    """Shows the frames of one video.

    Args:
        footage: walked through as the video does.
        mask: how mouths are laid onto it.
    """

    def __init__(self, footage: Footage, mask: Mask) -> None:
        self._footage = footage
        self._mask = mask

    def show(self, frame: int, mouth: NDArray[np.uint8], accent: Accent) -> Picture:
        """Return the picture of a frame of the video.

        Args:
            frame: of the video.
            mouth: of the network, RGB, (S, S, 3).
            accent: what the speech asks for.

        Returns:
            A new picture, or that of the footage where nothing moves.
        """
        return self.show_tilted(frame, mouth, accent)[0]

    def show_tilted(
        self, frame: int, mouth: NDArray[np.uint8], accent: Accent
    ) -> tuple[Picture, Tilt | None]:
        """Return the picture of a frame of the video, and the `tilt` of it, which a matte needs as well."""
        idle = self._footage.frame(frame)
        picture = compose(idle, mouth, self._mask)
        if idle.eyes is None or idle.box is None:
            return picture, None
        tilt = self.tilt(frame, accent)
        glance, shut = self._pause(frame, accent)
        if shut is not None and shut.eyes is not None:
            picture = _close(picture, idle, shut)
        picture = _move(picture, idle.eyes, brows=accent.brows, glance=glance)
        return picture if tilt is None else tilt.picture(picture), tilt

    def tilt(self, frame: int, accent: Accent) -> Tilt | None:
        """Return how the head of a frame of the video is moved, and with it what belongs to its picture; None: not."""
        if not accent.nod and not accent.asks:
            return None
        idle = self._footage.frame(frame)
        degrees = pitch(accent, frame, seed=self._footage.seed, emotion=self._footage.emotion)
        if idle.eyes is None or idle.box is None or not degrees:
            return None
        return Tilt(idle.eyes, idle.picture.shape[1], degrees)

    def _pause(self, frame: int, accent: Accent) -> tuple[float, IdleFrame | None]:
        """Return how far the eyes look aside, -1 to 1, and a frame of the film whose lids to show, if any."""
        if not accent.paused:
            return 0.0, None
        start = frame - accent.paused + 1
        chance = random.Random(f"{self._footage.seed}:{start}")  # noqa: S311 - nobody gains by guessing it
        side, glances, blinks = chance.choice((-1, 1)), chance.random() < _GLANCES, chance.random() < _BLINKS
        glance = 0.0
        if glances and accent.paused + accent.pause_left >= _LONG_PAUSE:
            age = accent.paused - _GLANCE_FROM
            turned = min(age, accent.pause_left, _GLANCE_FRAMES - age) / _TURNING
            glance = side * min(max(turned, 0.0), 1.0)
        if not blinks or accent.paused > len(_BLINK) or not self._footage.blinks:
            return glance, None
        if accent.paused + accent.pause_left < len(_BLINK):
            return glance, None
        if self._footage.blinks_within(range(start - _BLINK_ALONE, start + _BLINK_ALONE)):
            return glance, None
        return glance, self._footage.lids(_BLINK[accent.paused - 1])


def _move(picture: Picture, eyes: Eyes, *, brows: float, glance: float) -> Picture:
    """Lift the brows, and turn the irises to a side."""
    if not brows and not glance:
        return picture
    aside = _SIDES[1] if brows else 0.5 + _IRIS[1]
    heights = -_OPENING[1] if glance else _HEIGHTS[0], _HEIGHTS[3] if brows else _OPENING[1]
    left, top, right, bottom = _edges(eyes, picture, (-aside, aside), heights)
    if left >= right or top >= bottom:
        return picture
    u, v, apart, (along_x, along_y) = _axes(eyes, left, top, right, bottom)
    lifted = np.float32(brows * _LIFT * apart) * _bump(v, *_HEIGHTS) * fade(np.abs(u), *_SIDES)
    move_x, move_y = -along_y * lifted, along_x * lifted  # to where the skin comes from: from below
    if glance:
        eye = fade(np.abs(np.abs(u) - np.float32(0.5)), *_IRIS) * fade(np.abs(v), *_OPENING)
        turned = np.float32(glance * _GLANCE * apart) * eye
        move_x, move_y = move_x - along_x * turned, move_y - along_y * turned
    moved = picture.copy()
    size = picture.shape[1]
    half = size // 2
    _carry(picture[:size], moved[:size], left, top, move_x, move_y)
    small_x, small_y = (np.float32(0.5) * _halved(move) for move in (move_x, move_y))
    colours, moved_colours = (planes[size:].reshape(2, half, half) for planes in (picture, moved))
    for colour, moved_colour in zip(colours, moved_colours, strict=True):
        _carry(colour, moved_colour, left // 2, top // 2, small_x, small_y)
    return moved


def _carry(
    plane: NDArray[np.uint8], moved: NDArray[np.uint8], left: int, top: int, move_x: _Field, move_y: _Field
) -> None:
    """Fill a rectangle of a plane with what is so far away from each of its pixels."""
    height, width = move_x.shape
    x = np.arange(left, left + width, dtype=np.float32) + move_x
    y = np.arange(top, top + height, dtype=np.float32)[:, None] + move_y
    moved[top : top + height, left : left + width] = cv2.remap(
        plane, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def _close(picture: Picture, idle: IdleFrame, shut: IdleFrame) -> Picture:
    """Lay the eyes of another frame over those of a picture."""
    assert idle.eyes is not None
    assert shut.eyes is not None
    closed = picture.copy()
    size = picture.shape[1]
    half = size // 2
    for side in (-0.5, 0.5):
        left, top, right, bottom = _edges(
            idle.eyes,
            picture,
            (side - _LID[0], side + _LID[0]),
            (_LID_ABOVE - _LID[1], _LID_ABOVE + _LID[1]),
        )
        if left >= right or top >= bottom:
            continue
        u, v, _, _ = _axes(idle.eyes, left, top, right, bottom)
        away = np.hypot((u - np.float32(side)) / _LID[0], (v - np.float32(_LID_ABOVE)) / _LID[1])
        share = fade(away, 1 - _LID_FEATHER, 1.0)
        there = _there(idle.eyes, shut.eyes)
        _lay(shut.picture[:size], closed[:size], (left, top), share, there)
        small = _halved(share)
        halved = there.copy()
        halved[:, 2] = (
            there[:, :2].sum(axis=1) / 2 + there[:, 2] - 0.5
        ) / 2  # pixel centres of half the size
        others, planes = (of[size:].reshape(2, half, half) for of in (shut.picture, closed))
        for other, plane in zip(others, planes, strict=True):
            _lay(other, plane, (left // 2, top // 2), small, halved)
    return closed


def _lay(
    other: NDArray[np.uint8],
    plane: NDArray[np.uint8],
    corner: tuple[int, int],
    share: _Field,
    there: NDArray[np.float64],
) -> None:
    """Lay a share of another plane, found by an affine map of pixel indices, over a rectangle of a plane."""
    left, top = corner
    height, width = share.shape
    way = there.copy()
    way[:, 2] += there[:, 0] * left + there[:, 1] * top
    laid = cv2.warpAffine(
        other,
        way,
        (width, height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    region = plane[top : top + height, left : left + width]
    blended = region + share * (laid.astype(np.float32) - region)
    np.copyto(region, np.clip(np.rint(blended), 0, 255), casting="unsafe")


def _there(eyes: Eyes, others: Eyes) -> NDArray[np.float64]:
    """Return the map from pixel indices of a picture to those of another where the eyes are elsewhere, (2, 3)."""
    here, there = (
        complex(eyes[2] - eyes[0], eyes[3] - eyes[1]),
        complex(others[2] - others[0], others[3] - others[1]),
    )
    turn = there / here
    middle, other = _middle(eyes), _middle(others)
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    shift = np.array(other) - 0.5 - linear @ (np.array(middle) - 0.5)
    return np.column_stack([linear, shift])


def _axes(
    eyes: Eyes, left: int, top: int, right: int, bottom: int
) -> tuple[_Field, _Field, float, tuple[float, float]]:
    """Return u and v of a rectangle's pixels, the distance between the eyes in pixels, and the direction of u."""
    x, y = _middle(eyes)
    apart = float(np.hypot(eyes[2] - eyes[0], eyes[3] - eyes[1]))
    along_x, along_y = (eyes[2] - eyes[0]) / apart, (eyes[3] - eyes[1]) / apart
    across = (np.arange(left, right, dtype=np.float32) + np.float32(0.5 - x)) / np.float32(apart)
    down = (np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - y))[:, None] / np.float32(apart)
    u = np.float32(along_x) * across + np.float32(along_y) * down
    v = np.float32(along_y) * across - np.float32(along_x) * down
    return u, v, apart, (along_x, along_y)


def _edges(
    eyes: Eyes, picture: Picture, wide: tuple[float, float], high: tuple[float, float]
) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of even pixels that hold a rectangle of u and v, within the picture."""
    x, y = _middle(eyes)
    across, down = eyes[2] - eyes[0], eyes[3] - eyes[1]
    corners: Sequence[tuple[float, float]] = [
        (x + u * across + v * down, y + u * down - v * across) for u in wide for v in high
    ]
    size = picture.shape[1]
    xs, ys = zip(*corners, strict=True)
    left, top = (max(int(min(of)) // 2 * 2, 0) for of in (xs, ys))
    right, bottom = (min(int(max(of)) // 2 * 2 + 2, size) for of in (xs, ys))
    return left, top, right, bottom


def _halved(field: _Field) -> _Field:
    return np.asarray(cv2.resize(field, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)


def _middle(eyes: Eyes) -> tuple[float, float]:
    return (eyes[0] + eyes[2]) / 2, (eyes[1] + eyes[3]) / 2


def _bump(values: _Field, start: float, full: float, less: float, end: float) -> _Field:
    return (1 - fade(values, start, full)) * fade(values, less, end)
