"""Feeds a live output's process as a service would, with a film that a test can measure.

Every second there is a flash with a beep of the same frame. What an agent says is shown as speech, as long as it is.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from live.records import (
    LENGTH_BYTES,
    SPEECH_RATE,
    Audio,
    Clear,
    Cleared,
    Done,
    Event,
    Finished,
    Init,
    Message,
    Peer,
    Pull,
    Push,
    Room,
    Segment,
    decode_event,
    encode,
)
from worker.encode import HEIGHT, WIDTH
from worker.live.film import FRAME_SAMPLES, LEAD, SEGMENT_FRAMES, Film, session_header
from worker.live.records import SAMPLE_RATE

ROOT = Path(__file__).parents[2]
FLASH_EVERY = 25
FLASH_AT = 10
E = TypeVar("E")

_GRAY, _WHITE = 60, 235
_ROWS = HEIGHT * 3 // 2


def picture(frame: int) -> Any:
    """White where a flash is, with a bar that tells the frames apart."""
    flash = frame % FLASH_EVERY == FLASH_AT
    shown = np.full((_ROWS, WIDTH), 128, np.uint8)
    shown[:HEIGHT] = _WHITE if flash else _GRAY
    shown[:16, : 16 * (frame % 32)] = 120
    return shown


def sound(frame: int) -> Any:
    """A beep where a flash is."""
    if frame % FLASH_EVERY != FLASH_AT:
        return np.zeros(FRAME_SAMPLES, np.int16)
    t = np.arange(FRAME_SAMPLES) / SAMPLE_RATE
    return (16_000 * np.sin(2 * np.pi * 1_000 * t)).astype(np.int16)


class Feeder:
    """A live output's process and what it was told and tells."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[Event] = []
        self.frames_told = 0
        self._told = asyncio.Event()
        self._film = Film()
        self._utterances: deque[list[Any]] = deque()  # id, frames, whole, shown
        self._over: set[str] = set()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, opened: Room | Push | Peer) -> "Feeder":
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "live"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        feeder = cls(process)
        feeder.tell(opened)
        feeder.tell(Init(data=session_header()))
        return feeder

    def tell(self, message: Message) -> None:
        assert self.process.stdin
        self.process.stdin.write(encode(message))

    def begin_again(self) -> None:
        """Another session goes on, as after a worker that died."""
        self._film = Film()
        self.tell(Init(data=session_header()))

    def say(self, utterance: str, frames: int) -> None:
        """Show an utterance that nobody of the room said."""
        self._utterances.append([utterance, frames, True, 0])

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, kind: type[E], count: int = 1) -> E:
        await self.until_true(lambda: len(self.of(kind)) >= count, f"{count} {kind.__name__}")
        return self.of(kind)[count - 1]

    async def until_true(self, holds: Callable[[], bool], what: str) -> None:
        async with asyncio.timeout(60):
            while not holds():
                assert not self._reading.done() or holds(), f"no {what}: {self.events[-3:]}"
                self._told.clear()
                await self._told.wait()

    async def close(self) -> bytes:
        """End it, and return what it said to the terminal."""
        assert self.process.stdin
        assert self.process.stderr
        self.process.stdin.close()
        try:
            async with asyncio.timeout(30):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            raise
        finally:
            await self._reading
        return await self.process.stderr.read()

    async def _read(self) -> None:
        out = self.process.stdout
        assert out
        try:
            while True:
                length = int.from_bytes(await out.readexactly(LENGTH_BYTES), "big")
                event = decode_event(await out.readexactly(length))
                self.events.append(event)
                self._take(event)
                self._told.set()
        except asyncio.IncompleteReadError:
            self._told.set()

    def _take(self, event: Event) -> None:
        match event:
            case Pull():
                for _ in range(event.segments):
                    self._show()
            case Audio():
                if not any(each[0] == event.id for each in self._utterances):
                    self._utterances.append([event.id, 0, False, 0])
                said = next(each for each in self._utterances if each[0] == event.id)
                said[1] += len(event.pcm) / 2 / SPEECH_RATE * 25
            case Done():
                for each in self._utterances:
                    if each[0] == event.id:
                        each[2] = True
            case Clear():
                for utterance, _frames, _whole, shown in self._utterances:
                    self.tell(
                        Finished(id=utterance, outcome="interrupted", samples=round(shown * FRAME_SAMPLES))
                    )
                self._utterances.clear()
                self.tell(Cleared(first_frame=self._film.next_frame))

    def _show(self) -> None:
        first = self._film.next_frame
        utterance = None
        if self._utterances:
            said = self._utterances[0]
            utterance = said[0] if said[3] < said[1] else None
            said[3] += SEGMENT_FRAMES if utterance else 0
        frames = range(first, first + SEGMENT_FRAMES)
        made = self._film.show(
            [picture(frame) for frame in frames],
            np.concatenate([sound(frame + LEAD) for frame in frames]),
        )
        self.frames_told += SEGMENT_FRAMES
        self.tell(
            Segment(first_frame=made.first_frame, frames=made.frames, utterance=utterance, data=made.data)
        )
        if self._utterances and said[2] and said[3] >= said[1]:
            self._utterances.popleft()
            self.tell(Finished(id=said[0], outcome="shown", samples=round(said[1] * FRAME_SAMPLES)))
