"""Takes a session's segments apart: each is a movie fragment of its own, read with the header before it."""

import io
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import av
import msgspec
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from live.errors import BadMedia
from live.records import Segment

FPS = 25
SAMPLE_RATE = 48_000
FRAME_SAMPLES = SAMPLE_RATE // FPS

Packet = Any  # av.packet.Packet, which is generic to type checkers alone
Pcm = NDArray[np.int16]  # mono, at SAMPLE_RATE


class Shot(msgspec.Struct, frozen=True):
    """One picture as H.264 in Annex B, and as the MP4 has it, and the sound of its time, (FRAME_SAMPLES,)."""

    picture: bytes
    key: bool
    pcm: Pcm
    sample: bytes


class PacketShot(msgspec.Struct, frozen=True):
    """The packets of one frame's time as they are, picture first."""

    packets: list[Packet]


class Pictures:
    """Takes segments to shots of Annex B and samples.

    A class because AAC needs the packet before, and packets end within frames.

    Args:
        header: `ftyp` and `moov`.
    """

    def __init__(self, header: bytes) -> None:
        self._header = header
        with _opened(header) as movie:
            video, audio = _streams(movie)
            self.width, self.height = video.codec_context.width, video.codec_context.height
            self._decoder = AudioCodecContext.create("aac", "r")
            self._decoder.extradata = audio.codec_context.extradata
        self._pcm: Pcm = np.zeros(0, np.int16)

    def cut(self, segment: Segment) -> list[Shot]:
        """Return the shots of a segment.

        Raises:
            BadMedia: It has none of what it says.
        """
        pictures: list[tuple[bytes, bool, bytes]] = []
        sound = [self._pcm]
        with _opened(self._header + segment.data) as movie:
            video, audio = _streams(movie)
            annex_b = BitStreamFilterContext("h264_mp4toannexb", video)
            for packet in _packets(movie, video, audio):
                if packet.stream is audio:
                    sound.extend(_pcm(frame.to_ndarray()) for frame in self._decoder.decode(packet))
                else:
                    key, sample = packet.is_keyframe, bytes(packet)
                    pictures += [(bytes(out), key, sample) for out in annex_b.filter(packet)]
        heard = np.concatenate(sound)
        count = len(pictures)
        if count != segment.frames or len(heard) < count * FRAME_SAMPLES:
            raise BadMedia(f"{count} pictures of {segment.frames}, {len(heard)} samples")
        self._pcm = heard[count * FRAME_SAMPLES :]
        return [
            Shot(picture, key, heard[n * FRAME_SAMPLES : (n + 1) * FRAME_SAMPLES], sample)
            for n, (picture, key, sample) in enumerate(pictures)
        ]


class Packets:
    """Takes segments to shots of packets whose times go on, also from one session to the next."""

    def __init__(self, header: bytes, *, first_frame: int = 0) -> None:
        self._header = header
        self._first_frame = first_frame
        self._movie = _opened(header)
        self.video, self.audio = _streams(self._movie)

    def cut(self, segment: Segment) -> list[PacketShot]:
        """Return the shots of a segment; raises as `Pictures.cut` does."""
        shots: defaultdict[int, list[Packet]] = defaultdict(list)
        with _opened(self._header + segment.data) as movie:
            video, audio = _streams(movie)
            for packet in _packets(movie, video, audio):
                assert packet.dts is not None
                assert packet.pts is not None
                assert packet.time_base is not None
                offset = Fraction(self._first_frame, FPS)
                frame = int(packet.dts * packet.time_base * FPS) - segment.first_frame
                packet.dts += round(offset / packet.time_base)
                packet.pts += round(offset / packet.time_base)
                packet.stream = self.video if packet.stream is video else self.audio
                shots[min(frame, segment.frames - 1)].append(packet)
        if sorted(shots) != list(range(segment.frames)):
            raise BadMedia(f"{len(shots)} pictures of {segment.frames}")
        return [PacketShot(shots[n]) for n in range(segment.frames)]


def _opened(movie: bytes) -> "av.container.InputContainer":
    try:
        return av.open(io.BytesIO(movie), "r", format="mp4")
    except av.FFmpegError as exc:
        raise BadMedia(f"no movie: {exc.strerror}") from exc


def _streams(movie: "av.container.InputContainer") -> tuple[VideoStream, AudioStream]:
    if not movie.streams.video or not movie.streams.audio:
        raise BadMedia("no picture, or no sound")
    return movie.streams.video[0], movie.streams.audio[0]


def _packets(
    movie: "av.container.InputContainer", video: VideoStream, audio: AudioStream
) -> Iterator[Packet]:
    try:
        for packet in movie.demux(video, audio):
            if packet.size:
                yield packet
    except av.FFmpegError as exc:
        raise BadMedia(f"no movie: {exc.strerror}") from exc


def _pcm(planes: NDArray[Any]) -> Pcm:
    """Turn what AAC decodes to, (1, N) in [-1, 1], into samples of 16 bits."""
    samples: Pcm = (np.clip(planes[0], -1, 1) * 32_767).astype(np.int16)
    return samples


@contextmanager
def template(header: bytes) -> Iterator[VideoStream]:
    """Show how the pictures of a session are coded."""
    with _opened(header) as movie:
        yield _streams(movie)[0]
