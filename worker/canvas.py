"""Puts the pictures of the footage onto a canvas of another size: larger, on another background, with room around.

Knows no network and no codec. All of it is done on planes of yuv420p, as they come and as they are encoded, so that no
picture goes through RGB. What stands still is made once: the background, and where the person stands.
"""

from collections.abc import Iterator
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.compose import IdleFrame
from worker.film_mattes import FilmMattes
from worker.matte import Alpha, Mattes, centres
from worker.nods import Tilt
from worker.planes import Picture, Whole, parted, planes, to_yuv
from worker.stage import PLAIN, Place, Stage

_BLUR = 1 / 40  # of the longer side: sigma of what goes on beside footage of which no more is known
_BLURRED = 1024  # pixels of that side while it is blurred, of which a sigma is some 25

_OPAQUE = 128  # of an alpha: more the person than not
_NOTHING = 255  # of what is seen through: no person
_LEAST_ROWS = 0.75  # of the footage that are shown of a person
_MUCH = 4  # times as many pixels as are seen of something: so many more are not made of it
_SWAY = 10 / PLAIN  # of the footage's side, by which shoulders move


class Behind(Protocol):
    """What is seen behind a person, as large as the canvas."""

    def at(self, index: int) -> Picture:
        """Return what is seen at a frame of the video; not to be written to."""
        ...


class Film(Protocol):
    """What a canvas has to know of footage."""

    @property
    def first(self) -> IdleFrame:
        """The first frame as it was filmed."""
        ...

    @property
    def mattes(self) -> Mattes | FilmMattes | None:
        """Its mattes; None where nobody can be cut out."""
        ...

    def matte(self, index: int) -> Alpha:
        """Return the matte of what is shown at a frame of the video."""
        ...


