"""Answers plain requests for a quote of a text, which have no header but the usual and no parameters.

As with polls, it takes Litestar long to read parameters and to make a response. What is sold, and what is refused and
why, is the handler's own; a refusal is raised, and said where all are.
"""

from collections.abc import Callable
from typing import Any, cast

import msgspec
from litestar import Request
from litestar.types import ASGIApp, HTTPScope, Middleware, Receive, Scope, Send

from service.quotes.idempotency import Idempotency
from service.routes.lightning.quotes import quote_text

_encode = msgspec.json.Encoder().encode

_KEY = b"idempotency-key"


def answers_plain_quotes(idempotency: Callable[[], Idempotency]) -> Middleware:
    """Make a middleware for the route that quotes texts: the last one, behind all that may turn a request away.

    Args:
        idempotency: Gives what quotes, once the application has started.
    """

    def middleware(app: ASGIApp) -> ASGIApp:
        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            plain = cast("HTTPScope", scope)["method"] == "POST" and not scope["query_string"]
            if not plain or any(name == _KEY for name, _ in scope["headers"]):
                await app(scope, receive, send)
                return
            request: Request[Any, Any, Any] = Request(scope, receive, send)
            body = _encode(await quote_text(request, idempotency(), None))
            headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})

        return answered

    return middleware
