"""What is to be said, as it comes: texts and recordings in pieces, and the sound of them. Knows no pictures."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
import soxr

from spoken import settled
from worker.avatars import Pack
from worker.encode import Pcm
from worker.live.files import TOLD_BY, Feed, Kind, decoded, kind_of
from worker.live.records import SAMPLE_RATE
from worker.speech import SAMPLE_RATE as SPEECH_RATE
from worker.speech import NothingToSpeak, Speech, SpokenPart, Voice

T = TypeVar("T")


class Run(Protocol):
    """Works in a thread."""

    def __call__(self, work: Callable[..., T], *args: Any) -> Awaitable[T]:
        """Return what the work returns."""
        ...


_PAUSE_S = 0.5  # after which what looks like the end of a sentence is one, though the text may go on
_SLICE_SAMPLES = 16_000  # of a recording that are taken at once: about a second, as with spoken parts


class Utterance(Protocol):
    """One of either kind.

    Attributes:
        id: the client's.
        samples: of sound so far, at `worker.live.records.SAMPLE_RATE`.
        voice: that speaks; of texts, once it is known.
    """

    id: str
    samples: int
    voice: Voice | None

    def done(self) -> None:
        """Take note that it is whole."""
        ...

    def sound(self) -> AsyncGenerator[Pcm | None, None]:
        """Yield its sound as it comes, and None where it waits for the client.

        Raises:
            SpeechError: it cannot be spoken.
        """
        ...


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks the texts of a session."""

    pack: Pack
    language: str | None
    voice: str | None


class Text:
    """A text that grows.

    Args:
        id: the client's.
        wish: who speaks.
        speech: how.
        run: work in a thread.
    """

    def __init__(self, id: str, wish: Wish, speech: Speech, run: Run) -> None:  # noqa: A002 - as in the protocol
        self.id = id
        self.samples = 0
        self.voice: Voice | None = None
        self._wish = wish
        self._speech = speech
        self._run = run
        self._text = ""
        self._spoken = 0
        self._paused = False
        self._whole = False
        self._more = asyncio.Event()

    @property
    def characters(self) -> int:
        """How long it is so far."""
        return len(self._text)

    def append(self, text: str) -> None:
        """Take the next piece."""
        self._text += text
        self._more.set()

    def done(self) -> None:
        """See `Utterance.done`."""
        self._whole = True
        self._more.set()

    async def sound(self) -> AsyncGenerator[Pcm | None, None]:
        """See `Utterance.sound`."""
        resample = _Resampler(SPEECH_RATE)
        while True:
            self._more.clear()
            whole = self._whole
            unspoken = self._text[self._spoken :]
            paused, self._paused = self._paused, False
            end = len(unspoken) if whole else settled(unspoken, soon=not self._spoken, paused=paused)
            if end:
                first = not self._spoken
                self._spoken += end
                async for part in self._speak(unspoken[:end], first=first):
                    pcm = resample.push(part.pcm)
                    self.samples += len(pcm)
                    yield pcm
            if whole:
                break
            if not end:
                yield None
                await self._wait()
        if not self.samples:
            raise NothingToSpeak
        rest = resample.finish()
        self.samples += len(rest)
        yield rest

    async def _wait(self) -> None:
        """Wait for more, or until what there is may be all that comes for now."""
        try:
            async with asyncio.timeout(_PAUSE_S):
                await self._more.wait()
        except TimeoutError:
            self._paused = bool(settled(self._text[self._spoken :], paused=True))
            if not self._paused:
                await self._more.wait()

    async def _speak(self, text: str, *, first: bool) -> AsyncGenerator[SpokenPart, None]:
        if self.voice is None:
            self.voice = await self._run(self._choose, text)
        parts = self._speech.speak(text, self.voice, soon=first)
        try:
            while part := await self._run(_next, parts):
                yield part
        except NothingToSpeak:
            return  # of this much; `sound` tells of the whole

    def _choose(self, text: str) -> Voice:
        return self._speech.choose(
            language=self._wish.language,
            voice=self._wish.voice,
            text=text,
            gender=self._wish.pack.gender,
            elderly=self._wish.pack.elderly,
        )


