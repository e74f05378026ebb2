"""Recordings that come as files, decoded while they come: WAV, WebM, Ogg and MP4. Knows no session.

FFmpeg asks for bytes where it needs them, so it has a thread, in which it may wait. What it opens is what the first
bytes are, and nothing that they name: no playlist, no other file.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Literal

import av
import numpy as np

from worker.encode import Pcm
from worker.live.records import SAMPLE_RATE
from worker.speech import SpeechError

Kind = Literal["wav", "matroska", "ogg", "mov"]

TOLD_BY = 8
"""Bytes that tell a file from plain samples."""

_STARTS: dict[bytes, Kind] = {b"RIFF": "wav", b"\x1aE\xdf\xa3": "matroska", b"OggS": "ogg"}
_PATIENCE_S = 10.0  # for which a read waits; whoever sends no more by then has lost its end
_PROBED_BYTES = 4_096  # of what may be read to learn what is in it; headers tell that
_MOST_CHANNELS = 8


class BadRecording(SpeechError):
    """A file that cannot be read as it comes."""


def kind_of(start: bytes) -> Kind | None:
    """Tell a file by its first `TOLD_BY` bytes; None for plain samples."""
    return "mov" if start[4:8] == b"ftyp" else _STARTS.get(start[:4])


class Feed:
    """Bytes on their way to FFmpeg. A class since two threads share it.

    Args:
        starving: called in the thread that reads, when it begins to wait.
    """

    def __init__(self, starving: Callable[[], None]) -> None:
        self._starving = starving
        self._data = bytearray()
        self._whole = False
        self._more = threading.Condition()

    def __len__(self) -> int:
        """Return how many bytes were not read yet."""
        return len(self._data)

    def push(self, data: bytes) -> None:
        """Add what came."""
        with self._more:
            self._data += data
            self._more.notify()

    def close(self) -> None:
        """Take note that no more comes."""
        with self._more:
            self._whole = True
            self._more.notify()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, of which there are some as long as the file goes on."""
        with self._more:
            while not self._data and not self._whole:
                self._starving()
                if not self._more.wait(_PATIENCE_S):
                    self._whole = True
            taken = bytes(self._data[:size])
            del self._data[:size]
            return taken


def decoded(feed: Feed, kind: Kind) -> Iterator[Pcm]:
    """Yield the sound of a file, int16 mono at `SAMPLE_RATE`, in pieces of some 20 ms to a second.

    Raises:
        BadRecording: it is none of its kind, has no sound, or cannot be read without its end.
    """
    try:
        options = {"probesize": str(_PROBED_BYTES), "analyzeduration": "0"}
        with av.open(feed, "r", format=kind, options=options) as container:
            if not container.streams.audio:
                raise BadRecording("There is no sound in this file.")
            stream = container.streams.audio[0]
            if stream.codec_context.channels > _MOST_CHANNELS:
                raise BadRecording("There are too many channels in this file.")
            resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
            for frame in container.decode(stream):
                for part in resampler.resample(frame):
                    yield _samples(part)
            for part in resampler.resample(None):
                yield _samples(part)
    except (av.FFmpegError, ValueError) as exc:
        raise BadRecording(
            "This file cannot be read as it comes. Send samples, s16le mono, or WAV, WebM, Ogg, fragmented MP4."
        ) from exc


def _samples(frame: av.AudioFrame) -> Pcm:
    return np.asarray(frame.to_ndarray()[0], np.int16)
