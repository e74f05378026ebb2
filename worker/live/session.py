"""One live session: what is said becomes pictures and sound, a segment whenever it is asked for. Knows no WebSocket.

One frame index is the clock of all: the footage that is shown, the pictures' times, and those of the sound. While
nothing is said the footage goes on by itself; speech begins at whatever frame is next, and rest goes on from there.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.accents import Accent
from worker.avatars import Pack
from worker.batching import Batcher
from worker.encode import Pcm
from worker.footage import Footage
from worker.gestures import Performer
from worker.live.film import FRAME_SAMPLES, SEGMENT_FRAMES, Film, Fragment
from worker.live.idle import IdleGops
from worker.live.records import (
    SAMPLE_RATE,
    Audio,
    Clear,
    Cleared,
    Done,
    End,
    Event,
    Finish,
    Open,
    Outcome,
    Say,
    Segment,
    Spoken,
)
from worker.live.script import Script
from worker.live.stretch import HALF, Stretch
from worker.live.utterance import Recording, Run, Text, Utterance, Wish
from worker.model import Graph
from worker.mp4 import Sample
from worker.speech import Speech, SpeechError, SynthesisFailed, VoiceMissing

_AHEAD_SAMPLES = 3 * SAMPLE_RATE  # of sound that is made ready; more than the listener holds back
_PATIENCE_S = 0.15  # for which a face that speaks may wait for its next word, before it pauses
_SLOW_S = 0.5  # after which the beginning of an utterance is said without waiting for more
_SHOWN: tuple[Outcome, None] = ("shown", None)
_SILENCE = np.zeros(SEGMENT_FRAMES * FRAME_SAMPLES, np.int16)
_LOST_S = 10.0  # after which nothing more is expected of an utterance


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one session may take."""

    max_characters: int
    max_bytes: int


class Studio(msgspec.Struct, frozen=True, kw_only=True):
    """What all sessions share.

    Attributes:
        speech: how texts are spoken.
        batcher: the network.
        idle: what rests, encoded.
        run: works in a thread.
        engine: what renders, for the end record.
        rendered: told of every segment: frames, and whether they speak.
    """

    speech: Speech
    batcher: Batcher
    idle: IdleGops
    run: Run
    engine: dict[str, str]
    rendered: Callable[[int, bool], None]


