"""A face that outlives its workers: where one is lost, another goes on with the next frame and the next utterance.

The frame number is the clock of all workers, and a session's name settles how its head moves, so that what is made
elsewhere fits what was shown. Of what was said a worker takes along what it had not shown yet, so texts are kept here
until something of them is seen; of an utterance that was lost in its middle no more is shown than that.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

import msgspec
import structlog

from service.errors import RenderFailed, RenderRefused, WorkerDown
from service.sessions.port import LiveRender, LiveRenderers
from service.sessions.records import (
    FRAME_MS,
    SAMPLE_RATE,
    Audio,
    Clear,
    Cleared,
    Done,
    Event,
    Finish,
    Finished,
    Init,
    Message,
    Open,
    Problem,
    Pull,
    Say,
    Segment,
    Spoken,
)
from service.sessions.saying import is_file

MOST_LOSSES = 3
"""Workers that a session loses before one has shown anything: what it has said may be what they die of."""

OURS = (400, 408)
"""Problems that another worker would have as well: a message that does not fit, or nobody who pulls."""

FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000

LEAD_FRAMES = 2
"""Of an utterance, before its sound."""

SILENCE = bytes(2 * 640)
"""Forty milliseconds at 16 kHz, for an utterance whose end a worker is told of and nothing else."""

LOST = "The renderer was lost while this was shown."

log = structlog.get_logger()


class _Utterance(msgspec.Struct, kw_only=True):
    """What was said and has no end yet."""

    texts: list[Say] | None = []  # None: it is a recording, or something of it was shown or cleared
    known: bool = False  # to the present worker
    whole: bool = False
    file: bool = False  # whose rest cannot be read without its beginning
    cleared: bool = False
    spoken: bool = False  # its length was told
    frames: int = 0  # that the present worker has shown of it
    samples: int = 0  # that those before it have shown


class LastingRender:
    """A face; see `lasting`.

    Args:
        renderers: Who can show it.
        opening: How it is to be.
    """

    def __init__(self, renderers: LiveRenderers, opening: Open) -> None:
        self._renderers = renderers
        self._opening = opening
        self._sending = asyncio.Lock()  # what is said while another worker is sought waits for it
        self._at: contextlib.AsyncExitStack = contextlib.AsyncExitStack()
        self._render: LiveRender
        self._header = b""
        self._events: deque[Event] = deque()  # that no worker tells
        self._utterances: dict[str, _Utterance] = {}
        self._next_frame = 0
        self._owed = 0
        self._clears = 0  # that were not answered yet
        self._finishing = False
        self._losses = 0

    async def open(self) -> None:
        """Have it shown by whoever has room; raises as `LiveRenderers.live` does."""
        self._render = await self._at.enter_async_context(self._renderers.live(self._opening))

    async def close(self, error: BaseException | None) -> None:
        """Leave the worker, which is known by what ended that."""
        at, self._at = self._at, contextlib.AsyncExitStack()
        if error is None:
            await at.aclose()
        else:
            await at.__aexit__(type(error), error, error.__traceback__)

    async def send(self, message: Message) -> None:
        """Tell the worker something; where it is lost, whoever comes after it."""
        async with self._sending:
            await self._tell(message)

    async def receive(self) -> Event:
        """Take what comes next.

        Raises:
            RenderFailed: The worker is lost, and no other has room.
        """
        while True:
            if self._events:
                return self._events.popleft()
            try:
                event = await self._render.receive()
                if isinstance(event, Problem) and event.status not in OURS:
                    raise RenderFailed(event.detail)  # noqa: TRY301 - as lost as one that says nothing
            except RenderFailed as error:
                await self._replace(error)
            else:
                if (news := self._take(event)) is not None:
                    return news

    async def _tell(self, message: Message) -> None:
        match message:
            case Say():
                utterance = self._utterances.setdefault(message.id, _Utterance())
                utterance.known = True
                if utterance.texts is not None:
                    utterance.texts.append(message)
            case Audio():
                utterance = self._utterances.setdefault(message.id, _Utterance(file=is_file(message.pcm)))
                utterance.known, utterance.texts = True, None
            case Done():
                utterance = self._utterances.setdefault(message.id, _Utterance())
                utterance.whole = True
                await self._introduce(message.id, utterance)
            case Clear():
                self._clears += 1
                for utterance in self._utterances.values():
                    utterance.cleared, utterance.texts = True, None
            case Pull():
                self._owed += message.segments
            case Finish():
                self._finishing = True
                for name, utterance in self._utterances.items():
                    await self._introduce(name, utterance)
        await self._pass_on(message)

    async def _introduce(self, name: str, utterance: _Utterance) -> None:
        """Let a worker know of an utterance that it is to end: that of which nothing came since the one before."""
        if not utterance.known:
            await self._pass_on(Audio(id=name, pcm=SILENCE))
            utterance.known = True

    async def _pass_on(self, message: Message) -> None:
        with contextlib.suppress(RenderFailed):  # whoever receives finds that too, and sees to what was said
            await self._render.send(message)

    def _take(self, event: Event) -> Event | None:
        """Take note of what a worker tells; None of what is no news."""
        match event:
            case Init():
                self._header = event.data
            case Segment():
                self._count(event)
            case Spoken() if (spoken := self._utterances.get(event.id)) is not None:
                if spoken.spoken:
                    return None
                spoken.spoken = True
            case Finished():
                ended = self._utterances.pop(event.id, None)
                if ended is not None and ended.samples:
                    return msgspec.structs.replace(event, samples=event.samples + ended.samples)
            case Cleared():
                self._clears -= 1
        return event

    def _count(self, segment: Segment) -> None:
        if segment.first_frame != self._next_frame:
            raise RenderFailed("a segment that does not fit")
        self._losses = 0
        self._next_frame += segment.frames
        self._owed -= 1
        if segment.utterance is not None and (shown := self._utterances.get(segment.utterance)):
            shown.frames += segment.frames
            shown.texts = None

    async def _replace(self, error: RenderFailed) -> None:
        """Go on at another worker.

        Raises:
            RenderFailed: There is none.
        """
        self._losses += 1
        if self._losses > MOST_LOSSES:
            raise error
        async with self._sending:
            await self.close(error)
            self._opening = msgspec.structs.replace(self._opening, first_frame=self._next_frame)
            try:
                await self.open()
                first = await self._render.receive()
            except (WorkerDown, RenderRefused) as refusal:
                raise error from refusal
            log.warning("live_worker_replaced", session=self._opening.session, frame=self._next_frame)
            if not isinstance(first, Init) or first.data != self._header:
                raise RenderFailed("a worker of another version") from error
            await self._go_on()

    async def _go_on(self) -> None:
        """Tell a new worker what is left to do, and the client what became of the rest."""
        for name, utterance in list(self._utterances.items()):
            utterance.known = False
            if utterance.texts:
                for say in utterance.texts:
                    await self._pass_on(say)
                utterance.known = True
                if utterance.whole:
                    await self._pass_on(Done(id=name))
                continue
            utterance.samples += max(0, utterance.frames - LEAD_FRAMES) * FRAME_SAMPLES
            utterance.frames = 0
            if utterance.whole or utterance.cleared or utterance.file or self._finishing:
                del self._utterances[name]
                self._events.append(
                    Finished(id=name, outcome="interrupted", samples=utterance.samples, detail=LOST)
                )
        self._events.extend(Cleared(first_frame=self._next_frame) for _ in range(self._clears))
        self._clears = 0
        if self._owed:
            await self._pass_on(Pull(segments=self._owed))
        if self._finishing:
            await self._pass_on(Finish())


@contextlib.asynccontextmanager
async def lasting(renderers: LiveRenderers, opening: Open) -> AsyncIterator[LastingRender]:
    """Have a face shown, by as many workers after each other as it takes.

    Raises:
        WorkerBusy: Nobody has room.
        WorkerDown: Nobody answers.
        RenderRefused: It can never be as it is wished.
    """
    render = LastingRender(renderers, opening)
    await render.open()
    try:
        yield render
    except BaseException as error:
        await render.close(error)
        raise
    else:
        await render.close(None)
