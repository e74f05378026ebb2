"""In which order a video shows the frames of its footage, for ever. Knows no pictures.

Footage is a few seconds long, and whoever sees it go round and round sees a machine. So a video walks through it: to
and fro between places where a person may turn, in an order that its seed decides. At the film's ends the person was
filmed at rest and turns by itself, and shut eyes hide a turn; elsewhere the walk slows down, stands still for a moment
and gathers speed again.
"""

import random
import threading
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, Protocol

Playback = Literal["loop", "pingpong"]

EASE = 6
"""Frames in which the walk comes to a stand, or to its full speed."""

_SHORTEST = 12  # frames from one turn to the next; less looks nervous
LEAST_FRAMES = 2 * _SHORTEST

_OPEN = 0, 60  # frames for which eyes stay open, at least and at most


class Order(Protocol):
    """Which frame of the film is shown as frame i of a video."""

    def __getitem__(self, index: int) -> int: ...

    def leg_end(self, index: int) -> int:
        """Return the frame of the video with which the next leg begins; legs are few, and come again."""


class Round:
    """The film again and again: from its start to its end, or there and back."""

    def __init__(self, frames: int, playback: Playback) -> None:
        # There and back shows neither end twice in a row.
        back = range(frames - 2, 0, -1) if playback == "pingpong" else ()
        self._round: tuple[int, ...] = (*range(frames), *back)
        self._leg = -(-_SHORTEST // len(self._round)) * len(self._round)

    def __getitem__(self, index: int) -> int:
        return self._round[index % len(self._round)]

    def leg_end(self, index: int) -> int:
        """See `Order`."""
        return (index // self._leg + 1) * self._leg


class Walk:
    """A way through the film that does not repeat itself.

    A class because it remembers how far it went, two bytes for each frame. Safe to use from several threads.

    Args:
        frames: of the film, at least `LEAST_FRAMES`.
        turns: frames between its ends where one may turn.
        blinks: frames in which the eyes are shut; it passes them as often as people blink, as far as it can.
        seed: the same one gives the same walk.
    """

    def __init__(self, frames: int, *, turns: Sequence[int], blinks: Sequence[int], seed: str) -> None:
        self._places = sorted({0, *turns, *blinks, frames - 1})
        self._slow = frozenset(turns)
        self._chance = random.Random(seed)  # noqa: S311 - nobody gains by guessing it
        # All of the film up to the start has to be decoded before anything is shown.
        self._at = self._chance.choice([place for place in self._places if place < frames // 3])
        self._forward = True
        self._blinks = blinks
        self._blink_due = 0  # not before this frame of the video
        self._way = array("H")
        self._leg_ends: list[int] = []
        self._lock = threading.Lock()

    def __getitem__(self, index: int) -> int:
        with self._lock:
            self._go_on_to(index)
            return self._way[index]

    def leg_end(self, index: int) -> int:
        """See `Order`."""
        with self._lock:
            self._go_on_to(index)
            return self._leg_ends[bisect_right(self._leg_ends, index)]

    def _go_on_to(self, index: int) -> None:
        while len(self._way) <= index:
            to = self._choose()
            self._way.extend(
                _leg(self._at, to, [EASE if place in self._slow else 0 for place in (self._at, to)])
            )
            if self._blinks_before(to):
                self._blink_due = len(self._way) + self._chance.randint(*_OPEN)
            self._leg_ends.append(len(self._way))
            self._at, self._forward = to, not self._forward

    def _choose(self) -> int:
        sign = 1 if self._forward else -1
        # Never empty: where it came from is far enough.
        far = [place for place in self._places if (place - self._at) * sign >= _SHORTEST]
        due = len(self._way) >= self._blink_due
        fitting = [place for place in far if place in self._blinks] if due else []
        fitting = fitting or [place for place in far if not self._blinks_before(place)]
        return self._chance.choice(fitting or far)

    def _blinks_before(self, place: int) -> bool:
        return any(min(self._at, place) <= blink <= max(self._at, place) for blink in self._blinks)


def _leg(start: int, end: int, ease: Sequence[int]) -> list[int]:
    """Return the frames from one turn to the next, which is left to the next leg.

    Args:
        start: where one turned.
        end: where one turns next.
        ease: in how many frames it gathers speed, and loses it.
    """
    slow_start, slow_end = ease
    length = abs(end - start)
    frames = length + slow_start // 2 + slow_end // 2  # a ramp of n frames leads half as far as full speed
    way = []
    for frame in range(frames):
        if frame < slow_start:
            gone = frame**2 / (2 * slow_start)
        elif frame > frames - slow_end:
            gone = length - (frames - frame) ** 2 / (2 * slow_end)
        else:
            gone = frame - slow_start / 2
        way.append(start + round(gone) * (1 if end > start else -1))
    return way
