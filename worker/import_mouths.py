"""Finds four shapes of a mouth in a film of somebody, and lays them over footage of theirs. Knows no codec.

The network that moves sharp pictures (`worker.footage.Mouths`) is shown each frame of footage with the same mouth open
for "ah", broad for "ee", round for "oo" and pressed for "mm". Of those drawn, each frame is filmed so. Of people one
moment for each shape must do: it is moved to where the head is in each frame, made as bright, and faded into the
frame towards the border of the square.

Axes: F frames, P points of a face.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.compose import Box
from worker.encode import WIDTH
from worker.errors import UnusableFootage
from worker.footage import square
from worker.importing import Finder, Rgb, Take
from worker.landmarks import INNER_LIPS, Points

Look = Callable[[Rgb, tuple[float, float], tuple[float, float]], Points]
Floats = NDArray[np.float64]

LONGEST_S = 60.0
"""Of a film that shows the shapes; the rest is left out."""

_SIZE = 144  # pixels of a square of 512 lines, which the network was trained on

_EYES = ((33, 133), (362, 263))  # corners of the left and right one in the picture
_CORNERS = (61, 291)  # of the mouth
_OUTER_LIPS = (0, 17)  # upper edge of the upper lip, lower edge of the lower one
_STEADY = (33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 48, 278, 50, 280, 101, 330, 127, 356)
"""Points that speech leaves alone: corners of the eyes, nose, cheekbones and temples."""

_STEP = 2  # every second of them is looked at
_LOST = 0.2  # of the distance between the eyes: from here on a change of it is no movement
_ASTRAY = 0.1  # of the distance between the eyes: from here on a registration is wrong
_ABOVE = 0.6  # of a square: where brightness is compared
_OUTERMOST, _FADE = 0.97, 0.2  # of half a square: where a shape has faded into the frame, and over how much
_REGISTERED = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A shape of the mouth, measured against the mouth at rest.

    Lengths are in distances between the eyes, and those of the shapes that the network was trained on: means of
    the built-in avatars, seen by the same points.

    Attributes:
        sound: what to say.
        opening: between the lips, more than at rest.
        width: between the corners, as a ratio to that at rest.
        height: over both lips, more than at rest.
        off: how far from it somebody may stay, as a share of how far rest is from it.
        scales: how much of opening, width and height weighs alike.
    """

    sound: str
    opening: float
    width: float
    height: float
    off: float = 0.65
    scales: tuple[float, float, float] = (0.06, 0.04, 0.06)


SHAPES = (
    Shape(sound="ah", opening=0.37, width=1.04, height=0.41),
    Shape(sound="ee", opening=0.10, width=1.13, height=0.10, off=0.75),
    Shape(sound="oo", opening=0.03, width=0.855, height=0.08),
    # Much like rest, so that it is never missed.
    Shape(sound="mm", opening=-0.01, width=1.01, height=-0.033, off=np.inf, scales=(0.02, 0.1, 0.01)),
)
_STILL = 0.02  # movement from look to look that weighs as much

HOW_TO_FILM = (
    'Film the face again, in the same place and light, looking into the camera: hold "aaah" with the mouth wide open, '
    'a broad "eee" that shows the teeth, a round "ooo", and "mmm" with pressed lips, a second each.'
)


class _Moment(msgspec.Struct, frozen=True):
    """What is known of a look at a frame."""

    frame: int
    points: Points
    measures: Floats  # opening, width and height, in distances between the eyes


def side(lines: int) -> int:
    """Return S, the pixels of a square, of footage of so many lines; 144 where it is shown with 512."""
    return 2 * round(_SIZE * lines / WIDTH / 2)


def find_mouths(take: Take, read: Callable[[], Iterable[Rgb]], finder: Finder, look: Look) -> Iterator[Rgb]:
    """Return for each frame of footage the four shapes of its mouth side by side, (S, 4 S, 3).

    Whatever may be wrong with them is told at once; each is made as it is asked for.

    Args:
        take: the footage, with the mouth at rest.
        read: yields the frames of the film that shows the shapes. Called twice.
        finder: finds faces.
        look: finds the points of a face whose eyes are known roughly.

    Raises:
        UnusableFootage: a shape is not shown, or the mouth is too large in the footage; says what to film.
    """
    if max(box[2] for box in take.boxes if box) > side(take.lines):
        raise UnusableFootage("For four mouths the camera is too near to the face: show some more around it.")
    smaller = WIDTH / take.lines
    points = [
        _looked(frame, np.reshape(eyes, (2, 2)), smaller, look) if eyes else None
        for frame, eyes in zip(take.frames, take.eyes, strict=True)
    ]
    rest = np.median([_measures(seen) for seen in points if seen is not None], axis=0)
    shown = _choose(_watch(read(), finder, look), rest)
    wanted = {moment.frame for moment in shown}
    sources = {}
    for index, frame in enumerate(read()):
        if index in wanted:
            sources[index] = frame
        if index >= max(wanted):
            break
    apart = float(np.median([_apart(seen) for seen in points if seen is not None]))
    laid = [_Source(sources[moment.frame], moment.points, apart, take.lines) for moment in shown]
    return _squares(take, points, laid)


