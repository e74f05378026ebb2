"""Calls: live sessions that one viewer sees by WebRTC. An offer begins one, and it is over when the viewer is gone."""

import asyncio
import secrets

import structlog

from service.catalogue.choosing import Choosing
from service.errors import InvalidRequest, PlaceLost, RenderFailed, SessionNotFound, Unavailable
from service.orders.choice import Choice
from service.sessions.call import Call, CallStage, CallStages
from service.sessions.call_terms import CallTerms
from service.sessions.callers import Caller
from service.sessions.live import Live
from service.sessions.recordings import Recordings
from service.sessions.records import Told
from service.sessions.session import Ending, Wish
from service.studio.answering import Answering

LARGEST_NUMBER = 2**53 - 1
"""The largest that JavaScript counts exactly."""

LONGEST_OFFER = 100_000
"""Characters."""

OUTPUT = "webrtc"

log = structlog.get_logger()


class Calls:
    """The calls of this service.

    Args:
        live: Sells live sessions.
        stages: Reach viewers.
        choosing: Who there is to be seen.
        recordings: Keeps what is recorded.
        answering: Answers what faces are asked.
        terms: What the operator allows.
    """

    def __init__(
        self,
        *,
        live: Live,
        stages: CallStages,
        choosing: Choosing,
        recordings: Recordings,
        answering: Answering,
        terms: CallTerms,
    ) -> None:
        self._live = live
        self._stages = stages
        self._choosing = choosing
        self._recordings = recordings
        self._answering = answering
        self._terms = terms
        self._numbers: set[int] = set()  # of these, and of those that begin
        self._calls: dict[int, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(
        self, caller: Caller, choice: Choice, sdp: str, *, number: int | None = None
    ) -> tuple[Call, str]:
        """Begin a call, and return what its offer is answered with.

        It costs what is sent once the viewer is reached; nothing where they are not.

        Args:
            caller: Who pays; the call ends once their key is revoked.
            choice: Who is to be seen and heard; where it names nobody, it is the operator's choice.
            sdp: The viewer's offer.
            number: What it is to be called; None: as nothing else is.

        Raises:
            InvalidRequest: There is a call of this number. The offer cannot be answered; or as `Live.open`.
            Unavailable: It ended before.
        """
        if len(sdp) > LONGEST_OFFER:
            raise InvalidRequest("Field 'sdp' is too long.", field="sdp")
        choice = await self._filled(choice)
        number = new_number() if number is None else number
        if number in self._numbers:
            raise InvalidRequest("A call of this channel has begun already.", field="channel")
        stage = self._stages.stage(sdp)
        started: asyncio.Future[tuple[Call, str]] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._show(caller, choice, stage, started, number))
        self._numbers.add(number)
        task.add_done_callback(lambda _task: self._numbers.discard(number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(started)
        except asyncio.CancelledError:
            task.cancel()  # nobody would know its number
            raise

    def get(self, account_id: int, number: int) -> Call:
        """Return a call of an account.

        Raises:
            SessionNotFound: It has none of this number, or that is over.
        """
        call = self._calls.get(number)
        if call is None or call.account_id != account_id:
            raise SessionNotFound(f"There is no session {number}.")
        return call

    async def ask(self, account_id: int, number: int, question: str) -> str:
        """Have a question answered in a call, and return what was said once all of it is on its way.

        Raises:
            EngineMissing: The operator has set nobody who answers.
            As `get` and `Answering.sentences` do.
        """
        call = self.get(account_id, number)
        sentences = self._answering.sentences(
            question, account_id=account_id, context=call.context, before=[*call.turns]
        )
        return await call.answer(question, sentences)

    async def end(self, account_id: int, number: int) -> None:
        """End a call of an account, and wait until it is settled; raises as `get` does."""
        call = self.get(account_id, number)
        call.end(Ending.STOPPED)
        await call.over.wait()

    async def aclose(self) -> None:
        """End all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _filled(self, choice: Choice) -> Choice:
        avatars = await self._choosing.avatars()
        name = choice.avatar or self._terms.call_avatar or next(iter(avatars))
        emotion = choice.emotion
        if emotion is None and name in avatars:
            emotions = avatars[name].emotions
            emotion = "neutral" if "neutral" in emotions else next(iter(emotions))
        return Choice(avatar=name, emotion=emotion or "neutral", language=choice.language, voice=choice.voice)

    async def _show(
        self,
        caller: Caller,
        choice: Choice,
        stage: CallStage,
        started: asyncio.Future[tuple[Call, str]],
        number: int,
    ) -> None:
        call: Call | None = None
        try:
            output = _Output(stage)
            wish = Wish(choice=choice, output=OUTPUT)
            async with self._live.open(caller.account_id, wish, output, key_id=caller.key_id) as session:
                call = output.call = Call(
                    number,
                    caller.account_id,
                    live=self._live,
                    session=session,
                    stage=stage,
                    recordings=self._recordings,
                    terms=self._terms,
                )
                async with stage:
                    answer = await stage.answer()
                    self._calls[number] = call
                    started.set_result((call, answer))
                    listening = asyncio.create_task(call.listen())
                    try:
                        await session.run()
                    finally:
                        listening.cancel()
                        await asyncio.wait([listening])
        except asyncio.CancelledError:
            started.cancel()
            raise
        except Exception as error:
            if not started.done():
                started.set_exception(InvalidRequest(error.detail) if isinstance(error, PlaceLost) else error)
            elif isinstance(error, RenderFailed | Unavailable):
                log.warning("call_lost", error=str(error))
            else:
                log.exception("call_failed")
        finally:
            if call is not None:
                self._calls.pop(number, None)
                await call.close()


def new_number() -> int:
    """Make the number of a call, which nobody guesses."""
    return 1 + secrets.randbelow(LARGEST_NUMBER)


def number_of(session: int | str) -> int:
    """Read the number of a call.

    Raises:
        SessionNotFound: It is none.
    """
    text = str(session).strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_NUMBER)) else 0
    if not 0 < number <= LARGEST_NUMBER:
        raise SessionNotFound(f"There is no session {text[:40]!r}.")
    return number


class _Output:
    """A viewer's connection, of which the call is told, too."""

    def __init__(self, stage: CallStage) -> None:
        self.live = stage.live
        self.ahead = stage.ahead
        self.wants = stage.wants
        self.call: Call | None = None
        self._stage = stage

    async def take(self, told: Told) -> None:
        if self.call is not None:
            await self.call.take(told)
        await self._stage.take(told)
