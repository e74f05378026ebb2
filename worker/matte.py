"""Tells a person from the studio backdrop that they were filmed before, by what that backdrop is known to be.

The backdrops of the avatars that come with the worker are a formula of two colours. Each pixel of a picture is a share
of the person's own colour, and for the rest the backdrop's. The latter is known; of the former what is known is that it
goes on from where the person is sure. So nothing has to be learnt, and where no person is, nothing of the backdrop is
left.

All is in the encoder's colours, YUV by BT.709 in limited range, on planes of the footage's size.
"""

import threading
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.planes import Picture, whole
from worker.stage import PLAIN

Colour = tuple[float, float, float]  # red, green and blue from 0 to 1, as displayed
Plane = NDArray[np.float32]
Row = NDArray[np.floating[Any]]
Alpha = NDArray[np.uint8]  # (H, W), 0 to 255

_INNER, _OUTER = (
    0.05,
    0.8,
)  # of the picture's side: where the colours begin to change, and are those of the edge
_MIDDLE = 0.5, 0.42  # of the light spot, from the left and from above

# Pixels are those of 512 lines: in a film of more, the edge is looked for on a smaller copy.
_SAME = 3.5  # levels: what differs less is the backdrop, and how it was coded
_SURE = 14.0  # what differs more, and is well inside, is the person
_UNLIKE = 20.0  # from which on what differs is told from the backdrop in a gap
_GAP = 12  # pixels, from which on a gap between strands is one, and no noise
_HAIR = 10.0  # that the hair around it differs by
_INSIDE = 5  # pixels from the backdrop from which on a person is no longer mixed with it
_REACH = 5.0  # sigma in pixels over which the person's own colour is taken to be the same
_COLOUR_WEIGHT = 1.6  # a difference in colour says more than one in brightness, which has noise

_TO_YUV = np.array(
    [
        [0.2126 * 219, 0.7152 * 219, 0.0722 * 219],
        [-0.2126 / 1.8556 * 224, -0.7152 / 1.8556 * 224, 0.5 * 224],
        [0.5 * 224, -0.7152 / 1.5748 * 224, -0.0722 / 1.5748 * 224],
    ]
)
_ZERO = np.array([16.0, 128.0, 128.0])


class Studio(msgspec.Struct, frozen=True, kw_only=True):
    """A backdrop: light around the head, darker towards the edges."""

    centre: Colour
    edge: Colour

    def seen(self, across: Row, down: Row) -> Plane:
        """Return its colours in YUV, (H, W, 3).

        Args:
            across: where to look, in sides of the footage from its left edge; (W,).
            down: from its upper edge; (H,). What is outside of the footage is what was never filmed.
        """
        distance = np.hypot(across[None] - _MIDDLE[0], down[:, None] - _MIDDLE[1])
        share = np.clip((distance - _INNER) / (_OUTER - _INNER), 0, 1)
        share = share * share * (3 - 2 * share)
        inner, outer = (_TO_YUV @ np.array(colour) + _ZERO for colour in (self.centre, self.edge))
        return np.asarray(inner + share[..., None] * (outer - inner), np.float32)


class Mattes:
    """The mattes of a film: each is made when it is asked for first, in a twentieth of a second, and kept packed.

    Safe to use from several threads: two that ask for the same one at once may both make it.

    Attributes:
        backdrop: YUV, (H, W, 3): what would be seen without the person.
        bytes: of what is kept.

    Args:
        studio: what all of it was filmed before.
        picture: gives a frame of the film.
        grown: told whenever more is kept.
    """

    def __init__(
        self, studio: Studio, picture: Callable[[int], Picture], *, grown: Callable[[], None] = lambda: None
    ) -> None:
        self._studio = studio
        self._picture = picture
        self._grown = grown
        self._lock = threading.Lock()  # of what is kept; not held while it is made
        self._packed: dict[int, bytes] = {}
        first = whole(picture(0))
        side = len(first)
        at = centres(side) / side
        formula = studio.seen(at, at)
        self._offset = offset(first, formula)
        self.backdrop = formula + self._offset
        self.bytes = self.backdrop.nbytes

    def __getitem__(self, frame: int) -> Alpha:
        """Return the matte of a frame of the film."""
        packed = self._packed.get(frame)
        if packed is None:
            made = matte(whole(self._picture(frame)), self.backdrop)
            self._keep(frame, zlib.compress(made.tobytes(), 1))
            return made
        return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(self.backdrop.shape[:2])

    def _keep(self, frame: int, packed: bytes) -> None:
        with self._lock:
            if frame in self._packed:
                return
            self._packed[frame] = packed
            self.bytes += len(packed)
        self._grown()

    def beyond(self, across: Row, down: Row) -> Plane:
        """Return the backdrop as it goes on beyond the film; see `Studio.seen`."""
        return self._studio.seen(across, down) + self._offset


def centres(pixels: int) -> Row:
    """Return where the middle of each pixel of a row is."""
    return np.asarray(np.arange(pixels) + 0.5, np.float32)


def offset(picture: Plane, backdrop: Plane) -> NDArray[np.float32]:
    """Tell by how much footage was coded otherwise than its formula says: Y, U and V, within a level or two."""
    difference = picture - backdrop
    upper = len(difference) // 2
    near = (np.abs(difference) < _SAME).all(axis=2)
    near[upper:] = False
    if not near.any():
        return np.zeros(3, np.float32)
    return np.asarray(difference[near].mean(axis=0), np.float32)


