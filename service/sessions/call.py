"""One viewer by WebRTC, and the face that they see and speak by."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from service.sessions.call_terms import CallTerms
from service.sessions.live import Live
from service.sessions.playing import LiveSession
from service.sessions.recordings import Recordings
from service.sessions.records import Finished, Told
from service.sessions.session import Ending
from service.sessions.stages import Began, Gone, News, Over
from service.studio.script_port import Turn

PIECE_BYTES = 1 << 18
"""Of a recording, which are read at once."""

MOST_TURNS = 20
"""Of a conversation, which are remembered."""

MOST_EVENTS = 200
"""That wait for one listener; of more the oldest are lost."""

log = structlog.get_logger()


class CallStage(AbstractAsyncContextManager[Any], Protocol):
    """A viewer's connection; an `Output` that also tells."""

    live: bool
    ahead: int

    async def wants(self) -> None: ...  # noqa: D102 - see `Output`

    async def take(self, told: Told) -> None: ...  # noqa: D102

    async def news(self) -> News: ...  # noqa: D102 - see `Stage`

    async def gone(self) -> Gone: ...  # noqa: D102

    async def answer(self) -> str:
        """Return what the offer is answered with; PlaceLost where it cannot be."""
        ...

    def silence(self) -> None:
        """Let nothing more be heard of what was said so far; a clear of the session has to follow."""
        ...

    def record(self, path: str, longest_s: float) -> None:
        """Record what is sent from now on to a file."""
        ...

    def stop_recording(self) -> None:
        """Record no more."""
        ...

    async def recorded(self) -> int:
        """Wait until a recording is whole, and return how many frames it has; 0 where it never will be."""
        ...


class CallStages(Protocol):
    """Starts them."""

    def stage(self, sdp: str) -> CallStage:
        """Return one that is not entered yet."""
        ...


class SpeechEvent(msgspec.Struct, frozen=True):
    """What becomes of something that was said."""

    status: str  # start, end, or error
    text: str = ""
    message: str | None = None


class _Utterance(msgspec.Struct):
    text: str
    heard: bool = False
    failure: str | None = None


