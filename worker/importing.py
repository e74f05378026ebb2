"""Turns a film of a person into footage that an avatar plays, or says why it cannot. Knows no codec, no network.

The picture is cut square around the face, the same for the whole film, so that the background stays still; the
mouth's square follows the face. Where there is no face for long, the frame passes through as it is. What is near
enough keeps the pixels of the film: a square is made smaller where it has more lines than canvases show, or than a long
film may have, and larger where it has fewer than all the rest expects.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isqrt
from typing import Protocol

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.compose import Box, Eyes, crop
from worker.encode import FPS, WIDTH
from worker.errors import UnusableFootage
from worker.import_faces import Face
from worker.stage import LINES

Rgb = NDArray[np.uint8]  # (height, width, 3)
Boxes = NDArray[np.float64]  # (N, 3): centre x, centre y, side; NaN where there is no face. Eyes are (N, 4)

# The square from nose tip to just below the chin, in distances between the eyes: its side, and how far its centre is
# below the tip of the nose. Fitted to the footage of `assets`, whose squares are known from the geometry that drew
# it, which they miss on average by 1.4 pixels across and 2.4 down, and its side of 135 by 5.1. More of the points
# would fit closer, and worse for people who look unlike it.
_SIDE = 1.476
_BELOW_NOSE = 0.718

_STEP = 8  # lines: squares of such sizes are made smaller in parts (`worker.shrinking`)
_MOST_PIXELS = (
    500 * 720**2
)  # of all frames, which a worker that shows them keeps decoded: twenty seconds of 720 lines
_PICTURE = 3.8  # sides of the mouth's square across the picture, as in `assets`
_MOUTH_HEIGHT = 0.69  # where in the picture its centre lies, from the top

_LOOK = 480  # pixels of the shorter side in which faces are sought
_SMALLEST_FACE = 1 / 8  # of the shorter side
_ALSO_A_FACE = 0.4  # of the largest face; a smaller one is background
_SMALLEST_SIDE = 48  # pixels of the film for the 96 of the network
_SHORTEST_S = 1
_LONGEST_GAP = 10  # frames without a face, over which the mouth's path is drawn
_LEAST_SEEN = 0.5  # of the frames
_OFTEN_SEVERAL = 0.1  # of the frames
_SMOOTHING = 3.0  # sigma in frames

# How a mouth is told to speak: rows and columns of its square that hold the lips, and some that hold cheeks and nose;
# the change from frame to frame there, of full scale. At rest the lips of `assets` change by 0.003, 1.3 times as
# much as the cheeks; speaking, by 0.017 to 0.034, 3 to 6 times as much.
_LIPS = (slice(30, 85), slice(20, 76))
_CHEEKS = (slice(0, 24), slice(8, 88))
_LIVELY = 0.008
_LIVELIER = 2.2


class Finder(Protocol):
    """Finds faces in a picture, largest first."""

    def find(self, picture: Rgb, *, smallest: float) -> list[Face]:
        """Find those that are at least `smallest` pixels across."""


class Pictures(Protocol):
    """Those of a film, in their order. They may be made each time that they are gone through: many fill the memory."""

    def __iter__(self) -> Iterator[Rgb]:
        """Begin with the first."""

    def __len__(self) -> int:
        """Count them."""


class Take(msgspec.Struct, frozen=True, kw_only=True):
    """Footage that an avatar can play, and where its mouth is."""

    lines: int = WIDTH
    frames: Pictures  # (lines, lines, 3)
    boxes: tuple[Box | None, ...]  # one a frame
    eyes: tuple[Eyes | None, ...]  # one pair a frame
    cut: tuple[int, int, int]  # the square of the film that the frames show: left, top and size
    mattes: Pictures = ()  # (lines, lines), one a frame; without them nobody is cut out


def study(read: Callable[[], Iterable[Rgb]], finder: Finder, *, may_speak: bool = False) -> Take:
    """Find the mouth in every frame of a film, and cut the picture around the face.

    Args:
        read: yields the frames, upright and 25 a second. Called for each look at them, since many fill the memory.
        finder: finds the faces.
        may_speak: take a mouth that is not at rest, too: it will go on moving where there is silence.

    Raises:
        UnusableFootage: it does not show one face, long and large enough, with its mouth at rest; says which.
    """
    shapes, found = set(), []
    for frame in read():
        shapes.add(frame.shape[:2])
        found.append(_faces(frame, finder))
    if len(found) < _SHORTEST_S * FPS:
        raise UnusableFootage(f"It lasts {len(found) / FPS:.1f} s; an avatar needs at least {_SHORTEST_S} s.")
    if len(shapes) > 1:
        raise UnusableFootage("The size of its picture changes.")
    _check_faces(found)
    boxes = smooth(np.array([_mouth(faces[0]) if faces else (np.nan,) * 3 for faces in found]))
    eyes = smooth(
        np.array([np.ravel(faces[0].points[:2]) if faces else np.full(4, np.nan) for faces in found])
    )
    left, top, size = _cut(boxes, *shapes.pop())
    lines = lines_of(size, len(found))
    scale = lines / size
    eyes = (eyes - [left, top, left, top]) * scale
    boxes = (boxes - [left, top, 0]) * scale
    if (np.abs(boxes[:, :2] - lines / 2) > lines / 2).any():  # NaN is not
        raise UnusableFootage("The face moves out of the picture.")
    take = Take(
        lines=lines,
        cut=(left, top, size),
        frames=_Cut(read, (left, top, size), lines, len(found)),
        boxes=tuple(
            None if np.isnan(x) else (round(x, 2), round(y, 2), round(side, 2))
            for x, y, side in boxes.tolist()
        ),
        eyes=tuple(None if np.isnan(pair[0]) else rounded(pair) for pair in eyes.tolist()),
    )
    if not may_speak and _speaks(take):
        raise UnusableFootage("The mouth moves most of the time; take a film in which the person listens.")
    return take


def lines_of(size: int, frames: int) -> int:
    """Say how many lines footage has of a square of a film: its own, unless those fill the memory, or are too few."""
    most = isqrt(_MOST_PIXELS // frames)
    return max(WIDTH, min(size, LINES[-1], most - most % _STEP))


class _Cut:
    """A film cut to a square, made as large as it is shown."""

    def __init__(
        self, read: Callable[[], Iterable[Rgb]], cut: tuple[int, int, int], lines: int, count: int
    ) -> None:
        self._read, self._cut, self._lines, self._count = read, cut, lines, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Rgb]:
        left, top, size = self._cut
        for frame in self._read():
            yield _resized(frame[top : top + size, left : left + size], self._lines / size)


class Still(msgspec.Struct, frozen=True, kw_only=True):
    """A picture cut around a face."""

    picture: Rgb  # (512, 512, 3)
    box: Box  # the mouth's square
    eyes: tuple[tuple[float, float], tuple[float, float]]  # left and right in the picture


def study_still(picture: Rgb, finder: Finder) -> Still:
    """Find the face in a picture, and cut the picture around it.

    Raises:
        UnusableFootage: it does not show one face that is large enough; says why.
    """
    face = one_face(picture, finder)
    x, y, side = _mouth(face)
    left, top, size = _cut(np.array([(x, y, side)]), *picture.shape[:2])
    scale = WIDTH / size
    eyes = [((ex - left) * scale, (ey - top) * scale) for ex, ey in face.points[:2]]
    return Still(
        picture=_resized(picture[top : top + size, left : left + size], scale),
        box=((x - left) * scale, (y - top) * scale, side * scale),
        eyes=(eyes[0], eyes[1]),
    )


def one_face(picture: Rgb, finder: Finder) -> Face:
    """Find the face in a picture, in pixels of it.

    Raises:
        UnusableFootage: it does not show one face that is large enough; says why.
    """
    faces = _faces(picture, finder)
    _check_faces([faces])
    return faces[0]


def rounded(eyes: Sequence[float]) -> Eyes:
    """Return eyes as packs tell them."""
    left_x, left_y, right_x, right_y = (round(float(at), 2) for at in eyes)
    return left_x, left_y, right_x, right_y


def smooth(boxes: Boxes) -> Boxes:
    """Steady the boxes of a film, or its eyes; draw them over short gaps, and leave long ones."""
    frames = np.arange(len(boxes))
    seen = ~np.isnan(boxes[:, 0])
    filled = np.column_stack([np.interp(frames, frames[seen], values[seen]) for values in boxes.T])
    edges = np.flatnonzero(np.diff(np.concatenate([[True], seen, [True]]).astype(int)))
    for start, end in edges.reshape(-1, 2):
        if end - start > _LONGEST_GAP:
            filled[start:end] = np.nan
    known = ~np.isnan(filled[:, :1])
    # Reaches less far than the gaps that it leaves are long: no frame is pulled to the other side of one.
    distance = frames[:, None] - frames
    weights = np.where(np.abs(distance) < _LONGEST_GAP, np.exp(-((distance / _SMOOTHING) ** 2) / 2), 0)
    steady = (weights @ np.where(known, filled, 0)) / np.maximum(weights @ known, 1e-9)
    return np.where(known, steady, np.nan)


def _faces(frame: Rgb, finder: Finder) -> list[Face]:
    """Return the faces that count, in pixels of the frame."""
    scale = min(1.0, _LOOK / min(frame.shape[:2]))
    small = _resized(frame, scale)
    faces = finder.find(small, smallest=_SMALLEST_FACE * min(small.shape[:2]))
    return [
        Face(
            score=face.score,
            size=face.size / scale,
            points=tuple((x / scale, y / scale) for x, y in face.points),
        )
        for face in faces
        if face.size >= _ALSO_A_FACE * faces[0].size
    ]


def _check_faces(found: Sequence[Sequence[Face]]) -> None:
    seen = sum(1 for faces in found if faces)
    several = sum(1 for faces in found if len(faces) > 1)
    if not seen:
        raise UnusableFootage("It shows no face.")
    if several > _OFTEN_SEVERAL * len(found):
        raise UnusableFootage(
            f"It shows several faces, in {several} of {len(found)} frames; an avatar is one person."
        )
    if seen < _LEAST_SEEN * len(found):
        raise UnusableFootage(f"It shows a face only in {seen} of {len(found)} frames.")
    side = float(np.median([_mouth(faces[0])[2] for faces in found if faces]))
    if side < _SMALLEST_SIDE:
        raise UnusableFootage(
            f"The face is too small: {side:.0f} pixels from nose to chin, where {_SMALLEST_SIDE} are needed."
        )


def _speaks(take: Take) -> bool:
    scale = WIDTH / take.lines  # of which the limits are
    crops = [
        crop(_resized(frame, scale), (box[0] * scale, box[1] * scale, box[2] * scale))
        for frame, box in zip(take.frames, take.boxes, strict=True)
        if box
    ]
    grey = np.stack(crops).astype(np.float32).mean(axis=-1) / 255  # (N, 96, 96)
    change = np.abs(np.diff(grey, axis=0))
    lips, cheeks = (float(np.median(change[:, *part].mean(axis=(1, 2)))) for part in (_LIPS, _CHEEKS))
    return lips > _LIVELY and lips > _LIVELIER * cheeks


def _mouth(face: Face) -> Box:
    """Return the mouth's square."""
    left_eye, right_eye, nose, left_corner, right_corner = np.array(face.points)
    apart = float(np.hypot(*(right_eye - left_eye)))
    x = (left_corner[0] + right_corner[0]) / 2
    return float(x), float(nose[1]) + _BELOW_NOSE * apart, _SIDE * apart


def _cut(boxes: Boxes, height: int, width: int) -> tuple[int, int, int]:
    """Return left, top and size of the square of the film that the avatar shows."""
    x, y, side = np.nanmedian(boxes, axis=0)
    size = min(round(_PICTURE * side), height, width)
    if WIDTH < size < LINES[-1]:  # its pixels stay as they are
        size -= size % _STEP
    left = min(max(round(x - size / 2), 0), width - size)
    top = min(max(round(y - _MOUTH_HEIGHT * size), 0), height - size)
    return left, top, size


def _resized(picture: Rgb, scale: float) -> Rgb:
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    smaller = scale < 1
    return np.asarray(
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC), np.uint8
    )
