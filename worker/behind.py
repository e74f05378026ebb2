"""What stands behind a person: a picture or a film of somebody's own, as large as a canvas.

Which of its frames is shown follows from the number of the video's frame alone, so that whoever goes on with a render
shows the same. A film goes on from its start.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image, ImageOps, UnidentifiedImageError

from worker.canvas import Behind, going_on, paste
from worker.encode import FPS
from worker.errors import BadBackground
from worker.planes import Picture, planes, to_yuv
from worker.stage import Fit, Place

Size = tuple[int, int]  # width, height

MOST_PICTURE_PIXELS = 50_000_000
MOST_FILM_PIXELS = 4_000_000
MOST_FILM_S = 60
MOST_FILM_FRAMES = MOST_FILM_S * 60
MOST_ASPECT = 8
"""How many times as wide as high a film is at most, or as high as wide: all of each frame is made as large as a canvas
asks for."""

_PICTURES = ("PNG", "JPEG", "WEBP")
_NEAR = 50  # frames: further ahead a film is sought instead of being decoded


class Still:
    """A picture.

    Args:
        image: as it was sent.
        size: of the canvas.
        fit: how it fills it.
    """

    def __init__(self, image: Image.Image, size: Size, fit: Fit) -> None:
        upright = ImageOps.exif_transpose(image)
        place = filling(upright.size, size, fit)
        # What is cut off is not made first: of a picture that is far wider than high it would be gigabytes.
        seen, box = _seen(place, size, upright.size)
        rgba = upright.convert("RGBA").resize((seen.width, seen.height), Image.Resampling.LANCZOS, box)
        ground = Image.new("RGBA", rgba.size, "black")
        rgb = np.asarray(Image.alpha_composite(ground, rgba).convert("RGB"))
        picture = to_yuv(rgb)
        self._picture = _ground(picture, seen, size)
        paste(self._picture, picture, seen)

    def at(self, index: int) -> Picture:  # noqa: ARG002 - it is the same at each
        """Return it."""
        return self._picture


class Reel:
    """A film. A class since it is decoded as it is shown; not safe to use from two threads at once.

    Args:
        path: where it is.
        size: of the canvas.
        fit: how it fills it.

    Raises:
        BadBackground: it is no film, or larger or longer than is taken.
    """

    def __init__(self, path: Path, size: Size, fit: Fit) -> None:
        self._film = _opened(path)
        self._stream = self._film.streams.video[0]
        self._aspect = self._stream.sample_aspect_ratio or Fraction(1)  # of each pixel
        self._size = size
        self._fit = fit
        self._times = sorted(
            packet.pts for packet in self._film.demux(self._stream) if packet.pts is not None
        )
        if not self._times:
            raise BadBackground("This film has no pictures.")
        ticks = 1 / Fraction(self._stream.time_base or Fraction(1, FPS))
        self._ticks_of_frame = ticks / FPS
        rate = self._stream.average_rate or FPS
        self._lasts = self._times[-1] - self._times[0] + max(1, round(ticks / rate))
        if self._lasts > MOST_FILM_S * ticks or len(self._times) > MOST_FILM_FRAMES:
            raise BadBackground(
                f"A film behind a person has at most {MOST_FILM_S} seconds and {MOST_FILM_FRAMES:,} frames:"
                " it begins anew at its end."
            )
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._shown = len(self._times)  # which of its frames is; none yet
        self._picture: Picture | None = None
        self._ground: Picture | None = None

    def decode_all(self) -> None:
        """Decode it from its start to its end.

        Raises:
            BadBackground: it breaks off.
        """
        for number in range(len(self._times)):
            self._decoded(number)
            self._shown = number

    def at(self, index: int) -> Picture:
        """Return the frame of a moment."""
        moment = self._times[0] + int(index * self._ticks_of_frame) % self._lasts
        number = bisect_right(self._times, moment) - 1
        if number != self._shown or self._picture is None:
            self._picture = self._laid(self._decoded(number))
            self._shown = number
        return self._picture

    def _decoded(self, number: int) -> av.VideoFrame:
        try:
            if not self._shown < number <= self._shown + _NEAR:
                self._film.seek(self._times[number], stream=self._stream)
                self._frames = self._film.decode(self._stream)
            frame = next(
                frame for frame in self._frames if frame.pts is None or frame.pts >= self._times[number]
            )
        except (av.FFmpegError, StopIteration) as exc:
            raise BadBackground(f"This film cannot be decoded at frame {number}.") from exc
        _check(frame.width, frame.height, self._aspect)  # it may change in the middle
        return frame

    def _laid(self, frame: av.VideoFrame) -> Picture:
        turns = round(frame.rotation / 90) % 4
        size = round(frame.width * self._aspect), frame.height
        place = filling(size if turns % 2 == 0 else size[::-1], self._size, self._fit)
        width, height = (place.width, place.height) if turns % 2 == 0 else (place.height, place.width)
        coded = frame.reformat(
            width=width,
            height=height,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        picture = np.asarray(coded.to_ndarray(), np.uint8)
        if turns:
            turned = np.empty((place.height * 3 // 2, place.width), np.uint8)
            for plane, source in zip(planes(turned), planes(picture), strict=True):
                plane[:] = np.rot90(source, turns)
            picture = turned
        if self._ground is None:
            self._ground = _ground(picture, place, self._size)
        paste(self._ground, picture, place)
        return self._ground


def filling(source: Size, canvas: Size, fit: Fit) -> Place:
    """Say where something of a size is in the middle of a canvas that it covers, or is contained in; all is even."""
    scales = canvas[0] / source[0], canvas[1] / source[1]
    if fit == "cover":
        width, height = (2 * math.ceil(side * max(scales) / 2) for side in source)
    else:
        width, height = (max(2, 2 * math.floor(side * min(scales) / 2)) for side in source)
    return Place(
        x=2 * ((canvas[0] - width) // 4), y=2 * ((canvas[1] - height) // 4), width=width, height=height
    )


def _seen(place: Place, canvas: Size, source: Size) -> tuple[Place, tuple[float, float, float, float]]:
    """Say what of a place is on the canvas, and what of the source that shows: left, top, right and bottom."""
    left, top = max(place.x, 0), max(place.y, 0)
    right, bottom = min(place.x + place.width, canvas[0]), min(place.y + place.height, canvas[1])
    across, down = source[0] / place.width, source[1] / place.height
    box = (
        (left - place.x) * across,
        (top - place.y) * down,
        min((right - place.x) * across, source[0]),
        min((bottom - place.y) * down, source[1]),
    )
    return Place(x=left, y=top, width=right - left, height=bottom - top), box


def open_background(path: Path, size: Size, fit: Fit) -> Behind:
    """Open what was sent as a background.

    Args:
        path: where it is.
        size: of the canvas.
        fit: how it fills it.

    Raises:
        BadBackground: it is neither picture nor film, or larger than is taken.
    """
    try:
        with Image.open(path, formats=_PICTURES) as image:
            if image.width * image.height > MOST_PICTURE_PIXELS:
                raise BadBackground(
                    f"This picture has {image.width}×{image.height} pixels;"
                    f" at most {MOST_PICTURE_PIXELS:,} are taken."
                )
            return Still(image, size, fit)
    except UnidentifiedImageError:
        return Reel(path, size, fit)
    except (OSError, ValueError, Image.DecompressionBombError) as exc:
        raise BadBackground("This picture cannot be decoded.") from exc


def examine(path: Path) -> None:
    """Decode all of a background, so that no render finds out that it is broken.

    Raises:
        BadBackground: it cannot be shown.
    """
    behind = open_background(path, (64, 64), "cover")
    if isinstance(behind, Reel):
        behind.decode_all()


def _opened(path: Path) -> av.container.InputContainer:
    try:
        film = av.open(path, options={"format_whitelist": "mov,matroska"})  # none of which names other files
    except (av.FFmpegError, OSError) as exc:
        raise BadBackground("This is neither a picture nor a film that can be decoded.") from exc
    if not film.streams.video:
        raise BadBackground("This film has no pictures.")
    stream = film.streams.video[0]
    _check(stream.width, stream.height, stream.sample_aspect_ratio or Fraction(1))
    return film


def _check(width: int, height: int, aspect: Fraction) -> None:
    """Refuse pictures of a film that take too much to show; `aspect` is that of each pixel. Raises BadBackground."""
    if width * height > MOST_FILM_PIXELS or not width * height:
        raise BadBackground(f"This film has {width}×{height} pixels; at most {MOST_FILM_PIXELS:,} are taken.")
    if not 1 / MOST_ASPECT <= width * aspect / height <= MOST_ASPECT:
        raise BadBackground(
            f"This film is {round(width * aspect)} wide and {height} high; one side has at most {MOST_ASPECT} times"
            " the other."
        )


def _ground(picture: Picture, place: Place, size: Size) -> Picture:
    """Make a canvas for a picture: where it does not reach the edges, its own go on."""
    if place.width >= size[0] and place.height >= size[1]:
        return np.empty((size[1] * 3 // 2, size[0]), np.uint8)
    return going_on(picture, size, place)
