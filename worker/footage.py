"""Footage: a film of somebody at rest, decoded as far as it was shown, that plays for ever. Knows no network."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from worker.compose import CROP, Box, IdleFrame, crop
from worker.errors import BadAssets

Playback = Literal["loop", "pingpong"]

_NOTHING = np.zeros((CROP, CROP, 3), np.uint8)  # what the network gets of a frame without a face


class Film:
    """The frames of a file, each decoded when it is asked for first.

    A class because the decoder stands where it stopped: the first segment of a render needs four frames, and
    should not wait until two seconds are decoded. Safe to use from several threads.

    Args:
        path: of the film.
        boxes: one a frame; None where no face is.

    Raises:
        BadAssets: it cannot be opened or has another number of frames.
    """

    def __init__(self, path: Path, boxes: Sequence[Box | None]) -> None:
        self._path = path
        self._boxes = boxes
        self._frames: list[IdleFrame] = []
        self._lock = threading.Lock()
        try:
            container = av.open(path)
            told = container.streams.video[0].frames
        except (av.FFmpegError, IndexError) as exc:
            raise BadAssets(f"{path} is no film.") from exc
        if told != len(boxes):
            raise BadAssets(f"{path} has {told} frames and not {len(boxes)}.")
        self._pictures: Iterator[av.VideoFrame] = container.decode(video=0)

    def __len__(self) -> int:
        return len(self._boxes)

    def __getitem__(self, index: int) -> IdleFrame:
        """Return a frame.

        Raises:
            BadAssets: the film is damaged there.
        """
        with self._lock:
            while len(self._frames) <= index:
                try:
                    picture = next(self._pictures)
                except (av.FFmpegError, StopIteration) as exc:
                    raise BadAssets(f"{self._path} is damaged at frame {len(self._frames)}.") from exc
                self._frames.append(_idle_frame(picture, self._boxes[len(self._frames)]))
            return self._frames[index]


class Footage:
    """A film that plays for ever: frame i of the video is some frame of the film."""

    def __init__(self, frames: Film | Sequence[IdleFrame], playback: Playback) -> None:
        self._frames = frames
        self._playback = playback

    @property
    def bytes(self) -> int:
        """How much memory it takes, once all of it was shown."""
        first = self._frames[0]
        return len(self._frames) * (first.picture.nbytes + first.crop.nbytes)

    def frame(self, index: int) -> IdleFrame:
        """Return the frame to show at a frame of the video."""
        count = len(self._frames)
        if self._playback == "loop" or count == 1:
            return self._frames[index % count]
        # There and back again, without showing either end twice in a row.
        step = index % (2 * count - 2)
        return self._frames[min(step, 2 * count - 2 - step)]


def _idle_frame(frame: av.VideoFrame, box: Box | None) -> IdleFrame:
    # Through RGB, so that every film ends up in the encoder's colour space whatever its own was.
    rgb = frame.reformat(format="rgb24", dst_color_range=ColorRange.JPEG)
    picture = rgb.reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
    return IdleFrame(
        picture=np.asarray(picture.to_ndarray(), np.uint8),
        crop=crop(np.asarray(rgb.to_ndarray(), np.uint8), box) if box else _NOTHING,
        box=box,
    )