class Call:
    """One viewer, and the face that they see.

    Attributes:
        number: Names it to its client.
        account_id: Whose it is.
        over: Set once it is over and settled.
        context: What the face is to know when it is asked something.
        turns: What it was asked and has answered, as long as that is remembered.
    """

    def __init__(
        self,
        number: int,
        account_id: int,
        live: Live,
        session: LiveSession,
        stage: CallStage,
        recordings: Recordings,
        terms: CallTerms,
    ) -> None:
        self.number = number
        self.account_id = account_id
        self.over = asyncio.Event()
        self.context = ""
        self.turns: deque[Turn] = deque(maxlen=MOST_TURNS)
        self._live = live
        self._session = session
        self._stage = stage
        self._recordings = recordings
        self._terms = terms
        self._count = 0
        self._utterances: dict[str, _Utterance] = {}
        self._interruptions = 0
        self._interrupted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._saying = asyncio.Lock()
        self._listeners: set[asyncio.Queue[SpeechEvent | None]] = set()
        self._recording: asyncio.Task[None] | None = None

    @property
    def speaks(self) -> bool:
        """Whether something is being said."""
        return any(each.heard for each in self._utterances.values())

    async def say(self, text: str, *, interrupt: bool = False) -> None:
        """Say a text, after all else or in its place."""
        if interrupt:
            await self.interrupt()
        await self._speak(text, lambda utterance: self._session.say(utterance, text))

    async def answer(self, question: str, sentences: AsyncGenerator[str]) -> str:
        """Say an answer in place of all else, each sentence as soon as it is there; return what was said of it.

        An interruption ends it. Raises as what writes it does.
        """
        await self.interrupt()
        interrupted, said = self._interrupted, list[str]()

        async def say(utterance: str) -> None:
            while (sentence := await _next_unless(interrupted, sentences)) is not None:
                if (spoken := self._utterances.get(utterance)) is None:
                    return  # the operator's judge will not have it, or no voice can say it
                said.append(sentence)
                spoken.text = " ".join(said)
                await self._session.say(utterance, f"{sentence} ")

        async with aclosing(sentences):
            await self._speak("", say)
        answer = " ".join(said)
        if answer:
            self.turns += [Turn(role="user", content=question), Turn(role="assistant", content=answer)]
        return answer

    async def play(self, file: Path) -> None:
        """Have a recording spoken: a file that its first bytes tell, or samples, s16le mono 16 kHz.

        Raises:
            ContentRefused: Recordings are not taken here.
        """
        self._live.check_recordings()

        async def hear(utterance: str) -> None:
            with file.open("rb") as opened:
                while piece := await asyncio.to_thread(opened.read, PIECE_BYTES):
                    await self._session.hear(utterance, piece)

        await self._speak("", hear)

    async def interrupt(self) -> None:
        """Say nothing more of what was said so far, be it heard already or not."""
        self._interruptions += 1
        self._interrupted.set_result(None)
        self._interrupted = asyncio.get_running_loop().create_future()
        for utterance in self._utterances.values():
            if utterance.heard:
                utterance.heard = False
                self._tell(SpeechEvent("end", utterance.text))
        self._stage.silence()
        await self._session.clear()

    def record(self) -> None:
        """Record what is sent from now on; of no effect while that is done."""
        if self._recording is None or self._recording.done():
            path = self._recordings.path()
            self._stage.record(str(path), self._terms.recording_s)
            self._recording = asyncio.create_task(self._keep(path))

    async def stop_recording(self) -> bool:
        """Record no more, and wait until the recording is kept; False where nothing was recorded."""
        if self._recording is None:
            return False
        self._stage.stop_recording()
        await asyncio.shield(self._recording)
        self._recording = None
        return True

    async def events(self) -> AsyncGenerator[SpeechEvent]:
        """Follow what is said, until the call is over."""
        queue: asyncio.Queue[SpeechEvent | None] = asyncio.Queue(MOST_EVENTS)
        self._listeners.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._listeners.discard(queue)

    async def take(self, told: Told) -> None:
        """Take note of what the session's worker tells."""
        if isinstance(told, Finished) and told.outcome in ("refused", "failed"):
            utterance = self._utterances.get(told.id)
            if utterance is not None:
                utterance.failure = told.detail or f"It was {told.outcome}."
            self._over(told.id)

    async def listen(self) -> None:
        """Take what the viewer's side tells, until they are gone."""
        following = asyncio.create_task(self._follow())
        try:
            gone = await self._stage.gone()
        finally:
            following.cancel()
            await asyncio.wait([following])
        self._session.end(gone.ending)

    def end(self, ending: Ending) -> None:
        """End it now."""
        self._session.end(ending)

    async def close(self) -> None:
        """Take leave of whoever listens, and keep what was recorded; the viewer's side is over."""
        for queue in self._listeners:
            _put(queue, None)
        if self._recording is not None:
            try:
                await asyncio.shield(self._recording)
            except Exception:
                log.exception("recording_lost")
        self.over.set()

    async def _keep(self, path: Path) -> None:
        frames = await self._stage.recorded()
        await self._recordings.keep(self.account_id, self.number, path, frames)

    async def _follow(self) -> None:
        while True:
            match await self._stage.news():
                case Began(id=utterance):
                    if (begun := self._utterances.get(utterance)) is not None:
                        begun.heard = True
                        self._tell(SpeechEvent("start", begun.text))
                case Over(id=utterance):
                    self._over(utterance)

    def _over(self, utterance: str) -> None:
        over = self._utterances.pop(utterance, None)
        if over is None:
            return
        if over.failure is not None:
            self._tell(SpeechEvent("error", over.text, over.failure))
        elif over.heard:
            self._tell(SpeechEvent("end", over.text))

    def _tell(self, event: SpeechEvent) -> None:
        for queue in self._listeners:
            _put(queue, event)

    async def _speak(self, text: str, say: Callable[[str], Awaitable[None]]) -> None:
        """Say something; an interruption that comes before the worker knows of it is not lost."""
        interruptions = self._interruptions
        async with self._saying:
            if self._interruptions != interruptions:
                return
            self._count += 1
            utterance = str(self._count)
            self._utterances[utterance] = _Utterance(text)
            try:
                await say(utterance)
            except BaseException:
                if not self._session.hears(utterance):  # nobody will tell of its end
                    self._utterances.pop(utterance, None)
                raise
            finally:
                await self._session.done(utterance)
            if self._interruptions != interruptions:  # while it was judged, or waited
                self._stage.silence()
                await self._session.clear()


async def _next_unless(over: asyncio.Future[None], sentences: AsyncGenerator[str]) -> str | None:
    """Wait for the next sentence; None where there is none, or something is over before."""
    waiting = asyncio.ensure_future(anext(sentences, None))
    either: list[asyncio.Future[Any]] = [waiting, over]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return None if over.done() else waiting.result()
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


def _put(queue: "asyncio.Queue[SpeechEvent | None]", event: SpeechEvent | None) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(event)
