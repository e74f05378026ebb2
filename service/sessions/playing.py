"""One live session: what its client says goes to a worker, what that shows to an output, and all of it is counted."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import msgspec

from service.errors import ContentRefused, OutputGone, RenderFailed, Unavailable
from service.quotes.port import Screen
from service.runtime.stopping import Stopping
from service.sessions.meter import Meter
from service.sessions.port import LiveRender, Output
from service.sessions.records import (
    FRAME_MS,
    FRAME_SAMPLES,
    LEAD_FRAMES,
    SEGMENT_FRAMES,
    Audio,
    Clear,
    Done,
    End,
    Finish,
    Finished,
    Message,
    Outcome,
    Problem,
    Pull,
    Say,
    Segment,
    Told,
)
from service.sessions.session import Ending
from service.sessions.terms import LiveTerms

SEGMENT_MS = SEGMENT_FRAMES * FRAME_MS

MOST_WAITING = 32
"""Utterances that have no end yet; the next one waits. A worker refuses twice as many."""

WORKER_SILENCE_S = 60.0
"""After which a worker has failed that has something to show and shows nothing."""

LONGEST_PIECE_BYTES = 1 << 18
"""Of a recording; a worker takes messages of four times as much."""


class LiveSession:
    """A face that speaks.

    Args:
        session_id: Names it.
        render: The face.
        output: Where it is seen.
        meter: Counts what is shown.
        percent: Of its length, that it costs.
        terms: What the operator allows.
        stopping: Told when this service is about to stop.
        screen: Who judges texts; None where nobody does.
    """

    def __init__(
        self,
        *,
        session_id: str,
        render: LiveRender,
        output: Output,
        meter: Meter,
        percent: int,
        terms: LiveTerms,
        stopping: Stopping,
        screen: Screen | None,
    ) -> None:
        self.id = session_id
        self.ending: Ending | None = None  # None: it is not over, or has failed
        self._render = render
        self._output = output
        self._meter = meter
        self._percent = percent
        self._terms = terms
        self._stopping = stopping
        self._screen = screen
        self._unfinished: set[str] = set()
        self._said: set[str] = set()  # of these: the worker knows of them
        self._shown_frames: Counter[str] = Counter()  # of these
        self._refused: dict[str, str] = {}  # of these: what the judge has against a later piece
        self._owed = 0  # segments that were asked for and did not come yet
        self._begun = False  # something was said
        self._finishing = False
        self._over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._changed = asyncio.Condition()
        self._taking = asyncio.Lock()
        self._last_word = self._last_told = asyncio.get_running_loop().time()

    def hears(self, utterance: str) -> bool:
        """Tell whether an utterance was begun and has no end yet."""
        return utterance in self._unfinished

    def unended(self) -> list[Finished]:
        """Tell what became of utterances that have no end, once the session is over: what was shown of them."""
        outcome: Outcome = "failed" if self.ending is None else "interrupted"
        return [
            Finished(
                id=utterance,
                outcome=outcome,
                samples=max(0, self._shown_frames[utterance] - LEAD_FRAMES) * FRAME_SAMPLES,
            )
            for utterance in sorted(self._unfinished, key=lambda each: (len(each), each))  # in their order
        ]

    async def say(self, utterance: str, text: str) -> None:
        """Say a piece of a text; the pieces of an utterance have one id, and `done` ends it.

        Waits while too many utterances do. What the operator's judge refuses is told to the output, and not said.
        """
        if not await self._begin(utterance):
            return
        try:
            if self._screen is not None:
                await self._screen.text(text)
        except (ContentRefused, Unavailable) as error:
            await self._refuse(utterance, error.detail)
            return
        self._said.add(utterance)
        await self._send(Say(id=utterance, text=text))

    async def hear(self, utterance: str, data: bytes) -> None:
        """Take a piece of a recording: samples, s16le mono 16 kHz, or a file that its first bytes tell."""
        if await self._begin(utterance):
            self._said.add(utterance)
            for start in range(0, len(data), LONGEST_PIECE_BYTES):
                await self._send(Audio(id=utterance, pcm=data[start : start + LONGEST_PIECE_BYTES]))

    async def done(self, utterance: str) -> None:
        """Take note that an utterance is whole."""
        if utterance in self._unfinished:
            await self._send(Done(id=utterance))

    async def clear(self) -> None:
        """Drop what was said and is not shown yet."""
        await self._send(Clear())

    async def finish(self) -> None:
        """Take note that nothing more will be said: what was said is shown, then the session is over."""
        if not self._finishing:
            self._finishing = True
            await self._send(Finish())

    def end(self, ending: Ending) -> None:
        """End the session now."""
        if not self._over.done():
            self._over.set_result(ending)

    async def run(self) -> Ending:
        """Show what is said, to the end; why that came.

        Raises:
            RenderFailed: The worker was lost, or could not go on.
            RenderRefused: It can never be as it is wished.
        """
        works: list[Coroutine[Any, Any, Ending]] = [
            self._receive(),
            self._pull(),
            self._meter.run(),
            self._listen(),
            self._until_stopped(),
        ]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait([*tasks, self._over], return_when=asyncio.FIRST_COMPLETED)
            # What somebody wants comes before what happens at the same time.
            self.ending = (self._over if self._over in done else done.pop()).result()
        except OutputGone:
            self.ending = Ending.LEFT
        finally:
            self.end(Ending.LEFT)  # nothing more is said
            async with self._changed:
                self._changed.notify_all()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self.ending

    async def _receive(self) -> Ending:
        """Hand on what the worker tells."""
        while True:
            event = await self._render.receive()
            self._last_told = asyncio.get_running_loop().time()
            match event:
                case Problem():
                    raise RenderFailed(event.detail)
                case Segment():
                    if not self._owed or event.frames > SEGMENT_FRAMES:
                        raise RenderFailed("a segment that nobody asked for")
                    await self._take(event)
                    self._meter.count(self._cost_ms(event.frames))
                    if event.utterance is not None:
                        self._shown_frames[event.utterance] += event.frames
                    await self._change(owed=-1)
                case Finished():
                    if (detail := self._refused.pop(event.id, None)) is not None:
                        event = msgspec.structs.replace(event, outcome="refused", detail=detail)
                    await self._finished(event)
                case End():
                    await self._take(event)
                    return Ending.DONE
                case _:
                    await self._take(event)

    async def _pull(self) -> Ending:
        """Ask for what the output wants, as long as there is video time for it."""
        while True:
            await self._output.wants()
            await self._until_fewer(self._output.ahead)
            if not await self._meter.room((self._owed + 1) * self._cost_ms(SEGMENT_FRAMES)):
                if not self._owed:
                    return Ending.SPENT
                await self._until_fewer(self._owed)
                continue
            await self._send(Pull())
            await self._change(owed=1)

    def _cost_ms(self, frames: int) -> int:
        """What a segment costs, rounded up."""
        return -(-frames * FRAME_MS * self._percent // 100)

    async def _until_fewer(self, segments: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._owed < segments)

    async def _listen(self) -> Ending:
        """End a session in which nothing is said any more, and one whose worker shows nothing of what is."""
        loop = asyncio.get_running_loop()
        while True:
            over = self._begun and not self._output.live
            quiet_s = self._terms.live_quiet_s if over else self._silence_s()
            speaks = bool(self._unfinished) or self._finishing
            since = max(self._last_word, self._last_told) if speaks else self._last_word
            left_s = since + (WORKER_SILENCE_S if speaks else quiet_s) - loop.time()
            if left_s > 0:
                async with self._changed:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(left_s):
                            await self._changed.wait()
            elif speaks and self._owed:
                raise RenderFailed("the worker has fallen silent")
            elif speaks:
                self._last_told = loop.time()  # what it was asked for came
            elif over:
                await self.finish()
            else:
                return Ending.IDLE

    def _silence_s(self) -> float:
        """How long nothing may be said. Where pictures go on at rest, silence is paid for."""
        return self._terms.live_idle_s if self._output.live else self._meter.silence_s

    async def _until_stopped(self) -> Ending:
        await self._stopping.wait()
        return Ending.RESTARTING

    async def _begin(self, utterance: str) -> bool:
        """Take note of a word; False where the session is over. Waits while too many utterances do."""
        if utterance not in self._unfinished:
            async with self._changed:
                await self._changed.wait_for(
                    lambda: len(self._unfinished) < MOST_WAITING or self._over.done()
                )
            if self._over.done() or self._finishing:
                return False
            self._unfinished.add(utterance)
        self._begun = True
        self._last_word = asyncio.get_running_loop().time()
        return not self._over.done()

    async def _send(self, message: Message) -> None:
        if not self._over.done():
            await self._render.send(message)

    async def _refuse(self, utterance: str, detail: str) -> None:
        """Say no more of an utterance."""
        if utterance in self._said:
            self._refused[utterance] = detail
            await self._send(Done(id=utterance))
        else:
            await self._finished(Finished(id=utterance, outcome="refused", samples=0, detail=detail))

    async def _finished(self, finished: Finished) -> None:
        await self._take(finished)
        self._unfinished.discard(finished.id)
        self._shown_frames.pop(finished.id, None)
        self._said.discard(finished.id)
        self._last_word = asyncio.get_running_loop().time()
        await self._change()

    async def _take(self, told: Told) -> None:
        """Hand something to the output, which may be slow, but not dead."""
        async with self._taking:
            try:
                async with asyncio.timeout(self._terms.live_patience_s):
                    await self._output.take(told)
            except TimeoutError as error:
                raise OutputGone from error

    async def _change(self, *, owed: int = 0) -> None:
        async with self._changed:
            self._owed += owed
            self._changed.notify_all()
