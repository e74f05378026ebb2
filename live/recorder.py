"""Writes an MP4 of what was sent: the pictures as they were coded, and the sound with its silences as AAC."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from live.film import FPS, SAMPLE_RATE, Pcm, Shot, template

_CLOCK = Fraction(1, 90_000)
_SLACK_S = 0.001  # more than sums of floats are off by
_LATE_S = 0.02  # by which a frame may come out of step before the sound is filled up


class Recorder:
    """A recording, from its first key frame on.

    Args:
        path: where the file is to be; it is whole only once this is closed.
        header: of the session that is shown.
        longest_s: after which nothing more is taken.
    """

    def __init__(self, path: str, header: bytes, longest_s: float) -> None:
        self.frames = 0
        self._path = path
        self._header = header
        self._longest_s = longest_s
        self._first_due = 0.0
        self._samples = 0
        self._video: VideoStream | None = None
        self._audio: AudioStream | None = None
        self._movie: av.container.OutputContainer | None = None

    def fits(self, header: bytes) -> bool:
        """Tell whether pictures of a session go on in this one: they have to be coded in the same way."""
        return _extradata(header) == _extradata(self._header)

    def take(self, shot: Shot, pcm: Pcm, due: float) -> bool:
        """Take a frame with what is heard in its time, and when it is shown; False where it is long enough."""
        if self._movie is None:
            if not shot.key:
                return True
            self._open(due)
        assert self._movie is not None
        assert self._video is not None
        at_s = due - self._first_due
        if at_s + 1 / FPS > self._longest_s + _SLACK_S:
            return False
        packet = av.Packet(shot.sample)
        packet.stream = self._video
        packet.time_base = _CLOCK
        packet.pts = packet.dts = round(at_s / _CLOCK)
        packet.duration = round(1 / (FPS * _CLOCK))
        packet.is_keyframe = shot.key
        self._movie.mux_one(packet)
        missing = round(at_s * SAMPLE_RATE) - self._samples
        if missing > _LATE_S * SAMPLE_RATE:
            self._hear(np.zeros(missing, np.int16))
        self._hear(pcm)
        self.frames += 1
        return True

    def close(self) -> int:
        """Make the file whole, and return how many frames it has; without any there is none. May take a while."""
        if self._movie is not None:
            assert self._audio is not None
            for packet in self._audio.encode(None):
                self._movie.mux_one(packet)
            self._movie.close()
            self._movie = None
            Path(f"{self._path}.part").rename(self._path)
        return self.frames

    def _open(self, due: float) -> None:
        # The index in front, so that a browser shows it before it has all of it.
        self._movie = av.open(f"{self._path}.part", "w", format="mp4", options={"movflags": "faststart"})
        with template(self._header) as stream:
            self._video = self._movie.add_stream_from_template(stream)
        self._audio = self._movie.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        self._audio.bit_rate = 96_000
        self._first_due = due

    def _hear(self, pcm: Pcm) -> None:
        assert self._movie is not None
        assert self._audio is not None
        frame = av.AudioFrame.from_ndarray(pcm[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._samples
        self._samples += len(pcm)
        for packet in self._audio.encode(frame):
            self._movie.mux_one(packet)


def _extradata(header: bytes) -> bytes:
    with template(header) as stream:
        return bytes(stream.codec_context.extradata or b"")
