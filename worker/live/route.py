"""The WebSocket of live sessions. A session that cannot go on tells why in its last message, and closes."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import WebSocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from litestar.handlers import websocket

from worker.live.desk import Desk
from worker.live.errors import Left

CLOSE_CODES = {400: 1008, 408: 1008, 409: 1013, 503: 1013, 500: 1011}
"""RFC 6455, by the status of the problem: policy violation, try again later, internal error."""

_LONGEST_REASON = 120  # bytes; a close frame has room for 123

AnySocket = WebSocket[Any, Any, Any]


@websocket("/sessions")
async def sessions(socket: AnySocket, desk: NamedDependency[Desk]) -> None:
    """Serve a live session; see `worker.live.records`."""
    await socket.accept()  # a refusal before it would reach the client as 403, without its reason

    async def send(data: bytes) -> None:
        try:
            await socket.send_bytes(data)
        except (OSError, WebSocketDisconnect) as exc:
            raise Left from exc  # Litestar's own where the reader saw the client leave first

    problem = await desk.serve(_messages(socket), send)
    try:
        if problem:
            reason = problem.detail.encode()[:_LONGEST_REASON].decode(errors="ignore")
            await socket.close(CLOSE_CODES[problem.status], reason)
        else:
            await socket.close()
    except (OSError, RuntimeError, WebSocketDisconnect):
        pass  # it is closed already


async def _messages(socket: AnySocket) -> AsyncIterator[bytes]:
    while (event := await socket.receive())["type"] == "websocket.receive":
        yield event.get("bytes") or (event.get("text") or "").encode()