def _squares(take: Take, points: Sequence[Points | None], laid: Sequence["_Source"]) -> Iterator[Rgb]:
    size = side(take.lines)
    for frame, box, seen in zip(take.frames, take.boxes, points, strict=True):
        if box is None or seen is None:
            yield np.zeros((size, size * len(SHAPES), 3), np.uint8)
        else:
            few = _scaled(frame, WIDTH / take.lines)
            yield np.concatenate([source.lay(frame, few, box, seen) for source in laid], axis=1)


def _looked(frame: Rgb, eyes: Floats, scale: float, look: Look) -> Points:
    """Look at a frame made smaller, since a network sees few pixels; return the points in those of the frame."""
    (left_x, left_y), (right_x, right_y) = (eyes * scale).tolist()
    points = look(_scaled(frame, scale), (left_x, left_y), (right_x, right_y))
    return _at_scale(points, 1 / scale)


def _watch(frames: Iterable[Rgb], finder: Finder, look: Look) -> list[_Moment]:
    """Look at a film; a face is sought where it was last, and anew where it is lost."""
    moments: list[_Moment] = []
    eyes: Floats | None = None
    for index, frame in enumerate(frames):
        if index % _STEP:
            continue
        found = None if eyes is None else _seen(frame, eyes, look)
        if found is None:
            faces = finder.find(frame, smallest=min(frame.shape[:2]) / 8)
            found = _seen(frame, np.array(faces[0].points[:2]), look) if faces else None
        eyes = None if found is None else _eyes(found)
        if found is not None:
            moments.append(_Moment(index, found, _measures(found)))
    if not moments:
        raise UnusableFootage(f"The film of the mouth shows no face. {HOW_TO_FILM}")
    return moments


def _seen(frame: Rgb, eyes: Floats, look: Look) -> Points | None:
    """Return the points of a face, unless its eyes are elsewhere."""
    (left_x, left_y), (right_x, right_y) = eyes.tolist()
    points = look(frame, (left_x, left_y), (right_x, right_y))
    apart = np.hypot(*(eyes[1] - eyes[0]))
    return points if np.abs(_eyes(points) - eyes).max() < _LOST * apart else None


def _choose(moments: Sequence[_Moment], rest: Floats) -> list[_Moment]:
    """Return the moment that shows each shape best: nearest to it, and still."""
    measures = np.array([moment.measures for moment in moments])  # (F, 3)
    before, after = measures[[0, *range(len(measures) - 1)]], measures[[*range(1, len(measures)), -1]]
    moved = np.maximum(np.abs(measures - before), np.abs(after - measures)).max(axis=1) / _STILL
    changes = (before + measures + after) / 3 - rest  # three looks are steadier than one
    chosen = []
    for shape in SHAPES:
        wanted = np.array([shape.opening, (shape.width - 1) * rest[1], shape.height])
        away = np.linalg.norm((changes - wanted) / shape.scales, axis=1)
        best = int(np.argmin(away + moved))
        if away[best] > shape.off * np.linalg.norm(wanted / shape.scales):
            raise UnusableFootage(f'The film of the mouth shows no "{shape.sound}". {HOW_TO_FILM}')
        chosen.append(moments[best])
    return chosen


