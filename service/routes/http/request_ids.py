"""A name for each request, in its answer and in every line that is logged for it: `X-Request-Id`."""

import re
import secrets
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-Id"

_SANE = re.compile(rb"[A-Za-z0-9._~-]{1,128}")
"""What is taken from a client or a proxy: no more than fits a log line, and nothing that could forge one."""


def with_request_ids(app: ASGIApp) -> ASGIApp:
    """Wrap an application, so that even what no route is for has its name."""

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id = _given(scope) or secrets.token_hex(16)
        header = (HEADER.lower().encode(), request_id.encode())

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            await app(scope, receive, send_named)

    return named


def current_request_id() -> str:
    """Return the name of the request that is being answered; empty outside of one."""
    known: dict[str, Any] = structlog.contextvars.get_contextvars()
    return str(known.get("request", ""))


def _given(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE.fullmatch(value):
            return value.decode()
    return None
