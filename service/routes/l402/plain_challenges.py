"""Answers plain requests for a challenge of a text: they show no credential, and have no parameters.

As with plain quotes, it takes Litestar long to read parameters and to make a response. What is sold, and what is
refused and why, is the handler's own; a refusal is raised, and said where all are.
"""

from collections.abc import Callable
from typing import Any, cast

from litestar import Request
from litestar.types import ASGIApp, HTTPScope, Middleware, Receive, Scope, Send

from service.routes.http.problems import MEDIA_TYPE
from service.routes.l402.videos import Desk, challenge_of_text

_NOT_PLAIN = {b"authorization", b"idempotency-key"}

_FORM = b"multipart/form-data"


def answers_plain_challenges(desk: Callable[[], Desk]) -> Middleware:
    """Make a middleware for the route that sells by L402: the last one, behind all that may turn a request away.

    Args:
        desk: Gives what sells, once the application has started.
    """

    def middleware(app: ASGIApp) -> ASGIApp:
        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            if not _is_plain(cast("HTTPScope", scope)):
                await app(scope, receive, send)
                return
            request: Request[Any, Any, Any] = Request(scope, receive, send)
            status, body, named = await challenge_of_text(request, desk(), None)
            headers = [
                (b"content-type", MEDIA_TYPE.encode()),
                (b"content-length", b"%d" % len(body)),
                *((name.lower().encode(), value.encode()) for name, value in named.items()),
            ]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})

        return answered

    return middleware


def _is_plain(scope: HTTPScope) -> bool:
    if scope["method"] != "POST" or scope["query_string"]:
        return False
    return not any(
        name in _NOT_PLAIN or (name == b"content-type" and _FORM in value.lower())
        for name, value in scope["headers"]
    )
