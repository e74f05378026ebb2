"""The film of a session: pictures and sound as fragments, all counted from its first frame.

Sound is ahead of the pictures by `LEAD` frames, because AAC tells of a moment only once it knows what follows it. So
what is given with a frame is heard `LEAD` frames after it, and each fragment has all the sound of its pictures.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from worker.encode import (
    AAC_SAMPLES,
    FRAME_TICKS,
    GOP,
    Pcm,
    Picture,
    VideoCodec,
    audio_codec,
    audio_frame,
    header,
    samples_per_frame,
)
from worker.live.records import SAMPLE_RATE
from worker.mp4 import AUDIO_TRACK, VIDEO_TRACK, Run, Sample, fragment

LEAD = 2
FRAME_SAMPLES = samples_per_frame(SAMPLE_RATE)
PROFILE: Final = "baseline"
SEGMENT_FRAMES = 4
"""A segment is 160 ms: as long as an interruption waits for the one that is being made."""


def session_header(*, pictures: bool = True) -> bytes:
    """Return the header of every session, with pictures or of sound alone."""
    return header(SAMPLE_RATE, PROFILE, pictures=pictures)


class Fragment(msgspec.Struct, frozen=True, kw_only=True):
    """What one call adds to the film."""

    first_frame: int
    frames: int
    first_sample: int
    key: bool
    data: bytes


class Film:
    """A class because two codecs keep their state between fragments. Not safe to use from two threads at once.

    Args:
        first_frame: that it begins with, where another film has ended.

    Attributes:
        next_frame: that will be shown: the clock of the session.
    """

    def __init__(self, first_frame: int = 0) -> None:
        self._video: VideoCodec | None = None
        first_sample = first_frame * FRAME_SAMPLES
        first_time = (
            -(-first_sample // AAC_SAMPLES) * AAC_SAMPLES
        )  # the film before has all packets before it
        self._audio = _Sound(first_time)
        self._audio.hear(np.zeros(LEAD * FRAME_SAMPLES - (first_time - first_sample), np.int16))
        self._gop_frames = GOP  # of the present GOP; that many end it
        self.next_frame = first_frame

    def show(self, pictures: Sequence[Picture], pcm: Pcm, *, last: bool = False) -> Fragment:
        """Encode pictures; see `add` for the rest."""
        self._video = self._video or VideoCodec(PROFILE)  # a session that was never spoken to needs none
        coded = []
        for picture in pictures:
            starts_gop = self._gop_frames >= GOP
            coded.append(self._video.encode(picture, starts_gop=starts_gop))
            self._gop_frames = 1 if starts_gop else self._gop_frames + 1
        return self._add(coded, pcm, last=last)

    def rest(self, coded: Sequence[Sample], *, last: bool = False) -> Fragment:
        """Take pictures that are coded already, with silence; those after them begin a GOP, or are of the same."""
        self._gop_frames = GOP
        return self._add(coded, np.zeros(len(coded) * FRAME_SAMPLES, np.int16), last=last)

    def hear(self, pcm: Pcm, *, last: bool = False) -> Fragment:
        """Take sound alone, for a film without pictures."""
        return self._add((), pcm, last=last)

    def _add(self, coded: Sequence[Sample], pcm: Pcm, *, last: bool) -> Fragment:
        """Return the fragment of some frames.

        Args:
            coded: their pictures; none in a film of sound alone.
            pcm: their sound, which is heard `LEAD` frames later.
            last: whether the film ends here; the sound of the `LEAD` frames that are not there is left out.
        """
        frames = len(pcm) // FRAME_SAMPLES
        assert len(coded) in (0, frames)
        first_frame = self.next_frame
        self.next_frame += frames
        end = self.next_frame * FRAME_SAMPLES
        self._audio.hear(pcm)
        if last:
            self._audio.finish(end)
        runs = []
        if coded:
            runs.append(Run(track=VIDEO_TRACK, decode_time=first_frame * FRAME_TICKS, samples=coded))
        if sound := self._audio.take(end):
            runs.append(sound)
        return Fragment(
            first_frame=first_frame,
            frames=frames,
            first_sample=first_frame * FRAME_SAMPLES,
            key=not coded or coded[0].sync,
            data=fragment(first_frame + 1, runs),
        )


class _Sound:
    """AAC without an end; silence that goes on costs nothing.

    Once silence has made two packets that are the same, what follows makes it again: the codec is not asked until there
    is a sound, and knows no better than that there were a few silent frames.

    Args:
        first_time: of its first packet, in samples.
    """

    def __init__(self, first_time: int) -> None:
        self._codec = audio_codec(SAMPLE_RATE)
        self._coded = 0  # samples that the codec has
        self._silent = 0  # frames of silence that it had in a row
        self._before = b""  # the packet that it made last
        self._still: bytes | None = None  # the packet that silence makes for ever
        self._waiting = np.zeros(0, np.int16)
        self._first_time = first_time
        self._next_time = first_time - AAC_SAMPLES  # of the packet that comes next; the first is the priming
        self._packets: deque[tuple[int, bytes]] = deque()
        self._end: int | None = None

    def hear(self, pcm: Pcm) -> None:
        """Take the next samples."""
        waiting = np.concatenate([self._waiting, pcm])
        whole = len(waiting) // AAC_SAMPLES * AAC_SAMPLES
        for start in range(0, whole, AAC_SAMPLES):
            self._hear_frame(waiting[start : start + AAC_SAMPLES])
        self._waiting = waiting[whole:]

    def finish(self, end: int) -> None:
        """Let the sound end with that sample, though more of it was heard."""
        self._hear_frame(np.pad(self._waiting, (0, AAC_SAMPLES - len(self._waiting))))
        for packet in self._codec.encode(None):
            self._keep(bytes(packet))
        self._end = end

    def take(self, end: int) -> Run | None:
        """Take the packets that begin before a sample, which must be there."""
        assert self._next_time >= end
        taken = []
        while self._packets and self._packets[0][0] < end:
            taken.append(self._packets.popleft())
        if not taken:
            return None
        samples = [
            Sample(data=data, duration=min(AAC_SAMPLES, (self._end or end + AAC_SAMPLES) - time), sync=True)
            for time, data in taken
        ]
        return Run(track=AUDIO_TRACK, decode_time=taken[0][0], samples=samples)

    def _hear_frame(self, pcm: Pcm) -> None:
        self._silent = 0 if pcm.any() else self._silent + 1
        if self._silent and self._still:
            self._keep(self._still)
            return
        self._still = None
        for packet in self._codec.encode(audio_frame(pcm, self._coded, SAMPLE_RATE)):
            data = bytes(packet)
            self._still = data if self._silent > _SETTLED and data == self._before else None
            self._before = data
            self._keep(data)
        self._coded += len(pcm)

    def _keep(self, data: bytes) -> None:
        if self._next_time >= self._first_time:  # the priming is left out
            self._packets.append((self._next_time, data))
        self._next_time += AAC_SAMPLES


_SETTLED = 8  # frames of silence: windows, and the bits that the codec has saved, are as they stay