class Canvas:
    """Lays out one video. A class since what stands still is made once, for its first picture.

    With a matte the person alone is shown, down to where the shoulders would reach the sides of the footage, so that
    nobody is cut off by a straight line in the middle of the canvas. Without one the footage is shown as it is.

    Attributes:
        plain: nothing is to be done.
        place: where what is shown of the footage is on the canvas.

    Args:
        stage: how.
        film: what its pictures are from.
        behind: the picture or film that the stage names.
    """

    def __init__(self, stage: Stage, film: Film, behind: Behind | None = None) -> None:
        self._film = film
        self.plain = stage.background is None and stage.person is None
        self.plain &= stage.width == stage.height == PLAIN
        if self.plain:
            return
        self._mattes = film.mattes
        if stage.background is None and not isinstance(self._mattes, Mattes):
            self._mattes = None  # what they were filmed before is known there alone, and not beyond
        self._lines = film.first.picture.shape[1]
        self._rows = self._lines if self._mattes is None else _rows(self._mattes[0])
        self._backdrops = [] if self._mattes is None else _of_planes(self._mattes.backdrop)
        self.place = fitted(stage, (self._lines, self._rows))
        self._behind = behind
        colour = stage.colour
        if behind is not None:
            return
        if colour is not None:
            self._still = to_yuv(np.full((stage.height, stage.width, 3), colour, np.uint8))
        elif isinstance(self._mattes, Mattes):
            self._still = _studio(self._mattes, (stage.width, stage.height), self.place)
        else:
            self._still = going_on(film.first.picture, (stage.width, stage.height), self.place)

    def show(self, picture: Picture, index: int, tilt: Tilt | None = None) -> Picture:
        """Return a picture of the footage as it is on the canvas; the same where nothing is to be done.

        Args:
            picture: of the footage, the mouth on it.
            index: at which frame of the video it is shown.
            tilt: of the head in it, if it was moved.
        """
        if self.plain:
            return picture
        shown = (self._still if self._behind is None else self._behind.at(index)).copy()
        if self._mattes is None:
            paste(shown, picture, self.place)
            return shown
        alpha = self._film.matte(index)
        triples = _triples(shown, picture, self.place)
        for backdrop, (plane, source, place) in zip(self._backdrops, triples, strict=True):
            through, left = _behind(alpha, backdrop)
            if tilt is not None:  # what is left of the backdrop at the edge was moved with it
                through, left = tilt.plane(through), tilt.plane(left)
            _lay(plane, source, place, through, left, self._rows * len(source) // self._lines)
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


def _rows(alpha: Alpha) -> int:
    """Count the rows of the footage, from above, in which the person reaches neither side: an even number."""
    beside = (alpha[:, :2].max(axis=1) >= _OPAQUE) | (alpha[:, -2:].max(axis=1) >= _OPAQUE)
    rows = (int(np.argmax(beside)) if beside.any() else len(alpha)) - round(_SWAY * len(alpha))
    return 2 * (rows // 2) if rows >= _LEAST_ROWS * len(alpha) else len(alpha)


def scaled(plane: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scale a plane: by area where it shrinks, against aliasing."""
    if plane.shape == (height, width):
        return plane
    how = cv2.INTER_AREA if width < plane.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(plane, (width, height), interpolation=how), np.uint8)


def _scaled_part(plane: NDArray[np.uint8], place: Place, part: tuple[slice, slice]) -> NDArray[np.uint8]:
    """Scale a plane into a place, and return the part of it that is seen."""
    rows, columns = part
    size = columns.stop - columns.start, rows.stop - rows.start
    if place.width * place.height <= max(plane.size, _MUCH * size[0] * size[1]):
        return scaled(plane, place.width, place.height)[part]
    # Most of it would be made to be cut off.
    across, down = plane.shape[1] / place.width, plane.shape[0] / place.height
    centres_of = [
        [across, 0, (columns.start + 0.5) * across - 0.5],
        [0, down, (rows.start + 0.5) * down - 0.5],
    ]
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(plane, np.array(centres_of), size, flags=how, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _triples(
    shown: Picture, picture: Picture, place: Place
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8], Place]]:
    """Yield each plane of the canvas, of the picture, and where on it that is."""
    half = Place(x=place.x // 2, y=place.y // 2, width=place.width // 2, height=place.height // 2)
    yield from zip(planes(shown), planes(picture), (place, half, half), strict=True)


def _of_planes(backdrop: Whole) -> list[NDArray[np.float32]]:
    """Return a backdrop, YUV (H, W, 3), as its three planes: those of the colours at half its size."""
    luma, *colours = cv2.split(backdrop)
    planes = [
        luma,
        *(cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for plane in colours),
    ]
    return [np.asarray(plane, np.float32) for plane in planes]


def _behind(alpha: Alpha, backdrop: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return how much of what is behind is seen, and what of the footage's own backdrop is in a plane of it."""
    through = np.asarray(255 - alpha, np.uint8)
    if through.shape != backdrop.shape:
        size = backdrop.shape[1], backdrop.shape[0]
        through = np.asarray(cv2.resize(through, size, interpolation=cv2.INTER_AREA), np.uint8)
    left = cv2.multiply(through, backdrop, scale=1 / 255, dtype=cv2.CV_8U)
    return through, np.asarray(left, np.uint8)


def _lay(
    plane: NDArray[np.uint8],
    source: NDArray[np.uint8],
    place: Place,
    through: NDArray[np.uint8],
    left: NDArray[np.uint8],
    rows: int,
) -> None:
    """Lay the person of a plane onto another, in place: what the footage has beyond its own backdrop."""
    own = cv2.subtract(source[:rows], left[:rows])
    own[through[:rows] == _NOTHING] = 0  # how the backdrop was coded is nothing of the person
    within, of_it = _overlap(plane, place)
    if plane[within].size == 0:  # they stand beside the canvas
        return
    person = _scaled_part(np.asarray(own, np.uint8), place, of_it)
    seen = _scaled_part(through[:rows], place, of_it)
    behind = cv2.multiply(plane[within], seen, scale=1 / 255)
    plane[within] = cv2.add(behind, person)


def paste(shown: Picture, picture: Picture, place: Place) -> None:
    """Scale a picture into its place of another, in place; what is outside is cut off."""
    for plane, source, at in _triples(shown, picture, place):
        within, of_it = _overlap(plane, at)
        if plane[within].size:
            plane[within] = _scaled_part(source, at, of_it)


def _overlap(plane: NDArray[np.uint8], place: Place) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return what of a plane a place covers, and what of the place that is."""
    height, width = plane.shape
    left, top = max(place.x, 0), max(place.y, 0)
    right, bottom = min(place.x + place.width, width), min(place.y + place.height, height)
    right, bottom = max(right, left), max(bottom, top)
    within = slice(top, bottom), slice(left, right)
    return within, (slice(top - place.y, bottom - place.y), slice(left - place.x, right - place.x))


def _studio(mattes: Mattes, size: tuple[int, int], place: Place) -> Picture:
    """Make a background of the backdrop that the person was filmed before, as it goes on around the footage."""
    width, height = size
    side = place.width
    exact = mattes.beyond((centres(width) - place.x) / side, (centres(height) - place.y) / side)
    # Rounded with noise, which never moves: without it a slope this gentle has bands.
    noise = np.random.default_rng(1).random((height, width, 1), np.float32) - np.float32(0.5)
    return parted(exact + noise)


def going_on(first: Picture, size: tuple[int, int], place: Place) -> Picture:
    """Make a background of the edges of a picture that is at a place: they go on and blur."""
    width, height = size
    still = np.empty((height * 3 // 2, width), np.uint8)
    for plane, source, at in _triples(still, first, place):
        high, wide = plane.shape
        # At the picture's own size, or smaller: what is blurred needs no more, and a canvas may be large, also beside
        # a picture that is small on it or far away.
        all_of_it = max(max(wide, at.x + at.width) - min(0, at.x), max(high, at.y + at.height) - min(0, at.y))
        scale = max(at.width / source.shape[1], at.height / source.shape[0], all_of_it / _BLURRED)
        small = scaled(source, *(max(1, round(side / scale)) for side in (at.width, at.height)))
        before = (max(0, round(at.x / scale)), max(0, round(at.y / scale)))
        after = (
            max(0, round((wide - at.x - at.width) / scale)),
            max(0, round((high - at.y - at.height) / scale)),
        )
        around = cv2.copyMakeBorder(small, before[1], after[1], before[0], after[0], cv2.BORDER_REPLICATE)
        sigma = max(around.shape) * _BLUR
        blurred = np.asarray(
            cv2.GaussianBlur(around, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.uint8
        )
        left, top = (max(0, round(-edge / scale)) for edge in (at.x, at.y))
        seen = blurred[top : top + max(1, round(high / scale)), left : left + max(1, round(wide / scale))]
        plane[:] = cv2.resize(seen, (wide, high), interpolation=cv2.INTER_LINEAR)
    return still
