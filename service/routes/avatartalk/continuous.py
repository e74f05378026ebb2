"""`/ws/continuous`: a live session in the words of the source API's newer clients. `docs/live.md` tells of it."""

import asyncio
import contextlib
import itertools
from typing import Any

import msgspec
from litestar import WebSocket
from litestar.handlers import websocket

from service.errors import InvalidRequest, OutputGone, RenderFailed
from service.routes.avatartalk import closings, continuous_messages
from service.routes.avatartalk.continuous_messages import (
    ASKED,
    LONGEST_TYPE,
    Asked,
    BillingError,
    ContinuousQuery,
    Error,
    Pong,
    SessionStart,
    TextAppended,
    TextQueued,
    TextStreamCompleted,
    Told,
    TurnQueued,
)
from service.routes.avatartalk.continuous_output import ContinuousOutput
from service.routes.avatartalk.infer import SocketDesk, choice_of
from service.routes.http.parts import Part
from service.sessions.playing import LiveSession
from service.sessions.session import Ending, Wish

START = "session_start"

AnySocket = WebSocket[Any, Any, Any]


@websocket("/ws/continuous")
async def continuous(socket: AnySocket, socket_desk: Part[SocketDesk]) -> None:
    """Show a face that rests and speaks until its client has had enough."""
    async with socket_desk.admit(socket) as holder:
        try:
            first = await _first(socket, socket_desk.live.terms.live_patience_s)
            if first is None:
                return
            wish, target_ms = _wish_of(socket, first)
            output = ContinuousOutput(socket, target_ms)
            async with socket_desk.live.open(
                holder.account_id, wish, output, key_id=holder.key_id
            ) as session:
                output.session_id = session.id
                ending = await _serve(socket, session, output, first)
            if ending is Ending.SPENT:
                await _tell(socket, BillingError(data={"message": closings.SPENT}))
        except Exception as error:
            await _tell(socket, Error(data={"message": closings.closing_of(error)[1]}))
            raise
        await closings.close(socket, *closings.ENDINGS[ending])


async def _first(socket: AnySocket, patience_s: float) -> Asked | None:
    """Take the first message; None where the client goes away before.

    Raises:
        InvalidRequest: None comes, or what is none.
    """
    try:
        async with asyncio.timeout(patience_s):
            event = await socket.receive()
    except TimeoutError as error:
        raise InvalidRequest("Nothing was said for long.") from error
    if event["type"] != "websocket.receive":
        return None
    return continuous_messages.read(event.get("bytes") or event.get("text") or "")


def _wish_of(socket: AnySocket, first: Asked) -> tuple[Wish, float]:
    start = first.start() if first.type == START else SessionStart()
    asked = msgspec.convert(dict(socket.query_params), ContinuousQuery)
    choice = choice_of(
        start.avatar_name or asked.avatar,
        start.expression or asked.expression,
        start.language or asked.language,
    )
    return Wish(choice=choice, output="continuous"), start.target_buffer_ms


async def _serve(socket: AnySocket, session: LiveSession, output: ContinuousOutput, first: Asked) -> Ending:
    """Show a session and do what its client asks for, until it is over; why that came."""
    run = asyncio.create_task(session.run())
    reading = asyncio.create_task(_read(socket, session, output, first))
    try:
        await asyncio.wait({run, reading}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done() and not run.done():
            with contextlib.suppress(RenderFailed):  # the session itself tells why
                reading.result()
        return await run
    finally:
        for task in (run, reading):
            task.cancel()
        await asyncio.gather(run, reading, return_exceptions=True)


async def _read(socket: AnySocket, session: LiveSession, output: ContinuousOutput, first: Asked) -> None:
    """Take what a client asks for, until it is gone."""
    talk = _Talk(session, output)
    with contextlib.suppress(OutputGone):
        await talk.take(first)
        while (event := await socket.receive())["type"] == "websocket.receive":
            try:
                await talk.take(continuous_messages.read(event.get("bytes") or event.get("text") or ""))
            except InvalidRequest as error:
                await output.tell(Error(data={"message": error.detail}))
    session.end(Ending.LEFT)


class _Talk:
    """What one client says: each of its sentences is an utterance."""

    def __init__(self, session: LiveSession, output: ContinuousOutput) -> None:
        self._session = session
        self._output = output
        self._numbers = itertools.count(1)

    async def take(self, asked: Asked) -> None:
        """Do it, and answer as clients expect.

        Raises:
            InvalidRequest: There is no such thing.
        """
        if asked.type not in ASKED:
            raise InvalidRequest(f"There is no message '{asked.type[:LONGEST_TYPE]}'.")
        match asked.type:
            case "text_input":
                await self._output.tell(TextQueued())
                await self._say(asked.text())
            case "text_append":
                await self._output.tell(TextAppended())
                await self._say(asked.text())
            case "text_stream_done":
                await self._output.tell(TextStreamCompleted())
                await self._output.tell_rest()
            case "turn_start":
                await self._output.tell(TurnQueued())
            case "ping":
                await self._output.tell(Pong())
            case "session_end":
                self._session.end(Ending.DONE)

    async def _say(self, text: str) -> None:
        if text:
            utterance = str(next(self._numbers))
            self._output.said(utterance)
            await self._session.say(utterance, text)
            await self._session.done(utterance)


async def _tell(socket: AnySocket, message: Told) -> None:
    with contextlib.suppress(*closings.GONE, TimeoutError):
        async with asyncio.timeout(closings.CLOSE_S):
            await socket.send_text(continuous_messages.written(message))
