"""Renders one order as a generator: speech → mel → mouths → frames → fragments. Knows no HTTP.

The generator works only when asked for the next record, so a slow reader slows the render, and memory does not grow
with the length: speech, mel, frames and fragments are each held for about a second. One thing is done ahead: the
network works on the next GOP while the present one is composed and encoded.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from functools import partial
from typing import BinaryIO, ParamSpec, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.avatars import Avatars
from worker.backgrounds import Backgrounds
from worker.batching import Batcher
from worker.captions import Captions
from worker.encode import FPS, Pcm, gop_end, header, samples_per_frame
from worker.errors import NoSpeech
from worker.metrics import Metrics, Stage
from worker.model import Graph
from worker.orders import SAMPLE_BYTES, Order, settle
from worker.records import EndRecord, InitRecord, RenderRecord, RenderRequest, SegmentRecord, SpeechRecord
from worker.render_pass import Gop, RenderPass
from worker.speech import Speech, SpokenPart
from worker.stage import lines
from worker.threads import Threads, on

P = ParamSpec("P")
T = TypeVar("T")
_Mouths = asyncio.Task[NDArray[np.uint8]]


class _Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some samples, with the record that tells of them and those before where they end a new sentence."""

    pcm: Pcm
    record: SpeechRecord | None = None
    told: bool = True  # whether the client has these samples, or gets them with the record


