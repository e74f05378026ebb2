"""How WebSockets are closed: once accepted, since a refusal before that is a 403 to a client, without a reason."""

import asyncio
import contextlib
from typing import Any

from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from service import errors
from service.routes.http import problems
from service.sessions.session import Ending

DONE, RESTARTING, POLICY, FAILED, LATER = 1000, 1012, 1008, 1011, 1013
"""RFC 6455, section 7.4, and the registry of its codes."""

INVALID_KEY, NOT_ALLOWED, SPENT, BROKEN = (
    "Invalid API key",
    "Authorization failed",
    "Insufficient credits",
    "Processing error",
)
"""Reasons that the source API documents."""

GONE = (OSError, RuntimeError, WebSocketDisconnect)
"""What is raised by what is sent to a client that has gone."""

CLOSE_S = 1.0

LONGEST_REASON_BYTES = 120
"""A close frame has room for 123."""

ENDINGS: dict[Ending, tuple[int, str]] = {
    Ending.DONE: (DONE, ""),
    Ending.LEFT: (DONE, ""),
    Ending.IDLE: (DONE, "Nothing was said for long"),
    Ending.SPENT: (POLICY, SPENT),
    Ending.STOPPED: (DONE, "Ended by its account"),
    Ending.REPLACED: (POLICY, "Another connection of this stream_id took its place"),
    Ending.REVOKED: (POLICY, INVALID_KEY),
    Ending.ALONE: (DONE, "Nobody was in the room for long"),
    Ending.EXPIRED: (DONE, "The time of the meeting token is over"),
    Ending.PLACE_LOST: (FAILED, BROKEN),
    Ending.LOST: (FAILED, BROKEN),
    Ending.RESTARTING: (RESTARTING, "The service restarts: connect again"),
}


FAILURES: dict[type[Exception], tuple[int, str | None]] = {
    errors.InvalidApiKey: (POLICY, INVALID_KEY),
    errors.KeyNotAllowed: (POLICY, NOT_ALLOWED),
    errors.InsufficientCredits: (POLICY, SPENT),
    errors.InvalidRequest: (POLICY, None),
    errors.ContentRefused: (POLICY, None),
    errors.TooManyRequests: (LATER, None),
    errors.WorkerBusy: (LATER, None),
    errors.WorkerDown: (FAILED, BROKEN),
    errors.Unavailable: (LATER, None),
    errors.RenderFailed: (FAILED, BROKEN),
    errors.PlaceLost: (FAILED, None),
}
"""Code and reason, which is the failure's own where none is named; the first that fits."""

NOT_WEBSOCKET, NOT_UTF8, TOO_LARGE = 1002, 1007, 1009
"""What the server closes with by itself."""


def documented() -> list[tuple[int, str | None]]:
    """Return every code with its reasons, in order; None where the reason says what is wrong."""
    closes: set[tuple[int, str | None]] = {*ENDINGS.values(), *FAILURES.values()}
    closes |= {(code, None) for code in (NOT_WEBSOCKET, NOT_UTF8, TOO_LARGE)}
    return sorted(closes, key=lambda close: (close[0], close[1] is None, close[1] or ""))


def closing_of(error: Exception) -> tuple[int, str]:
    """Say with which code and reason a failure closes."""
    for kind, (code, reason) in FAILURES.items():
        if isinstance(error, kind):
            return code, getattr(error, "detail", BROKEN) if reason is None else reason
    problems.log_unexpected(error)
    return FAILED, BROKEN


async def close(socket: WebSocket[Any, Any, Any], code: int, reason: str) -> None:
    """Close, unless that has happened."""
    cut = reason.encode()[:LONGEST_REASON_BYTES].decode(errors="ignore")
    with contextlib.suppress(*GONE, TimeoutError):
        async with asyncio.timeout(CLOSE_S):  # who takes nothing does not hear it either
            await socket.close(code, cut)
