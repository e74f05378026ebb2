"""What shops show of an avatar before anything is bought, and of a video once it is: small pictures and a short film.

Knows no network and no HTTP. Nothing here is kept: who asks keeps it.
"""

import io
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from worker.avatars import Avatars, Pack
from worker.compose import Box, IdleFrame
from worker.encode import FPS
from worker.errors import NoFilm
from worker.stage import PLAIN

PREVIEW_PIXELS = 288
"""Width and height of what is shown of an avatar: sharp on a phone, a few kilobytes."""

IDLE_FRAMES = 4 * FPS
"""How much of the footage an idle film has; of what is longer it has the beginning, there and back."""

POSTER_FRAMES = 4 * FPS
"""How much of a video is looked through for its poster."""

_SPARSE = 8  # of so many pixels in a row one is enough to tell frames of footage from each other

_JPEG_QUALITY = 84
_CRF = "27"

_one_at_a_time = (
    threading.Lock()
)  # renders that were paid for come first: previews never take more than a core


def portrait(avatars: Avatars, pack: Pack, emotion: str) -> bytes:
    """Return the first picture of an avatar's footage as a small JPEG."""
    with _one_at_a_time:
        picture = next(_film(avatars.film(pack, emotion)))
        return _jpeg(_scaled(_pixels(picture, "rgb24")))


def idle(avatars: Avatars, pack: Pack, emotion: str) -> bytes:
    """Return an avatar's footage as a small silent MP4 to be played over and over."""
    with _one_at_a_time:
        frames = islice(_film(avatars.film(pack, emotion)), IDLE_FRAMES)
        pictures = [_scaled(_pixels(frame, "rgb24")) for frame in frames]
        description = pack.emotions[emotion]
        if description.playback == "pingpong" or description.frames > IDLE_FRAMES:
            pictures += pictures[-2:0:-1]
        sink = io.BytesIO()
        # Its index comes first, in room that is left for it: libavformat cannot move what is in memory.
        moov_bytes = 2_000 + 24 * len(pictures)
        with av.open(sink, "w", format="mp4", options={"moov_size": str(moov_bytes)}) as movie:
            stream = movie.add_stream("libx264", rate=FPS, options={"crf": _CRF, "preset": "medium"})
            stream.width = stream.height = PREVIEW_PIXELS
            stream.pix_fmt = "yuv420p"
            stream.codec_context.thread_count = 1
            stream.codec_context.flags |= Flags.global_header
            for picture in pictures:
                movie.mux(stream.encode(_frame(picture)))
            movie.mux(stream.encode())
        return sink.getvalue()


def poster(avatars: Avatars, pack: Pack, emotion: str, film: bytes) -> bytes:
    """Return the picture of a video on which its mouth is furthest from rest, as a JPEG of its size.

    Each frame of a video is one of the footage with another mouth, so what differs in the mouth's square is how it
    speaks. Which one it is, the rest of the picture tells. Of a canvas that is larger or smaller the first picture is
    taken.

    Args:
        avatars: Where the footage is.
        pack: Who speaks.
        emotion: In which footage.
        film: The start of the MP4, as far as whole segments go.

    Raises:
        NoFilm: No picture can be read of it.
    """
    at_rest: list[IdleFrame] = []
    best: tuple[float, NDArray[np.uint8]] | None = None
    with _one_at_a_time:
        try:
            for frame in islice(_film(io.BytesIO(film)), POSTER_FRAMES):
                luma = _pixels(frame, "yuv420p")[: frame.height]
                if luma.shape != (PLAIN, PLAIN):  # where the mouth is on a canvas is not known
                    best = 0.0, _pixels(frame, "rgb24")
                    break
                at_rest = at_rest or avatars.footage(pack, emotion).film
                moved = _moved(luma, at_rest)
                if best is None or moved > best[0]:
                    best = moved, _pixels(frame, "rgb24")
        except av.FFmpegError:
            pass  # it may end within a segment
    if best is None:
        raise NoFilm
    return _jpeg(best[1])


def _moved(luma: NDArray[np.uint8], film: list[IdleFrame]) -> float:
    """Tell by how many grey levels a picture's mouth differs from the mouth at rest, on the average."""
    height = len(luma)

    def elsewhere(at_rest: IdleFrame) -> float:
        differences = cv2.absdiff(luma[::_SPARSE, ::_SPARSE], at_rest.picture[:height:_SPARSE, ::_SPARSE])
        if at_rest.box is not None:
            left, top, right, bottom = (edge // _SPARSE for edge in _edges(at_rest.box))
            differences[max(top, 0) : bottom, max(left, 0) : right] = 0
        return float(differences.mean())

    at_rest = min(film, key=elsewhere)
    if at_rest.box is None:
        return 0.0
    left, top, right, bottom = _edges(at_rest.box)
    return float(cv2.absdiff(luma[top:bottom, left:right], at_rest.picture[top:bottom, left:right]).mean())


def _edges(box: Box) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(at + sign * box[2] / 2) for sign in (-1, 1) for at in box[:2])
    return left, top, right, bottom


def _film(source: Path | io.BytesIO) -> Iterator[av.VideoFrame]:
    with av.open(source, "r") as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        yield from container.decode(stream)


def _pixels(frame: av.VideoFrame, form: str) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format=form), np.uint8)


def _scaled(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.resize(rgb, (PREVIEW_PIXELS, PREVIEW_PIXELS), interpolation=cv2.INTER_AREA), np.uint8
    )


def _frame(rgb: NDArray[np.uint8]) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )


def _jpeg(rgb: NDArray[np.uint8]) -> bytes:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    written, data = cv2.imencode(
        ".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    )
    assert written
    return data.tobytes()