class Session:
    """A face.

    Args:
        opened: as the client wishes it.
        pack: who it is.
        footage: of the emotion.
        graph: what to know of the network.
        studio: what it shares with others.
        limits: what it may take.
        tell: takes all that the client is told, in order.
    """

    def __init__(
        self,
        opened: Open,
        *,
        pack: Pack,
        footage: Footage,
        graph: Graph,
        studio: Studio,
        limits: Limits,
        tell: Callable[[Event], None],
    ) -> None:
        self._opened = opened
        self._pack = pack
        self._footage = footage
        self._graph = graph
        self._performer = Performer(footage, graph.mask)
        self._studio = studio
        self._tell = tell
        wish = Wish(pack=pack, language=opened.language, voice=opened.voice)
        self._script = Script(
            text=lambda utterance: Text(utterance, wish, studio.speech, studio.run),
            recording=lambda utterance: Recording(utterance, opened.sample_rate, studio.run),
            max_characters=limits.max_characters,
            max_bytes=limits.max_bytes,
            tell=tell,
        )
        self._film = Film(opened.first_frame)
        self._stretches: deque[Stretch] = deque()  # the first one is shown
        self._shown: dict[str, int] = {}  # samples of stretches that are over, by utterance
        self._spoken: set[str] = set()  # of which no more stretches come
        self._outcomes: dict[str, tuple[Outcome, str | None]] = {}  # of those that are not simply shown
        self._gop: Sequence[Sample] = ()  # what is left of the idle GOP that is shown
        self._speaking: asyncio.Task[None] | None = None
        self._starving_since: float | None = None  # when whoever is spoken had no more to say
        self._changed = asyncio.Event()
        self._making = asyncio.Lock()
        self.ended = False

    @property
    def frames(self) -> int:
        """How many were shown."""
        return self._film.next_frame

    async def take(self, message: Say | Audio | Done | Clear | Finish) -> None:
        """Take what the client says.

        Raises:
            BadMessage: it does not fit.
        """
        match message:
            case Say():
                if reason := self._script.say(message.id, message.text):
                    await self._refuse(message.id, reason)
            case Audio():
                if reason := self._script.hear(message.id, message.pcm):
                    await self._refuse(message.id, reason)
            case Done():
                self._script.done(message.id)
            case Clear():
                await self._clear()
            case Finish():
                self._script.finish()
        self._changed.set()

    async def speak(self) -> None:
        """Turn what is said into sound, in order and a little ahead of the pictures, for ever."""
        while True:
            utterance = self._script.next()
            if utterance is None:
                await self._change()
                continue
            self._speaking = asyncio.create_task(self._speak(utterance), name=utterance.id)
            try:
                await asyncio.wait({self._speaking})
            finally:
                self._speaking.cancel()
            if not self._speaking.cancelled():
                self._speaking.result()
            self._speaking = None

    async def segment(self) -> None:
        """Make the next segment and tell it; after the last one also the end.

        Where nothing is said and the session is not live, it waits.
        """
        while not await self._try_segment():
            pass

    async def _try_segment(self) -> bool:
        """Return whether there was something to show; else something has changed meanwhile."""
        if self._stretches:
            stretch = self._stretches[0]
            if stretch.certain():
                return await self._show(stretch)
            if not self._opened.live or stretch.shown or self._patience_s(stretch, 0) <= 0:
                await self._await_more(stretch)
                return False
        over = self._script.finished and self._script.empty
        if over and not self._film.next_frame and not self._opened.live:
            self._end()
            return True
        if over or self._opened.live:
            return await self._rest(last=over)
        await self._change()
        return False

    async def _show(self, stretch: Stretch) -> bool:
        """Show the next segment of speech, unless it was cleared before its turn came."""
        async with self._making:
            if stretch not in self._stretches:
                return False
            first, utterance = self._film.next_frame, stretch.utterance
            mel, accents, pcm = stretch.take()
            self._changed.set()  # there is room for more sound
            last = stretch.over and self._is_last(stretch)
            if self._opened.pictures:
                frames = range(first, first + len(mel))
                faces = await self._studio.run(self._footage.faces, frames)
                mouths = await self._studio.batcher.mouths(mel, faces, urgent=True)
                fragment = await self._studio.run(self._draw, frames, mouths, accents, pcm, last)
            else:
                fragment = self._film.hear(pcm, last=last)
            self._gop = ()
            self._tell_segment(fragment, utterance)
            if stretch.over:
                self._stretches.popleft()
                if stretch.utterance:
                    self._shown[stretch.utterance] = self._shown.get(stretch.utterance, 0) + stretch.samples
                    self._conclude()
            if last:
                self._end()
        return True

    async def _rest(self, *, last: bool) -> bool:
        """Show the next segment of footage as it is, or of silence where there are no pictures."""
        async with self._making:
            if not self._gop and self._opened.pictures:
                place = self._pack.name, self._opened.emotion, self._footage, self._film.next_frame
                idle = self._studio.idle
                gop = idle.kept(*place)
                if gop is None:  # not shown before, by any session
                    gop = await self._studio.run(idle.gop, *place)
                self._gop = gop
            count = HALF if self._stretches else SEGMENT_FRAMES  # somebody is about to speak
            coded, self._gop = self._gop[:count], self._gop[count:]
            fragment = self._film.rest(coded, last=last) if coded else self._film.hear(_SILENCE, last=last)
            self._tell_segment(fragment, None)
            if last:
                self._end()
        return True

    async def _await_more(self, stretch: Stretch) -> None:
        """Wait until the next segment of a stretch is certain; where that takes too long the stretch ends."""
        since = time.monotonic()
        while self._stretches and self._stretches[0] is stretch and not stretch.certain():
            patience_s = self._patience_s(stretch, since)
            if patience_s <= 0:
                stretch.end()
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(None if math.isinf(patience_s) else patience_s):
                    await self._change()

    def _patience_s(self, stretch: Stretch, since: float) -> float:
        """Return how much longer to wait for more of a stretch, for which somebody waits since then."""
        now = time.monotonic()
        if self._opened.live and stretch.shown:
            return since + _PATIENCE_S - now
        return math.inf if self._starving_since is None else self._starving_since + _SLOW_S - now

    def _draw(
        self, frames: range, mouths: NDArray[np.uint8], accents: Sequence[Accent], pcm: Pcm, last: bool
    ) -> Fragment:
        pictures = [
            self._performer.show(frame, mouth, accent)
            for frame, mouth, accent in zip(frames, mouths, accents, strict=True)
        ]
        return self._film.show(pictures, pcm, last=last)

    def _tell_segment(self, fragment: Fragment, utterance: str | None) -> None:
        if self._opened.pictures:
            self._studio.rendered(fragment.frames, utterance is not None)
        self._tell(
            Segment(
                first_frame=fragment.first_frame,
                frames=fragment.frames,
                first_sample=fragment.first_sample,
                key=fragment.key,
                utterance=utterance,
                data=fragment.data,
            )
        )

    async def _speak(self, utterance: Utterance) -> None:
        """Make the sound of an utterance, as far ahead as there is room."""
        stretch: Stretch | None = None
        try:
            async with aclosing(utterance.sound()) as pieces:
                async for pcm in self._heard(utterance, pieces):
                    for start in range(0, len(pcm), SAMPLE_RATE):
                        if stretch is None or stretch.frames is not None:  # it came to rest meanwhile
                            stretch = Stretch(utterance.id, self._graph.mel, hurried=self._opened.live)
                            self._stretches.append(stretch)
                        stretch.hear(pcm[start : start + SAMPLE_RATE])
                        self._changed.set()
                        while sum(each.samples_ahead for each in self._stretches) > _AHEAD_SAMPLES:
                            await self._change()
        except (SynthesisFailed, VoiceMissing) as exc:
            self._outcomes[utterance.id] = ("failed", str(exc))
        except SpeechError as exc:
            self._outcomes[utterance.id] = ("refused", str(exc))
        else:
            voice = utterance.voice
            self._tell(
                Spoken(
                    id=utterance.id,
                    samples=utterance.samples,
                    language=voice.language if voice else None,
                    voice=voice.name if voice else None,
                )
            )
        if stretch and stretch.frames is None:
            stretch.end()
        self._spoken.add(utterance.id)
        self._conclude()
        self._changed.set()

    async def _heard(
        self, utterance: Utterance, pieces: AsyncGenerator[Pcm | None, None]
    ) -> AsyncGenerator[Pcm, None]:
        """Yield its sound, and take note while it waits for the client; who leaves it alone for long has ended it."""
        lost: asyncio.TimerHandle | None = None
        try:
            async for pcm in pieces:
                if lost:
                    lost.cancel()
                self._starving_since = None
                if pcm is not None:
                    yield pcm
                    continue
                self._starving_since = time.monotonic()
                self._changed.set()
                lost = asyncio.get_running_loop().call_later(_LOST_S, utterance.done)
        finally:
            self._starving_since = None
            if lost:
                lost.cancel()

    async def _clear(self) -> None:
        """Drop what is not shown yet. A mouth that speaks closes; the head goes on."""
        async with self._making:  # the segment that is being made is still of what was said
            if self._speaking:
                self._speaking.cancel()
            for utterance in {stretch.utterance for stretch in self._stretches if stretch.utterance}:
                self._cut(utterance)
            self._script.interrupt(self._shown)
            self._shown.clear()
            self._spoken.clear()
            self._outcomes.clear()
            self._tell(Cleared(first_frame=self._film.next_frame))

    async def _refuse(self, utterance: str, reason: str) -> None:
        """End an utterance that cannot be, whatever was shown of it."""
        async with self._making:
            if self._speaking and self._speaking.get_name() == utterance:
                self._speaking.cancel()
            self._cut(utterance)
            self._spoken.discard(utterance)
            self._outcomes.pop(utterance, None)
            samples = self._shown.pop(utterance, 0)
            self._script.end(utterance, "refused", samples=samples, detail=reason)
            self._conclude()

    def _cut(self, utterance: str) -> None:
        """Drop what is not shown of an utterance, and note how much was."""
        for stretch in [each for each in self._stretches if each.utterance == utterance]:
            if not stretch.shown:
                self._stretches.remove(stretch)
                continue
            stretch.cut()
            stretch.utterance = None
            self._shown[utterance] = self._shown.get(utterance, 0) + stretch.samples

    def _conclude(self) -> None:
        """Give an end to those utterances, in their order, of which all was shown."""
        while (utterance := self._script.first) in self._spoken:
            assert utterance is not None
            if any(stretch.utterance == utterance for stretch in self._stretches):
                return
            self._spoken.discard(utterance)
            samples = self._shown.pop(utterance, 0)
            outcome, detail = self._outcomes.pop(utterance, _SHOWN)
            self._script.end(utterance, outcome, samples=samples, detail=detail)

    def _is_last(self, stretch: Stretch) -> bool:
        """Tell whether nothing follows a stretch, once it is over."""
        if not self._script.finished or len(self._stretches) > 1:
            return False
        return self._script.empty or (stretch.utterance in self._spoken and self._script.count == 1)

    def _end(self) -> None:
        frames = self._film.next_frame
        self._tell(End(frames=frames, samples=frames * FRAME_SAMPLES, engine=self._studio.engine))
        self.ended = True

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