class _Source:
    """A moment that shows a shape, ready to be laid over footage of some lines, in which eyes are `apart` pixels apart.

    Where it lies is found in pictures of 512 lines, which tell parts of a pixel, too, and sooner than those of more.
    """

    def __init__(self, picture: Rgb, points: Points, apart: float, lines: int) -> None:
        self._smaller = WIDTH / lines  # of a frame
        scale = min(1.0, apart / _apart(points))
        few = min(1.0, self._smaller * apart / _apart(points))
        self._picture, self._few = _scaled(picture, scale), _scaled(picture, few)
        self._points = _at_scale(points, few)
        self._ratio = few / scale

    def lay(self, frame: Rgb, few: Rgb, box: Box, points: Points) -> Rgb:
        """Return the shape in the square of a frame of footage, (S, S, 3).

        Args:
            frame: all of it.
            few: the same with 512 lines.
            box: of the mouth, in the frame.
            points: of the face, in the frame.
        """
        points = _at_scale(points, self._smaller)
        to_source = _fit(points[list(_STEADY)], self._points[list(_STEADY)])
        to_source = _registered(few, self._few, to_source, points)
        moved = _enlarged(to_source, self._smaller, self._ratio)
        size = side(len(frame))
        x, y, _ = square(box, size, len(frame))
        left, top = int(x - size / 2), int(y - size / 2)
        moved[:, 2] += moved[:, :2] @ [left, top]
        here = frame[top : top + size, left : left + size].astype(np.float32)
        shape = cv2.warpAffine(
            self._picture,
            moved,
            (size, size),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.float32)
        share = _share(size)[..., None]
        # As bright and of the same tint as the frame where speech changes little: beside the nose and the mouth.
        above = (np.arange(size) < _ABOVE * size).astype(np.float32)
        around = (1 - share) * above[:, None, None]
        gain = (around * here).sum(axis=(0, 1)) / np.maximum((around * shape).sum(axis=(0, 1)), 1)
        shape *= np.clip(gain, 0.7, 1.4)
        return np.asarray(np.clip(np.rint(here + share * (shape - here)), 0, 255), np.uint8)


@cache
def _share(size: int) -> NDArray[np.float32]:
    """Return 1 around the mouth, falling to 0 before the border of a square and in its corners, (S, S)."""
    across = (np.arange(size) + 0.5) / size * 2 - 1
    reach = (across[:, None] ** 4 + across[None] ** 4) ** 0.25
    inwards = np.clip((_OUTERMOST - reach) / _FADE, 0, 1)
    return np.asarray(inwards * inwards * (3 - 2 * inwards), np.float32)


def _scaled(picture: Rgb, scale: float) -> Rgb:
    if scale == 1:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _at_scale(points: Points, scale: float) -> Points:
    """Return points, which count from the middle of the first pixel, in a picture that was scaled."""
    return (points + 0.5) * scale - 0.5


def _enlarged(found: Floats, here: float, there: float) -> Floats:
    """Return the map (2, 3) that leads between two pictures as `found` does between smaller ones.

    Args:
        found: between pixels of the smaller ones.
        here: scale of the one that it leads from.
        there: scale of the one that it leads to.
    """
    linear, shift = found[:, :2], found[:, 2]
    moved = (linear @ np.full(2, 0.5 * here - 0.5) + shift + 0.5) / there - 0.5
    return np.column_stack([linear * (here / there), moved])


def _registered(frame: Rgb, picture: Rgb, to_source: Floats, points: Points) -> Floats:
    """Refine by the pictures themselves how a frame lies in the source: points jitter by a pixel.

    Where the pictures lead elsewhere, the points are believed.
    """
    steady = points[list(_STEADY)]
    low, high = np.floor(steady.min(axis=0)).astype(int), np.ceil(steady.max(axis=0)).astype(int)
    left, top = np.maximum(low, 0)
    right, bottom = np.minimum(high, WIDTH)
    template = cv2.cvtColor(frame[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    start = to_source.copy()
    start[:, 2] += to_source[:, :2] @ [left, top]
    try:
        _, found = cv2.findTransformECC(
            template,
            cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY),
            start.astype(np.float32),
            cv2.MOTION_AFFINE,
            _REGISTERED,
        )
    except cv2.error:  # they do not converge, as where the eyes are shut in one of them
        return to_source
    found = found.astype(float)
    found[:, 2] -= found[:, :2] @ [left, top]
    apart = steady @ (found - to_source)[:, :2].T + (found - to_source)[:, 2]
    return np.asarray(found) if np.abs(apart).max() < _ASTRAY * _apart(points) else to_source


def _fit(here: Points, there: Points) -> Floats:
    """Return the affine map (2, 3) that leads points to others by least squares."""
    known = np.column_stack([here, np.ones(len(here))])
    return np.asarray(np.linalg.lstsq(known, there, rcond=None)[0].T)


def _eyes(points: Points) -> Floats:
    return np.array([points[list(corners)].mean(axis=0) for corners in _EYES])


def _measures(points: Points) -> Floats:
    """Return opening, width and height of the mouth, in distances between the eyes."""
    pairs = np.array([points[list(pair)] for pair in (INNER_LIPS, _CORNERS, _OUTER_LIPS)])  # (3, 2, 2)
    return np.asarray(np.linalg.norm(pairs[:, 1] - pairs[:, 0], axis=1) / _apart(points))


def _apart(points: Points) -> float:
    left, right = _eyes(points)
    return float(np.hypot(*(right - left)))
