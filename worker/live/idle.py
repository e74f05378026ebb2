"""What is shown while nothing is said: footage as it is, encoded once and kept. Knows no session.

Footage is shown in legs that come again (`worker.walk`), so there are only so many GOPs of it: one for each place in
which a session can come to rest, until it is on the grid that all share.
"""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence

from worker.encode import GOP, VideoCodec
from worker.footage import Footage
from worker.live.film import PROFILE, SEGMENT_FRAMES
from worker.mp4 import Sample
from worker.walk import Order

_Gop = Sequence[Sample]


class IdleGops:
    """GOPs by avatar, emotion and the frames of the film that they show. Safe to use from several threads.

    Args:
        memory_bytes: how many are kept; the least recently used go first.
    """

    def __init__(self, *, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._kept: OrderedDict[tuple[str, str, bytes], _Gop] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        """How much is kept."""
        return self._bytes

    def kept(self, avatar: str, emotion: str, footage: Footage, frame: int) -> _Gop | None:
        """Return the same as `gop`, where it costs nothing."""
        key = avatar, emotion, _shown(footage, frame)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def gop(self, avatar: str, emotion: str, footage: Footage, frame: int) -> _Gop:
        """Return the coded pictures from a frame of a session on, as many as its GOP has."""
        key = avatar, emotion, _shown(footage, frame)
        codec = VideoCodec(PROFILE)
        coded = [
            codec.encode(footage.frame(frame + index).picture, starts_gop=not index)
            for index in range(gop_frames(footage.order, frame))
        ]
        with self._lock:
            if key not in self._kept:
                self._kept[key] = coded
                self._bytes += _size(coded)
            while self._bytes > self._memory_bytes and len(self._kept) > 1:
                self._bytes -= _size(self._kept.popitem(last=False)[1])
        return coded


def gop_frames(order: Order, frame: int) -> int:
    """Return how many frames a GOP has that begins with one: up to the next leg, or a part of this one.

    A leg has a place every `GOP` frames, from its end backwards. A GOP shorter than a segment would make key frames
    follow each other, so the one after it is added.
    """
    frames = (order.leg_end(frame) - frame) % GOP or GOP
    return frames if frames >= SEGMENT_FRAMES else frames + gop_frames(order, frame + frames)


def _shown(footage: Footage, frame: int) -> bytes:
    frames = range(frame, frame + gop_frames(footage.order, frame))
    return array("H", (footage.order[index] for index in frames)).tobytes()


def _size(gop: _Gop) -> int:
    return sum(len(sample.data) for sample in gop)
