"""Passes live sessions on. A session stays with one worker until it is over."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import msgspec
import structlog
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from worker.front.members import CONNECT_S, Members
from worker.front.relay import Loan, Relay
from worker.live.records import Open, Problem, encode
from worker.live.route import CLOSE_CODES

_BUSY = 503
_LONGEST_EVENT_BYTES = 4 << 20
_OPEN_S = 20.0
_LOST = 1011  # RFC 6455: internal error

AnySocket = WebSocket[Any, Any, Any]

log = structlog.get_logger()


class _Kind(msgspec.Struct):
    """What is read of an event here."""

    type: str
    status: int = 0


async def pass_on(socket: AnySocket, members: Members, relay: Relay) -> None:
    """Serve a session by whoever has room for it, and can show and speak what was lent; the socket is accepted."""
    opening = await anext(_messages(socket), None)
    if opening is None:
        return
    refusal = encode(Problem(status=_BUSY, detail="No worker can be reached."))
    loans: Sequence[Loan] = ()
    with contextlib.suppress(msgspec.MsgspecError):  # a worker says what is wrong with it
        opened = msgspec.msgpack.decode(opening, type=Open)
        loans = await relay.loans(opened.avatar, opened.voice)
    for member in members.candidates():
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(member.at_work())
            try:
                if await relay.lend(member, loans) is not None:
                    continue
                worker = await stack.enter_async_context(_connect(member.url))
                with contextlib.suppress(ConnectionClosed):  # who has no room may have said so and closed
                    await worker.send(opening)
                async with asyncio.timeout(_OPEN_S):
                    first = await worker.recv(decode=False)
            except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed, httpx.HTTPError) as exc:
                member.lost(exc)
                continue
            kind = msgspec.msgpack.decode(first, type=_Kind)
            if kind.type == "problem" and kind.status == _BUSY:
                refusal = first
                continue
            with contextlib.suppress(OSError, RuntimeError, WebSocketDisconnect):  # it is closed already
                await socket.send_bytes(first)
                await _both_ways(socket, worker)
                await socket.close(worker.close_code or _LOST, worker.close_reason or "")
            return
    with contextlib.suppress(OSError, WebSocketDisconnect):
        await socket.send_bytes(refusal)
        await socket.close(CLOSE_CODES[_BUSY])


def _connect(url: str) -> connect:
    return connect(
        f"{url.replace('http', 'ws', 1)}/sessions",
        compression=None,  # pictures do not get smaller
        max_size=_LONGEST_EVENT_BYTES,
        open_timeout=CONNECT_S,
        close_timeout=1,
        proxy=None,
    )


async def _messages(socket: AnySocket) -> AsyncIterator[bytes]:
    while (event := await socket.receive())["type"] == "websocket.receive":
        yield event.get("bytes") or (event.get("text") or "").encode()


async def _both_ways(socket: AnySocket, worker: ClientConnection) -> None:
    """Pass messages on until either side has ended. Neither is read faster than the other takes it."""

    async def there() -> None:
        async for message in _messages(socket):
            await worker.send(message)

    async def back() -> None:
        async for event in worker:
            await socket.send_bytes(event if isinstance(event, bytes) else event.encode())

    ways = [asyncio.create_task(way) for way in (there(), back())]
    try:
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        # What the worker said last is still to be heard where it has closed before the client could say more.
        if ways[0] in done and isinstance(ways[0].exception(), ConnectionClosed):
            await ways[1]
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
