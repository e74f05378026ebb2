"""Renders one order as a generator: speech → mel → mouths → frames → fragments. Knows no HTTP.

The generator works only when asked for the next record, so a slow reader slows the render, and memory does not grow
with the length: speech, mel, frames and fragments are each held for about a second. One thing is done ahead, the
network runs on the next GOP while the present one is composed and encoded.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.avatars import Avatars, Footage, Pack
from worker.batching import Batcher
from worker.compose import Mask, compose, network_input
from worker.encode import (
    FPS,
    HEIGHT,
    SAMPLE_RATES,
    WIDTH,
    Encoder,
    Segment,
    gop_end,
    header,
    samples_per_frame,
)
from worker.errors import MalformedRequest, NoSpeech
from worker.listening import Listener
from worker.records import EndRecord, InitRecord, RenderRecord, RenderRequest, SegmentRecord, SpeechRecord
from worker.speech import SAMPLE_RATE as SPEECH_RATE
from worker.speech import Speech, Voice

Pcm = NDArray[np.int16]
_SAMPLE_BYTES = 2


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was checked, with what it chose."""

    request: RenderRequest
    pack: Pack
    voice: Voice | None  # of a text order


class _Shot(msgspec.Struct, frozen=True, kw_only=True):
    """The frames of one GOP, as the network gets them."""

    first_frame: int
    mel: NDArray[np.float32]  # (B, 1, 80, 16)
    face: NDArray[np.float32]  # (B, 6, 96, 96)


