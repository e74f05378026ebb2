"""Reads somebody's film, of any codec, size and rate, and writes footage as the worker plays it. Knows no faces."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from worker.encode import FPS
from worker.errors import UnusableFootage
from worker.matte import Alpha
from worker.stage import PLAIN

Rgb = NDArray[np.uint8]  # (height, width, 3)

_LARGEST = 50_000_000  # pixels of a frame, as of a picture
_MOST_BITS = 0.4  # a pixel, over two seconds: eight seconds of 1080 lines are 12 MB at most, however noisy


def read_film(path: Path, *, longest_s: float) -> Iterator[Rgb]:
    """Yield the frames of a film's first seconds, upright, at 25 a second whatever its own rate.

    Raises:
        UnusableFootage: it cannot be read, or has no picture.
    """
    try:
        with av.open(path) as film:
            if not film.streams.video:
                raise UnusableFootage(f"{path} has no picture.")
            stream = film.streams.video[0]
            stream.thread_type = "AUTO"
            frames = _upright(film.decode(stream), stream.sample_aspect_ratio)
            yield from _at_our_rate(frames, longest_s)
    except (av.FFmpegError, OSError) as exc:
        raise UnusableFootage(f"{path} cannot be read as a film: {exc}") from exc


def write_footage(path: Path, frames: Iterable[Rgb], *, lines: int = PLAIN) -> None:
    """Write frames of any one size as H.264, and nothing at `path` before all of it is written.

    Args:
        path: of the film.
        frames: each of which is asked for once the one before is written.
        lines: of the footage, which these are or belong to.
    """
    many = lines > PLAIN
    options = {"crf": "18" if many else "16", "preset": "medium"}
    with _film_of(path, frames, options, bounded=many) as (film, stream, pictures):
        context = stream.codec_context
        context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        for rgb in pictures:
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            film.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)))


def write_mattes(path: Path, mattes: Iterable[Alpha]) -> None:
    """Write mattes of any one size, (height, width), likewise: as the brightness of H.264 without loss."""
    with _film_of(path, mattes, {"qp": "0", "preset": "medium"}) as (film, stream, pictures):
        picture = np.full((stream.height * 3 // 2, stream.width), 128, np.uint8)
        for matte in pictures:
            picture[: stream.height] = matte
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))


@contextmanager
def _film_of(
    path: Path, pictures: Iterable[Rgb], options: dict[str, str], *, bounded: bool = False
) -> Iterator[tuple[Any, Any, Iterator[Rgb]]]:
    """Open a film of the size of its pictures to be written, which is at `path` once it is whole."""
    others = iter(pictures)
    first = next(others)
    if bounded:
        most = int(_MOST_BITS * first.shape[0] * first.shape[1] * FPS)
        options = {**options, "maxrate": str(most), "bufsize": str(2 * most)}
    unfinished = path.with_suffix(".part")
    with av.open(unfinished, "w", format="mp4", options={"movflags": "faststart"}) as film:
        stream = film.add_stream("libx264", rate=FPS, options=options)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, FPS)
        yield film, stream, chain([first], others)
        film.mux(stream.encode())
    unfinished.replace(path)


def _upright(
    frames: Iterable[av.VideoFrame], pixel_aspect: Fraction | None
) -> Iterator[tuple[float | None, Rgb]]:
    """Yield frames with their times, turned as a telephone was held and with square pixels."""
    for frame in frames:
        wide = frame.width if not pixel_aspect else round(frame.width * pixel_aspect)
        if max(wide, frame.width) * frame.height > _LARGEST:
            raise UnusableFootage("Its pictures are larger than 50 megapixels.")
        rgb = np.asarray(
            frame.reformat(format="rgb24", dst_color_range=ColorRange.JPEG).to_ndarray(), np.uint8
        )
        if pixel_aspect and pixel_aspect != 1:
            rgb = np.asarray(cv2.resize(rgb, (wide, rgb.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)
        yield frame.time, np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))


def _at_our_rate(frames: Iterable[tuple[float | None, Rgb]], longest_s: float) -> Iterator[Rgb]:
    """Show of each 25th of a second the frame that is nearest to its start: dropping or repeating some."""
    shown, started = 0, None
    before: tuple[float, Rgb] | None = None
    for time, rgb in frames:
        if time is None:  # a damaged packet
            continue
        started = time if started is None else started
        now = time - started
        while before and shown / FPS < (before[0] + now) / 2:
            if shown / FPS >= longest_s:
                return
            yield before[1]
            shown += 1
        before = now, rgb
    if before and shown / FPS < longest_s:
        yield before[1]
