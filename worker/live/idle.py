"""What is shown while nothing is said: footage as it is, encoded once and kept. Knows no session.

Footage goes round, so there are only so many GOPs of it: one for each place in which a session can come to rest, until
it is on the grid that all share.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from worker.encode import GOP, VideoCodec
from worker.footage import Footage
from worker.live.film import PROFILE, SEGMENT_FRAMES
from worker.mp4 import Sample

_Gop = Sequence[Sample]


class IdleGops:
    """GOPs by avatar, emotion and phase. Safe to use from several threads.

    Args:
        memory_bytes: how many are kept; the least recently used go first.
    """

    def __init__(self, *, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._kept: OrderedDict[tuple[str, str, int], _Gop] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """How much is kept."""
        return self._bytes

    def kept(self, avatar: str, emotion: str, footage: Footage, frame: int) -> _Gop | None:
        """Return the same as `gop`, where it costs nothing."""
        key = avatar, emotion, frame % footage.cycle
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def gop(self, avatar: str, emotion: str, footage: Footage, frame: int) -> _Gop:
        """Return the coded pictures from a frame of a session on, as many as its GOP has."""
        phase = frame % footage.cycle
        key = avatar, emotion, phase
        codec = VideoCodec(PROFILE)
        coded = [
            codec.encode(footage.frame(phase + index).picture, starts_gop=not index)
            for index in range(gop_frames(phase, footage.cycle))
        ]
        with self._lock:
            if key not in self._kept:
                self._kept[key] = coded
                self._bytes += _size(coded)
            while self._bytes > self._memory_bytes and len(self._kept) > 1:
                self._bytes -= _size(self._kept.popitem(last=False)[1])
        return coded


def gop_frames(phase: int, cycle: int) -> int:
    """Return how many frames a GOP has that begins in a phase: up to the next one of the grid, but not too few.

    The grid has a place every `GOP` frames of the footage, and its start. A GOP shorter than a segment would make key
    frames follow each other.
    """
    if cycle < GOP:
        return GOP
    frames = min(GOP - phase % GOP, cycle - phase)
    return frames if frames >= SEGMENT_FRAMES else frames + min(GOP, cycle)


def _size(gop: _Gop) -> int:
    return sum(len(sample.data) for sample in gop)