class _Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some samples, with the record that tells of them where they are new."""

    pcm: Pcm
    record: SpeechRecord | None = None


class Renderer:
    """What all renders share.

    Args:
        avatars: who can speak.
        speech: how they speak.
        batcher: the network.
        mask: how its mouths are blended.
        engine: what rendered, for the end record.
    """

    def __init__(
        self, *, avatars: Avatars, speech: Speech, batcher: Batcher, mask: Mask, engine: dict[str, str]
    ) -> None:
        self.avatars = avatars
        self.speech = speech
        self._batcher = batcher
        self._mask = mask
        self._engine = engine
        self.frames_rendered = 0

    async def accept(self, request: RenderRequest, pcm_bytes: int) -> Order:
        """Check a request and settle its choices.

        Raises:
            Unrenderable, SpeechError: it can never be rendered.
        """
        _check(request, pcm_bytes)
        pack = self.avatars.find(request.avatar, request.emotion)
        voice = None
        if request.text is not None:
            voice = await asyncio.to_thread(
                self.speech.choose,
                language=request.language,
                voice=request.voice,
                text=request.text,
                gender=pack.gender,
                elderly=pack.elderly,
            )
        return Order(request=request, pack=pack, voice=voice)

    async def render(self, order: Order, pcm: BinaryIO) -> AsyncGenerator[RenderRecord, None]:
        """Yield the records of a render, ending with an `EndRecord`.

        Args:
            order: from `accept`.
            pcm: what followed the request, read in small pieces from its start.

        Raises:
            NothingToSpeak: the text has no speech; before the first record.
        """
        request = order.request
        rate = SPEECH_RATE if order.voice else request.sample_rate
        footage = await asyncio.to_thread(self.avatars.footage, order.pack, request.emotion)
        take = _Take(footage, rate, request.first_frame, self._mask)
        ahead: tuple[_Shot, asyncio.Task[NDArray[np.float32]]] | None = None
        init = InitRecord(
            data=header(rate),
            language=order.voice.language if order.voice else request.language,
            voice=order.voice.name if order.voice else None,
            sample_rate=rate,
            width=WIDTH,
            height=HEIGHT,
            fps=FPS,
        )
        started = False
        try:
            async with aclosing(self._speak(order, pcm)) as pieces, aclosing(_shots(take, pieces)) as shots:
                async for shot in shots:
                    if isinstance(shot, SpeechRecord):
                        yield shot
                        continue
                    if not started:
                        yield init
                        started = True
                    mouths = asyncio.create_task(self._batcher.mouths(shot.mel, shot.face))
                    before, ahead = ahead, (shot, mouths)
                    if before:
                        yield await self._film(take, before)
            if ahead:
                yield await self._film(take, ahead)
        finally:
            if ahead:
                ahead[1].cancel()
        if not started:
            yield init
        yield EndRecord(
            frames=take.frames, samples=take.frames * samples_per_frame(rate), engine=self._engine
        )

    async def _film(
        self, take: "_Take", shot: tuple[_Shot, asyncio.Task[NDArray[np.float32]]]
    ) -> SegmentRecord:
        segment = await asyncio.to_thread(take.film, shot[0].first_frame, await shot[1])
        self.frames_rendered += segment.frames
        return SegmentRecord(
            first_frame=segment.first_frame,
            frames=segment.frames,
            first_sample=segment.first_sample,
            data=segment.data,
        )

    async def _speak(self, order: Order, pcm: BinaryIO) -> AsyncGenerator[_Piece, None]:
        """Yield the whole speech from its start, padded with silence to whole frames."""
        request = order.request
        position = 0
        rate = SPEECH_RATE if order.voice else request.sample_rate
        while data := pcm.read(rate * _SAMPLE_BYTES):  # a second
            yield _Piece(pcm=np.frombuffer(data, "<i2"))
            position += len(data) // _SAMPLE_BYTES
        if order.voice and request.text is not None and request.spoken < len(request.text):
            parts = self.speech.speak(request.text[request.spoken :], order.voice)
            while part := await asyncio.to_thread(next, parts, None):
                spoken = request.spoken + part.spoken
                last = spoken == len(request.text)
                new = _whole_frames(part.pcm, position, rate) if last else part.pcm
                record = SpeechRecord(
                    first_sample=position,
                    pcm=new.astype("<i2").tobytes(),
                    spoken=spoken,
                    last=last,
                    sample_rate=rate,
                    language=order.voice.language,
                    voice=order.voice.name,
                )
                yield _Piece(pcm=new, record=record)
                position += len(new)
        if position == 0:
            raise NoSpeech
        silence = _whole_frames(np.zeros(0, np.int16), position, rate)
        if len(silence):
            yield _Piece(pcm=silence)


class _Take:
    """One pass of a video: what was heard so far, and the film so far. Used by one thread at a time."""

    def __init__(self, footage: Footage, sample_rate: int, first_frame: int, mask: Mask) -> None:
        self._footage = footage
        self._mask = mask
        self._samples_per_frame = samples_per_frame(sample_rate)
        self._listener = Listener(sample_rate=sample_rate, first_frame=first_frame)
        self._encoder = Encoder(sample_rate=sample_rate, first_frame=first_frame)
        self._samples = 0
        self._next_frame = first_frame
        self.frames = 0  # of the whole video, once the speech has ended

    def hear(self, pcm: Pcm) -> None:
        self._samples += len(pcm)
        self._listener.hear(pcm)
        self._encoder.hear(pcm)

    def end_of_speech(self) -> None:
        assert self._samples % self._samples_per_frame == 0
        self.frames = self._samples // self._samples_per_frame
        if self._next_frame > self.frames:
            raise MalformedRequest(
                f"first_frame is {self._next_frame}, but the speech ends with frame {self.frames - 1}."
            )
        self._listener.end_of_speech(self.frames)
        self._encoder.end_of_speech()

    def next_shot(self) -> _Shot | None:
        """Return the next GOP when all of it can be heard."""
        first, end = self._next_frame, gop_end(self._next_frame)
        if self.frames:
            end = min(end, self.frames)
        if first == end or not self._listener.can_hear(end):
            return None
        self._next_frame = end
        crops = np.stack([self._footage.frame(frame).crop for frame in range(first, end)])
        return _Shot(first_frame=first, mel=self._listener.take(end), face=network_input(crops))

    def film(self, first_frame: int, mouths: NDArray[np.float32]) -> Segment:
        """Compose and encode the frames of a shot."""
        segment = None
        for frame, mouth in enumerate(mouths, first_frame):
            segment = self._encoder.show(compose(self._footage.frame(frame), mouth, self._mask))
        segment = segment or self._encoder.finish()
        assert segment
        return segment


async def _shots(take: _Take, pieces: AsyncIterator[_Piece]) -> AsyncGenerator[SpeechRecord | _Shot, None]:
    """Yield each shot as soon as it can be heard, and the records of the speech that it needs before it."""
    async for piece in pieces:
        if piece.record:
            yield piece.record
        await asyncio.to_thread(take.hear, piece.pcm)
        while shot := take.next_shot():
            yield shot
    await asyncio.to_thread(take.end_of_speech)
    while shot := take.next_shot():
        yield shot


def _whole_frames(pcm: Pcm, position: int, sample_rate: int) -> Pcm:
    """Pad samples that start at `position` with silence, to end with a frame."""
    return np.pad(pcm, (0, -(position + len(pcm)) % samples_per_frame(sample_rate)))


def _check(request: RenderRequest, pcm_bytes: int) -> None:
    if pcm_bytes % _SAMPLE_BYTES:
        raise MalformedRequest(
            f"{pcm_bytes} bytes of PCM are not whole 16-bit samples. Send s16le mono, two bytes a sample."
        )
    if request.first_frame < 0 or request.spoken < 0:
        raise MalformedRequest("first_frame and spoken count from 0; send no negative numbers.")
    if request.text is None:
        if not pcm_bytes:
            raise NoSpeech
        if request.sample_rate not in SAMPLE_RATES:
            rates = ", ".join(str(rate) for rate in sorted(SAMPLE_RATES))
            raise MalformedRequest(
                f"A sample_rate of {request.sample_rate} cannot be encoded. Use one of {rates}."
            )
        return
    if request.spoken > len(request.text):
        raise MalformedRequest(
            f"spoken is {request.spoken}, but the text has {len(request.text)} characters."
        )
    if pcm_bytes and request.sample_rate != SPEECH_RATE:
        raise MalformedRequest(
            f"The PCM of a text order is the worker's own: its sample_rate is {SPEECH_RATE}."
        )
    if request.spoken and not pcm_bytes:
        raise MalformedRequest("Text was spoken already, so its PCM must follow the record.")
    if not request.text.strip():
        raise NoSpeech
