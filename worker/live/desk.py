"""Where live sessions come in: how many there may be, what passes in and out, when one is over. Knows no WebSocket."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import msgspec
import structlog

from worker.avatars import Avatars, Pack
from worker.encode import FPS, GOP, HEIGHT, SAMPLE_RATES, WIDTH
from worker.errors import Unrenderable
from worker.footage import Footage
from worker.live.errors import BadMessage, Full, Left, LiveError, Silent
from worker.live.film import session_header
from worker.live.records import SAMPLE_RATE, Event, Init, Message, Open, Problem, Pull, decode_message, encode
from worker.live.session import Limits, Session, Studio
from worker.model import Graph
from worker.speech import SpeechError, VoiceMissing

log = structlog.get_logger()

_MOST_PULLED = 64  # segments that a client may be owed
_MOST_UNTOLD = 512  # events that wait for a client to take them

Send = Callable[[bytes], Awaitable[None]]


class LiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator allows."""

    sessions: int
    silence_s: float
    wait_s: float
    max_characters: int
    max_bytes: int


class Desk:
    """Takes sessions in.

    Args:
        avatars: who can speak.
        graph: what to know of the network for so many references.
        studio: what sessions share.
        settings: of the operator.
    """

    def __init__(
        self,
        *,
        avatars: Avatars,
        graph: Callable[[int], Graph],
        studio: Studio,
        settings: LiveSettings,
    ) -> None:
        self._avatars = avatars
        self._graph = graph
        self._studio = studio
        self._settings = settings
        self.active = 0
        self._alone_frames = studio.batcher.max_frames

    async def serve(self, messages: AsyncIterator[bytes], send: Send) -> Problem | None:
        """Serve one client to the end.

        Args:
            messages: as they come; they end where the client is gone.
            send: waits where the client is slow, and raises `Left` where it is gone.

        Returns:
            What ended the session before its time, which was sent already; None where nothing did.
        """
        try:
            if self.active >= self._settings.sessions:
                raise Full(self._settings.sessions)  # noqa: TRY301 - told as all others
            self._count(1)
            try:
                await self._serve(messages, send)
            finally:
                self._count(-1)
        except Left:
            return None
        except (LiveError, Unrenderable, SpeechError) as exc:
            problem = Problem(status=_status(exc), detail=str(exc))
        except Exception:
            log.exception("live session failed")
            problem = Problem(status=500, detail="The worker failed. Its log has the reason.")
        else:
            return None
        with suppress(TimeoutError, Left):  # a client that is dead hears nothing
            async with asyncio.timeout(1):
                await send(encode(problem))
        return problem

    def _count(self, change: int) -> None:
        """A face that speaks waits for one call of the network at most, so let them be short while there are any."""
        self.active += change
        self._studio.batcher.max_frames = GOP if self.active else self._alone_frames

    async def _serve(self, messages: AsyncIterator[bytes], send: Send) -> None:
        opened = await self._opened(messages)
        pack, footage = await self._studio.run(self._cast, opened)
        line = _Line(send, self._settings.silence_s, self._settings.wait_s)
        width, height = (WIDTH, HEIGHT) if opened.pictures else (0, 0)
        head = session_header(pictures=opened.pictures)
        line.tell(Init(data=head, sample_rate=SAMPLE_RATE, width=width, height=height, fps=FPS))
        session = Session(
            opened,
            pack=pack,
            footage=footage.walk(opened.session),
            graph=self._graph(footage.references),
            studio=self._studio,
            limits=Limits(
                max_characters=self._settings.max_characters,
                max_bytes=self._settings.max_bytes,
            ),
            tell=line.tell,
        )
        started = time.monotonic()
        logger = log.bind(session=opened.session)
        logger.info("live session started", avatar=opened.avatar, emotion=opened.emotion, live=opened.live)
        reason = "left"
        try:
            tasks = [
                asyncio.create_task(work)
                for work in (
                    _read(messages, session, line),
                    session.speak(),
                    _make(session, line),
                    line.run(session),
                    line.watch(),
                )
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()
            reason = "ended" if session.ended else reason
        except Exception as exc:
            reason = type(exc).__name__
            raise
        finally:
            seconds = round(time.monotonic() - started, 3)
            logger.info("live session over", reason=reason, frames=session.frames, seconds=seconds)

    async def _opened(self, messages: AsyncIterator[bytes]) -> Open:
        try:
            async with asyncio.timeout(self._settings.silence_s):
                first = await anext(messages, None)
        except TimeoutError:
            raise Silent("said", self._settings.silence_s) from None
        message = _decoded(first) if first is not None else None
        if not isinstance(message, Open):
            raise BadMessage("A session begins with open.")
        return message

    def _cast(self, opened: Open) -> tuple[Pack, Footage]:
        """Settle who speaks.

        Raises:
            BadMessage, Unrenderable, SpeechError: it cannot be as it is wished.
        """
        if opened.sample_rate not in SAMPLE_RATES:
            rates = ", ".join(map(str, sorted(SAMPLE_RATES)))
            raise BadMessage(f"A sample_rate of {opened.sample_rate} is none of {rates}.")
        pack = self._avatars.find(opened.avatar, opened.emotion)
        if opened.language or opened.voice:
            self._studio.speech.choose(
                language=opened.language,
                voice=opened.voice,
                text="",
                gender=pack.gender,
                elderly=pack.elderly,
            )
        return pack, self._avatars.footage(pack, opened.emotion)


class _Line:
    """What goes out, in order, and what was asked for. A class because all parts of a session meet here."""

    def __init__(self, send: Send, silence_s: float, wait_s: float) -> None:
        self._send = send
        self._silence_s = silence_s
        self._wait_s = wait_s
        self._heard_at = time.monotonic()
        self._untold: deque[Event] = deque()
        self._pulled = 0
        self._sending_since: float | None = None
        self._idle_since = time.monotonic()
        self._changed = asyncio.Event()
        self.asked = asyncio.Event()

    def tell(self, event: Event) -> None:
        self._untold.append(event)
        self._changed.set()

    def hear(self) -> None:
        """Take note that the client is there."""
        self._heard_at = time.monotonic()

    def pull(self, segments: int) -> None:
        """Take note that so many more are wanted.

        Raises:
            BadMessage: that is none, or more than a client may be owed.
        """
        if segments < 1 or self._pulled + segments > _MOST_PULLED:
            raise BadMessage(f"Pull 1 to {_MOST_PULLED} segments, those that are still to come among them.")
        self._pulled += segments
        self.asked.set()

    def made(self) -> None:
        self._pulled -= 1
        self._idle_since = time.monotonic()
        if not self._pulled:
            self.asked.clear()

    async def run(self, session: Session) -> None:
        """Send until the end was sent."""
        while self._untold or not session.ended:
            while self._untold:
                self._sending_since = time.monotonic()
                await self._send(encode(self._untold.popleft()))
                self._sending_since = None
            self._changed.clear()
            if not self._untold and not session.ended:
                await self._changed.wait()

    async def watch(self) -> None:
        """End where the client takes nothing, or asks for nothing, or has nothing to say, in too long a time.

        Raises:
            Silent: it did.
            BadMessage: it says much and hears nothing.
        """
        while True:
            await asyncio.sleep(min(1, self._silence_s / 4, self._wait_s / 4))
            if len(self._untold) > _MOST_UNTOLD:
                raise BadMessage(f"{len(self._untold)} answers wait to be taken.")
            now = time.monotonic()
            since = self._idle_since if not self._pulled else self._sending_since
            if since is not None and now - since > self._silence_s:
                raise Silent("pulled", self._silence_s)
            if now - max(self._heard_at, self._idle_since) > self._wait_s:
                raise Silent("said", self._wait_s)


async def _read(messages: AsyncIterator[bytes], session: Session, line: _Line) -> None:
    """Take what the client says, until it is gone."""
    async for data in messages:
        line.hear()
        match message := _decoded(data):
            case Pull():
                line.pull(message.segments)
            case Open():
                raise BadMessage("The session is open already.")
            case _:
                await session.take(message)


async def _make(session: Session, line: _Line) -> None:
    """Make what was asked for; once the session has ended there is nothing to make."""
    while True:
        await line.asked.wait()
        if session.ended:
            await asyncio.Future()
        await session.segment()
        line.made()


def _decoded(data: bytes) -> Message:
    try:
        return decode_message(data)
    except msgspec.DecodeError as exc:
        raise BadMessage(f"This is no message: {exc}.") from exc


def _status(exc: Exception) -> int:
    match exc:
        case Full():
            return 503
        case Silent():
            return 408
        case VoiceMissing():
            return 409
        case _:
            return 400
