"""A name for each request, in its answer and in every line that is logged for it: `X-Request-Id`."""

import contextvars
import random
import re
from collections.abc import MutableMapping
from typing import Any, cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-Id"

_ADDED = "satspeak.headers"
"""In the scope of a request: the headers that its answer gets, whoever makes it."""

_current: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

_SANE = re.compile(rb"[A-Za-z0-9._~-]{1,128}")
"""What is taken from a client or a proxy: no more than fits a log line, and nothing that could forge one."""


def with_request_ids(app: ASGIApp) -> ASGIApp:
    """Wrap an application, so that even what no route is for has its name."""

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id = _given(scope) or new_request_id()
        headers = [(HEADER.lower().encode(), request_id.encode())]
        extended: dict[str, Any] = {**scope, _ADDED: headers}

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        before = _current.set(request_id)
        try:
            await app(cast("Scope", extended), receive, send_named)
        finally:
            _current.reset(before)

    return named


def add_header(scope: Scope, name: str, value: str) -> None:
    """Add a header to the answer of a request, whoever makes it: a refusal has it too."""
    added: Any = scope.get(_ADDED)
    if added is not None:
        added.append((name.lower().encode(), value.encode()))


def new_request_id() -> str:
    """Make a name that no other request has; it opens nothing, so it need not be secret."""
    return f"{random.getrandbits(128):032x}"


def current_request_id() -> str:
    """Return the name of the request that is being answered; empty outside of one."""
    return _current.get()


def log_request_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the name of the request that is being answered into a line of the log: a processor of structlog."""
    if request_id := _current.get():
        event["request"] = request_id
    return event


def _given(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE.fullmatch(value):
            return value.decode()
    return None