def matte(picture: Plane, backdrop: Plane) -> Alpha:
    """Tell how much of each pixel is the person.

    Args:
        picture: YUV, (H, W, 3).
        backdrop: what would be seen without the person.
    """
    edge = _find_edge(_of_few_lines(picture), _of_few_lines(backdrop))
    outside, inside, own_change = (_of_lines(plane, len(picture)) for plane in edge)
    change = weighted(picture - backdrop)
    length = (own_change**2).sum(axis=2)
    share = (change * own_change).sum(axis=2) / np.maximum(length, 1)
    # Where a person is as the backdrop is, the pictures say nothing, and the distance has to.
    told = np.clip(np.sqrt(length) / _SURE - 1, 0, 1)
    by_distance = np.clip(inside / 2, 0, 1)
    alpha = np.clip(told * share + (1 - told) * by_distance, 0, 1)
    # Nothing of the backdrop is seen through the person, but a few strands from their edge.
    alpha = np.maximum(alpha, np.clip((inside - _INSIDE) / _INSIDE, 0, 1))
    alpha[outside >= 0.5] = 0  # noqa: PLR2004 - half of a pixel
    return np.asarray(np.rint(255 * alpha), np.uint8)


class _Edge(NamedTuple):
    """What is known around the edge of a person."""

    outside: Plane  # 1 where nothing but the backdrop is seen
    inside: Plane  # pixels from there
    own_change: (
        Plane  # (H, W, 3), weighted: how the person's colour, gone on to the edge, differs from the backdrop
    )


def _find_edge(picture: Plane, backdrop: Plane) -> _Edge:
    """Tell where the person ends, and what they look like there."""
    change = weighted(picture - backdrop)
    apart = np.sqrt((change**2).sum(axis=2))
    outside = _backdrop(apart)
    inside = _distance(outside)
    # Between strands the backdrop is seen without hanging together with the rest of it.
    sure = (inside > 2 * _INSIDE) & (apart > _SURE)
    own_change = weighted(gone_on(picture, sure) - backdrop)
    known = _distance(sure) < 3 * _REACH  # further away nothing goes on
    # What is at most a quarter theirs is a gap; of somebody whose hair is as the backdrop that could be their own.
    unlike = np.sqrt((own_change**2).sum(axis=2))
    mostly = (apart < np.minimum(unlike / 4, 3 * _SAME)) & (unlike > _UNLIKE)
    reach = np.where(unlike > 3 * _SURE, 4 * _INSIDE, 2 * _INSIDE)
    gaps = mostly & (inside < reach) & known
    inside = _distance(outside | gaps)
    own_change = weighted(gone_on(picture, inside > _INSIDE) - backdrop)
    return _Edge(outside.astype(np.float32), inside, own_change)


def _of_few_lines(plane: Plane) -> Plane:
    """Shrink what has more lines than all that is counted in pixels here is meant for."""
    if len(plane) <= PLAIN:
        return plane
    return np.asarray(cv2.resize(plane, (PLAIN, PLAIN), interpolation=cv2.INTER_AREA), np.float32)


def _of_lines(plane: Plane, lines: int) -> Plane:
    if len(plane) == lines:
        return plane
    return np.asarray(cv2.resize(plane, (lines, lines), interpolation=cv2.INTER_LINEAR), np.float32)


def weighted(change: Plane) -> Plane:
    """Weigh differences of colour as they count beside those of brightness, in place."""
    change[..., 1:] *= _COLOUR_WEIGHT
    return change


def _distance(outside: NDArray[np.bool_]) -> Plane:
    return np.asarray(cv2.distanceTransform((~outside).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def _backdrop(apart: Plane) -> NDArray[np.bool_]:
    """Tell where nothing but the backdrop is seen: all that hangs together with the upper edge, and gaps in the hair.

    A gap is some strands away from the rest of the backdrop, and ends at once at the hair around it. Clothes that are
    as the backdrop somewhere are so further inside, or differ by and by.
    """
    same = (apart < _SAME).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(same, connectivity=4)
    kept = np.zeros(len(stats), bool)
    kept[np.unique(labels[: len(same) // 2, [0, -1]])] = True
    kept[np.unique(labels[0])] = True
    kept[0] = False
    away = _distance(kept[labels])
    large = stats[:, cv2.CC_STAT_AREA] >= _GAP
    large[0] = False
    for label in np.flatnonzero(large & ~kept):
        left, top, width, height, _ = stats[label]
        around = np.s_[max(0, top - 3) : top + height + 3, max(0, left - 3) : left + width + 3]
        gap = (labels[around] == label).astype(np.uint8)
        rim = (cv2.dilate(gap, np.ones((7, 7), np.uint8)) > 0) & (same[around] == 0)
        near = away[around][gap > 0].min() < 2 * _INSIDE
        kept[label] = near and apart[around][rim].mean() > _HAIR
    return np.asarray(kept[labels])


def gone_on(picture: Plane, sure: NDArray[np.bool_]) -> Plane:
    """Return the colours of where the person is sure, gone on to where they are not: blurred by what is near."""
    # At half the size, or less of many lines: what is blurred needs no more.
    smaller = max(2.0, len(picture) / (PLAIN / 2))
    half = (int(picture.shape[1] / smaller), int(picture.shape[0] / smaller))
    weight = np.asarray(cv2.resize(sure.astype(np.float32), half, interpolation=cv2.INTER_AREA), np.float32)
    colours = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.float32)
    colours *= weight[..., None]
    result = np.zeros_like(colours)
    total = np.full(weight.shape, 1e-9, np.float32)
    # Twice: strands stand further from what is sure than the first reaches.
    for sigma, part in ((_REACH / 4, 1.0), (_REACH, 1e-3)):
        result += part * cv2.GaussianBlur(colours, (0, 0), sigma)
        total += part * cv2.GaussianBlur(weight, (0, 0), sigma)
    size = picture.shape[1], picture.shape[0]
    return np.asarray(cv2.resize(result / total[..., None], size, interpolation=cv2.INTER_LINEAR), np.float32)
