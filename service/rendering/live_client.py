"""Has live sessions shown by a worker, over its `WS /sessions`: `docs/live.md`."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from service.errors import RenderFailed, RenderRefused, WorkerBusy, WorkerDown
from service.sessions.records import Event, Init, Message, Open, Problem

LONGEST_EVENT_BYTES = 4 << 20
"""A segment is well under 1 MB."""

OPEN_S = 20.0
"""How long a worker may take to show its first word: it may have footage to decode."""

PING_S = 20.0

BUSY, REFUSED = 503, 400

log = structlog.get_logger()

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


class SocketRender:
    """A face, at the other end of a WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._first: Event | None = None

    async def begin(self, opening: Open) -> None:
        """Open the session, and wait until the worker shows that it has.

        Raises:
            WorkerBusy: It has no room.
            RenderRefused: It can never be.
            RenderFailed: It went away.
        """
        with contextlib.suppress(RenderFailed):  # who has no room may have closed already: it has said why
            await self.send(opening)
        async with asyncio.timeout(OPEN_S):
            first = await self.receive()
        match first:
            case Init():
                self._first = first
            case Problem(status=status, detail=detail):
                log.info("live_session_refused", status=status, detail=detail)
                if status == BUSY:
                    raise WorkerBusy("The renderer has no room for a live session. Try again soon.")
                raise RenderRefused(detail) if status == REFUSED else RenderFailed(detail)
            case _:
                raise RenderFailed("a session that does not begin with its header")

    async def send(self, message: Message) -> None:
        """Tell the worker something."""
        try:
            await self._socket.send(_encoder.encode(message))
        except ConnectionClosed as error:
            raise RenderFailed(repr(error)) from error

    async def receive(self) -> Event:
        """Take what comes next."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        try:
            return _decoder.decode(await self._socket.recv(decode=False))
        except (ConnectionClosed, msgspec.MsgspecError) as error:
            raise RenderFailed(repr(error)) from error


@contextlib.asynccontextmanager
async def open_live(url: str, opening: Open) -> AsyncGenerator[SocketRender]:
    """Open a live session at a worker.

    Args:
        url: Where the worker listens, without a slash at its end.
        opening: How the session is to be.

    Raises:
        WorkerBusy: It has no room.
        WorkerDown: It cannot be reached, or does not answer.
        RenderRefused: It can never be as it is wished.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            socket = await stack.enter_async_context(
                connect(
                    f"{url.replace('http', 'ws', 1)}/sessions",
                    compression=None,  # pictures do not get smaller
                    max_size=LONGEST_EVENT_BYTES,
                    open_timeout=OPEN_S,
                    close_timeout=1,  # nothing is lost that is not said by then
                    ping_interval=PING_S,
                    ping_timeout=PING_S,
                    proxy=None,
                )
            )
            render = SocketRender(socket)
            await render.begin(opening)
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, RenderFailed) as error:
            raise WorkerDown("The renderer cannot be reached. Try again soon.") from error
        yield render
