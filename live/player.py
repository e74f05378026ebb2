"""Shows frames when it is their time, and asks for more before they run out.

The frame index is the clock: frame n is due n / 25 s after the first one. Where nothing is there in time, or this
process came late, all that follows is due later; nothing is left out and nothing is made up for in a hurry, so picture
and sound, which are of one frame, stay together.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from live.records import Finished

FRAME_S = 0.04
AHEAD = 2
"""Frames by which sound is handed on before its picture, so that it is still there when this process comes late."""

_ENOUGH = 8
"""Frames to have before they are due: the fewer, the sooner an interruption is seen."""

_SEGMENT = 4
"""Frames of a segment, while none has come that tells."""

_LATE_S = 0.02

Shot = TypeVar("Shot")


class Player(Generic[Shot]):
    """A class because the clock, and what waits, go on between frames.

    Args:
        sound: is handed a shot and when it is due, on the clock of `time.monotonic`, `AHEAD` frames before `picture`.
        picture: is handed a shot, when it is due; and which utterance it shows.
        finished: is told of the end of an utterance, once its last frame was shown.
        pull: asks for so many segments.
    """

    def __init__(
        self,
        *,
        sound: Callable[[Shot, float], Awaitable[None]],
        picture: Callable[[Shot, float, str | None], Awaitable[None]],
        finished: Callable[[Finished], None],
        pull: Callable[[int], None],
    ) -> None:
        self._sound = sound
        self._picture = picture
        self._finished = finished
        self._pull = pull
        self._shots: deque[tuple[Shot, str | None]] = deque()
        self._heard = 0  # of these, whose sound was handed on
        self._ends: deque[tuple[int, Finished]] = deque()  # utterances, and the frame before which they end
        self._loaded = 0
        self._pulled = 0  # segments that are still to come
        self._segment_frames = _SEGMENT
        self._frame = 0  # that is shown next
        self._start = 0.0
        self._changed = asyncio.Event()
        self._last = False

    @property
    def frames(self) -> int:
        """How many were shown."""
        return self._frame

    def load(self, shots: list[Shot], utterance: str | None) -> None:
        """Take the frames of a segment."""
        self._pulled = max(0, self._pulled - 1)
        self._segment_frames = len(shots) or self._segment_frames
        self._shots.extend((shot, utterance) for shot in shots)
        self._loaded += len(shots)
        self._changed.set()

    def mark(self, end: Finished) -> None:
        """Take note that an utterance ends with what is loaded."""
        self._ends.append((self._loaded, end))
        self._changed.set()

    def restart(self) -> None:
        """Take note that what was asked for will not come: another session goes on."""
        self._pulled = 0
        self._changed.set()

    def end(self) -> None:
        """Take note that nothing more comes."""
        self._last = True
        self._changed.set()

    async def play(self) -> None:
        """Show all, until the end."""
        while True:
            self._ask()
            while not (self._last or len(self._shots) > AHEAD):
                self._changed.clear()
                await self._changed.wait()
                self._ask()
                self._tell_ends()
            if not self._shots:
                self._tell_ends()
                return
            await self._show()

    async def _show(self) -> None:
        now = time.monotonic()
        due = self._start + self._frame * FRAME_S
        if self._frame == 0 or now > due + _LATE_S:
            due = now if self._frame else now + AHEAD * FRAME_S
            self._start = due - self._frame * FRAME_S
        elif now < due:
            await asyncio.sleep(due - now)
        self._tell_ends()
        while self._heard < min(AHEAD + 1, len(self._shots)):
            shot, _utterance = self._shots[self._heard]
            await self._sound(shot, due + self._heard * FRAME_S)
            self._heard += 1
        if self._frame == 0:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        shot, utterance = self._shots.popleft()
        self._heard -= 1
        self._frame += 1
        await self._picture(shot, due, utterance)

    def _ask(self) -> None:
        """Ask for as much as is missing."""
        missing = _ENOUGH - len(self._shots) - self._pulled * self._segment_frames
        if missing > 0 and not self._last:
            segments = -(-missing // self._segment_frames)
            self._pulled += segments
            self._pull(segments)

    def _tell_ends(self) -> None:
        """Tell of utterances whose last frame was shown."""
        while self._ends and self._ends[0][0] <= self._frame:
            self._finished(self._ends.popleft()[1])