class Renderer:
    """What all renders share.

    Args:
        avatars: who can speak.
        backgrounds: what can stand behind them.
        speech: how they speak.
        batcher: the network.
        graph: what to know of the network for so many references.
        threads: where all that blocks is done.
        metrics: told how long each stage takes.
        engine: what rendered, for the end record.
    """

    def __init__(
        self,
        *,
        avatars: Avatars,
        backgrounds: Backgrounds,
        speech: Speech,
        batcher: Batcher,
        graph: Callable[[int], Graph],
        threads: Threads,
        metrics: Metrics,
        engine: dict[str, str],
    ) -> None:
        self.avatars = avatars
        self._backgrounds = backgrounds
        self.speech = speech
        self._batcher = batcher
        self._graph = graph
        self._threads = threads
        self._metrics = metrics
        self._engine = engine
        self.frames_rendered = 0

    def check(self) -> None:
        """Make sure that it can render; see `Batcher.check`."""
        self._batcher.check()

    async def accept(self, request: RenderRequest, pcm_bytes: int) -> Order:
        """Check a request and settle its choices; see `worker.orders.settle`.

        Raises:
            BackgroundMissing: what is to stand behind the person is not here.
        """
        order = await asyncio.to_thread(settle, request, pcm_bytes, avatars=self.avatars, speech=self.speech)
        if request.stage is not None:
            await asyncio.to_thread(self._backgrounds.check, request.stage)
        return order

    async def render(self, order: Order, pcm: BinaryIO) -> AsyncGenerator[RenderRecord, None]:
        """Yield the records of a render, ending with an `EndRecord`.

        Args:
            order: from `accept`.
            pcm: what followed the request, read in small pieces from its start.

        Raises:
            NothingToSpeak: the text has no speech; before the first record.
            NetworkStopped: nothing is drawn here any more.
        """
        self._batcher.check()
        footage = await self._film(
            "footage", self.avatars.footage, order.pack, order.request.emotion, lines(order.request.stage)
        )
        behind = await self._film("footage", self._backgrounds.open, order.request.stage)
        captions = _captions(order)
        graph = self._graph(footage.references)
        walked = footage.walk(order.request.order)
        begin = partial(
            RenderPass,
            walked,
            order.sample_rate,
            order.request.first_frame,
            graph,
            uploaded=order.voice is None,
            stage=order.request.stage,
            behind=behind,
            captions=captions,
        )
        render_pass = await self._film("footage", begin)
        # Decoded while the first words are spoken, so that whoever waits does not wait for one after the other.
        first_frame = order.request.first_frame
        opening = asyncio.create_task(
            self._film("footage", walked.faces, range(first_frame, gop_end(first_frame)))
        )
        opening.add_done_callback(_take_note)
        header_sent = False
        ahead: tuple[Gop, _Mouths] | None = None
        try:
            async with (
                aclosing(self._speak(order, pcm, captions)) as pieces,
                aclosing(self._gops(render_pass, pieces)) as gops,
            ):
                async for gop in gops:
                    if isinstance(gop, SpeechRecord):
                        yield gop
                        continue
                    if not header_sent:
                        yield _init(order)
                        header_sent = True
                        await opening
                    faces = await self._film("footage", render_pass.faces, gop)
                    mouths = asyncio.create_task(self._batcher.mouths(gop.mel, faces))
                    before, ahead = ahead, (gop, mouths)
                    if before:
                        yield await self._encode(render_pass, *before)
            if ahead:
                yield await self._encode(render_pass, *ahead)
        finally:
            opening.cancel()
            if ahead:
                ahead[1].cancel()
        if not header_sent:  # resumed after its last frame
            yield _init(order)
        samples = render_pass.frames * samples_per_frame(order.sample_rate)
        yield EndRecord(frames=render_pass.frames, samples=samples, engine=self._engine)

    async def _encode(self, render_pass: RenderPass, gop: Gop, mouths: _Mouths) -> SegmentRecord:
        drawn = await mouths
        segment = await self._film("filming", render_pass.encode, gop, drawn)
        self.frames_rendered += segment.frames
        self._metrics.frames.inc(segment.frames)
        return SegmentRecord(
            first_frame=segment.first_frame,
            frames=segment.frames,
            first_sample=segment.first_sample,
            data=segment.data,
        )

    async def _speak(
        self, order: Order, pcm: BinaryIO, captions: Captions | None
    ) -> AsyncGenerator[_Piece, None]:
        """Yield the whole speech from its start, padded with silence to whole frames."""
        rate = order.sample_rate
        position = 0
        while data := pcm.read(rate * SAMPLE_BYTES):  # a second
            yield _Piece(pcm=np.frombuffer(data, "<i2"))
            position += len(data) // SAMPLE_BYTES
        if order.voice and order.unspoken:
            parts = self.speech.speak(
                order.unspoken, order.voice, soon=not order.request.spoken, speed=order.speed
            )
            spoken, untold = 0, b""  # what the last record covers, and the speech since then
            while part := await self._next_part(parts):
                last = part.spoken == len(order.unspoken)
                new = _whole_frames(part.pcm, position, rate) if last else part.pcm
                position += len(new)
                untold += new.astype("<i2").tobytes()
                if part.spoken == spoken:  # the sentence goes on
                    yield _Piece(pcm=new, told=False)
                    continue
                record = SpeechRecord(
                    first_sample=position - len(untold) // SAMPLE_BYTES,
                    pcm=untold,
                    spoken=order.request.spoken + part.spoken,
                    last=last,
                    sample_rate=rate,
                    language=order.voice.language,
                    voice=order.voice.name,
                )
                if captions is not None:
                    captions.hear(len(untold) // SAMPLE_BYTES, record.spoken)
                yield _Piece(pcm=new, record=record)
                spoken, untold = part.spoken, b""
        if position == 0:
            raise NoSpeech
        silence = _whole_frames(np.zeros(0, np.int16), position, rate)
        if len(silence):
            yield _Piece(pcm=silence)

    async def _next_part(self, parts: Iterator[SpokenPart]) -> SpokenPart | None:
        def speak() -> SpokenPart | None:
            return next(parts, None)

        return await on(self._threads.voices, self._metrics.timed("speech", speak))

    async def _gops(
        self, render_pass: RenderPass, pieces: AsyncIterator[_Piece]
    ) -> AsyncGenerator[SpeechRecord | Gop, None]:
        """Yield each GOP as soon as it can be heard, and the records of the speech that it needs before it.

        A sentence that goes on is only listened to: whoever goes on with the video needs the speech that it shows.
        """
        async for piece in pieces:
            if piece.record:
                yield piece.record
            await self._film("listening", render_pass.hear, piece.pcm)
            while piece.told and (gop := await self._film("listening", render_pass.next_gop)):
                yield gop
        await self._film("listening", render_pass.end_of_speech)
        while gop := await self._film("listening", render_pass.next_gop):
            yield gop

    async def _film(self, stage: Stage, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await on(self._threads.films, self._metrics.timed(stage, work), *args, **kwargs)


def _captions(order: Order) -> Captions | None:
    """Begin to write what is said, if that is wished, with what was said before."""
    stage, text = order.request.stage, order.request.text
    if stage is None or not stage.captions or text is None:
        return None
    captions = Captions(text, order.sample_rate, order.size, order.language)
    for samples, spoken in order.request.told:
        captions.hear(samples, spoken)
    return captions


def _take_note(task: asyncio.Task[object]) -> None:
    """Look at how a task ended, for nobody may wait for it; else its failure is logged as one that was lost."""
    if not task.cancelled():
        task.exception()


def _init(order: Order) -> InitRecord:
    width, height = order.size
    return InitRecord(
        data=header(order.sample_rate, size=order.size),
        language=order.language,
        voice=order.voice.name if order.voice else None,
        sample_rate=order.sample_rate,
        width=width,
        height=height,
        fps=FPS,
    )


def _whole_frames(pcm: Pcm, position: int, sample_rate: int) -> Pcm:
    """Pad samples that start at `position` with silence, to end with a frame."""
    return np.pad(pcm, (0, -(position + len(pcm)) % samples_per_frame(sample_rate)))