class Recording:
    """Speech that comes as samples, or as a file that its first bytes tell.

    Args:
        id: the client's.
        sample_rate: of plain samples.
        run: work in a thread.
    """

    def __init__(self, id: str, sample_rate: int, run: Run) -> None:  # noqa: A002 - as in the protocol
        self.id = id
        self.samples = 0
        self.voice: Voice | None = None
        self.empty = True
        self._rate = sample_rate
        self._run = run
        self._waiting = bytearray()
        self._whole = False
        self._more = asyncio.Event()
        self._starving = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._feed = Feed(self._starve)

    def _starve(self) -> None:
        """Take note, in the thread that reads a file, that it waits for more."""
        self._loop.call_soon_threadsafe(self._starving.set)

    @property
    def bytes_waiting(self) -> int:
        """How much of it has not become sound."""
        return len(self._waiting) + len(self._feed)

    def append(self, pcm: bytes) -> None:
        """Take the next piece, of any size."""
        self.empty = self.empty and not pcm
        self._waiting += pcm
        self._more.set()

    def done(self) -> None:
        """See `Utterance.done`."""
        self._whole = True
        self._more.set()

    async def sound(self) -> AsyncGenerator[Pcm | None, None]:
        """See `Utterance.sound`."""
        while len(self._waiting) < TOLD_BY and not self._whole:
            self._more.clear()
            yield None
            await self._more.wait()
        kind = kind_of(bytes(self._waiting[:TOLD_BY]))
        async with aclosing(self._plain() if kind is None else self._decoded(kind)) as pieces:
            async for pcm in pieces:
                self.samples += 0 if pcm is None else len(pcm)
                yield pcm

    async def _plain(self) -> AsyncGenerator[Pcm | None, None]:
        resample = _Resampler(self._rate)
        while True:
            self._more.clear()
            whole_bytes = len(self._waiting) // 2 * 2  # half a sample waits for its other half
            if whole_bytes:
                taken = bytes(self._waiting[: min(whole_bytes, 2 * _SLICE_SAMPLES)])
                del self._waiting[: len(taken)]
                yield resample.push(np.frombuffer(taken, "<i2"))
            elif self._whole:
                break
            else:
                yield None
                await self._more.wait()
        yield resample.finish()

    async def _decoded(self, kind: Kind) -> AsyncGenerator[Pcm | None, None]:
        pieces = decoded(self._feed, kind)
        piece: asyncio.Future[Pcm | None] | None = None
        try:
            while True:
                self._more.clear()
                self._feed.push(bytes(self._waiting))
                self._waiting.clear()
                if self._whole:
                    self._feed.close()
                piece = piece or asyncio.ensure_future(self._run(_next, pieces))
                await _first(piece, self._more, self._starving)
                if piece.done():
                    pcm, piece = piece.result(), None
                    if pcm is None:
                        return
                    yield pcm
                elif self._starving.is_set() and not self._more.is_set():
                    self._starving.clear()
                    yield None
        finally:
            self._feed.close()  # its thread ends
            if piece is not None:
                piece.add_done_callback(lambda done: done.cancelled() or done.exception())


class _Resampler:
    """Brings samples to the rate of the session; a class because the filter reaches over pieces."""

    def __init__(self, sample_rate: int) -> None:
        same = sample_rate == SAMPLE_RATE
        # As floats: its integers are dithered, and then silence would not be silent.
        self._stream = None if same else soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32")

    def push(self, pcm: Pcm) -> Pcm:
        return self._resample(pcm, last=False)

    def finish(self) -> Pcm:
        return self._resample(np.zeros(0, np.int16), last=True)

    def _resample(self, pcm: Pcm, *, last: bool) -> Pcm:
        if self._stream is None:
            return pcm
        samples = self._stream.resample_chunk(pcm.astype(np.float32), last=last)
        return np.asarray(np.clip(np.rint(samples), -32_768, 32_767), np.int16)


def _next(parts: Iterator[T]) -> T | None:
    return next(parts, None)


async def _first(work: asyncio.Future[Any], *events: asyncio.Event) -> None:
    """Wait until some work is done or an event is set."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait({work, *waits}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
