"""`/ws/infer`: a live session by WebSocket, in the words of the source API. `docs/live.md` tells of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from litestar import WebSocket
from litestar.handlers import websocket

from service.accounts.keys import Keys
from service.accounts.port import Holder, Scope
from service.errors import InvalidRequest, OutputGone, RenderFailed
from service.orders.choice import Choice
from service.routes.avatartalk import closings
from service.routes.avatartalk.file_output import FileOutput
from service.routes.avatartalk.frames import Sign, read_audio, read_text
from service.routes.avatartalk.infer_messages import AUDIO, INPUTS, LONGEST_STREAM_ID, OUTPUTS, InferQuery
from service.routes.avatartalk.schemas import AVATARS, EMOTIONS, SPEECH
from service.routes.avatartalk.spoken_teller import SpokenTeller
from service.routes.http.keys import key_of
from service.routes.http.limiting import Admission, client
from service.routes.http.parts import Part
from service.runtime.shares import Shares
from service.sessions.live import Live
from service.sessions.places import Place, Push, Room
from service.sessions.playing import LiveSession
from service.sessions.records import Told
from service.sessions.saying import Recordings, Texts
from service.sessions.session import Ending, Wish
from service.sessions.showing import Showing

AnySocket = WebSocket[Any, Any, Any]


class SocketDesk(msgspec.Struct, frozen=True, kw_only=True):
    """What every WebSocket of an account needs."""

    keys: Keys
    live: Live
    showing: Showing
    admission: Admission
    streams: Shares

    @contextlib.asynccontextmanager
    async def admit(self, socket: AnySocket) -> AsyncIterator[Holder]:
        """Accept a client and tell whose key it shows; whatever fails inside closes with its reason."""
        await socket.accept()
        try:
            self.admission.check(socket.scope, tell=False)
            with self.streams.take_or_refuse(client(socket)):
                yield await self.keys.of_account(key_of(socket), Scope.VIDEO)
        except Exception as error:  # noqa: BLE001 - a client hears why, whatever it is
            await closings.close(socket, *closings.closing_of(error))


@websocket("/ws/infer")
async def infer(socket: AnySocket, socket_desk: Part[SocketDesk]) -> None:
    """Speak what comes, and send it back as it is shown."""
    async with socket_desk.admit(socket) as holder:
        asked = msgspec.convert(dict(socket.query_params), InferQuery)
        wish = wish_of(asked)
        place = place_of(asked, wish.output)
        if place is None:
            output = FileOutput(socket)
            async with (
                socket_desk.live.open(holder.account_id, wish, output, key_id=holder.key_id) as session,
                _telling_of_all(session, output.take),
            ):
                ending = await serve(socket, session, audio=wish.audio)
        else:
            told = SpokenTeller(socket)
            async with socket_desk.showing.open(
                holder.account_id, wish, place, tell=told.tell, key_id=holder.key_id
            ) as shown:
                async with _telling_of_all(shown.session, told.tell):
                    ending = await serve(socket, shown.session, audio=wish.audio, elsewhere=True)
                shown.check()
        await closings.close(socket, *closings.ENDINGS[ending])


def wish_of(asked: InferQuery) -> Wish:
    """Read how a session is to be.

    Raises:
        InvalidRequest: Something is missing, or there is no such thing.
    """
    if asked.output_type not in OUTPUTS:
        raise InvalidRequest(
            "Parameter 'output_type' must be 'file', 'audio', 'livekit' or 'rtmp'.", field="output_type"
        )
    if asked.input_type not in INPUTS:
        raise InvalidRequest("Parameter 'input_type' must be 'text' or 'audio'.", field="input_type")
    if len(asked.stream_id) > LONGEST_STREAM_ID:
        raise InvalidRequest("Parameter 'stream_id' is too long.", field="stream_id")
    audio = asked.input_type == "audio"
    return Wish(
        choice=choice_of(asked.avatar, asked.emotion, "" if audio else asked.language),
        audio=audio,
        pictures=asked.output_type != AUDIO,
        output=OUTPUTS[asked.output_type],
        stream=asked.stream_id or None,
    )


def place_of(asked: InferQuery, output: str) -> Place | None:
    """Read where a session is to be shown; None: to its client.

    Raises:
        InvalidRequest: What leads there is missing.
    """
    match output:
        case "livekit":
            if not asked.meeting_token:
                raise InvalidRequest("Parameter 'meeting_token' is missing.", field="meeting_token")
            return Room(url=asked.livekit_url, token=asked.meeting_token)
        case "rtmp":
            if not asked.rtmp_url:
                raise InvalidRequest("Parameter 'rtmp_url' is missing.", field="rtmp_url")
            return Push(url=asked.rtmp_url)
    return None


def choice_of(avatar: str, emotion: str, language: str) -> Choice:
    """Choose who is to be seen and heard, by the names that we have for them; empty names choose nothing.

    Raises:
        InvalidRequest: No avatar is named.
    """
    if not avatar:
        raise InvalidRequest(
            "Parameter 'avatar' is missing: GET /avatars lists who there is.", field="avatar"
        )
    emotion = emotion or "neutral"
    return Choice(
        avatar=AVATARS.get(avatar, avatar),
        emotion=EMOTIONS.get(emotion, emotion),
        language=SPEECH.get(language, language) or None,
    )


async def serve(socket: AnySocket, session: LiveSession, *, audio: bool, elsewhere: bool = False) -> Ending:
    """Show a session and read what its client says, until it is over; why that came.

    Where it is shown `elsewhere`, others see to its end what was said to its end, whoever said it may go away. Clients
    that send recordings end them by going away.
    """
    run = asyncio.create_task(session.run())
    reading = asyncio.create_task(_read(socket, session, audio=audio, elsewhere=elsewhere))
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


@contextlib.asynccontextmanager
async def _telling_of_all(
    session: LiveSession, tell: Callable[[Told], Awaitable[None]]
) -> AsyncIterator[None]:
    """Tell a client at the end what became of each utterance that has none: it waits for that."""
    try:
        yield
    finally:
        with contextlib.suppress(OutputGone, TimeoutError):
            async with asyncio.timeout(closings.CLOSE_S):  # as for the close
                for finished in session.unended():
                    await tell(finished)


async def _read(socket: AnySocket, session: LiveSession, *, audio: bool, elsewhere: bool) -> None:
    """Take what a client says, until it is gone."""
    ended = False
    texts, recordings = Texts(session), Recordings(session)
    while (event := await socket.receive())["type"] == "websocket.receive":
        frame: str | bytes = event.get("bytes") or event.get("text") or ""
        match read_audio(frame) if audio else read_text(frame):
            case None:
                pass
            case Sign.END:
                ended = True
                await session.finish()
            case Sign.CLEAR:
                await session.clear()
            case str(text):
                await texts.add(text)
            case bytes(data):
                await recordings.add(data)
    if elsewhere and (audio or ended):
        await session.finish()
    else:
        session.end(Ending.LEFT)
