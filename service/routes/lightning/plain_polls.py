"""Answers plain polls, which name an invoice and nothing besides: programs send them again and again.

To read parameters and to make a response takes Litestar longer than all the rest of such a request. What is not plain
goes its way, and so does all that is not answered with 200: what is refused, and how, is said in one place.
"""

from collections.abc import Callable
from typing import cast

import msgspec
from litestar.types import ASGIApp, HTTPScope, Middleware, Receive, Scope, Send

from service.delivery.watching import Watching
from service.routes.lightning.resolving import canonical
from service.routes.lightning.schemas import PaymentAnswer

_encode = msgspec.json.Encoder().encode

_HEADERS = [(b"cache-control", b"no-store"), (b"content-type", b"application/json")]


def answers_plain_polls(watching: Callable[[], Watching]) -> Middleware:
    """Make a middleware for the route of a payment, which has an `invoice` in its path.

    Args:
        watching: Gives who looks at orders, once the application has started.
    """

    def middleware(app: ASGIApp) -> ASGIApp:
        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            body = await answer(cast("HTTPScope", scope))
            if body is None:
                await app(scope, receive, send)
                return
            headers = [*_HEADERS, (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})

        async def answer(scope: HTTPScope) -> bytes | None:
            if scope["method"] != "GET" or scope["query_string"]:
                return None
            sold = await watching().find(canonical(scope["path_params"]["invoice"]))
            if sold is None or sold.order.claim_hash is not None:  # a private one needs more than its invoice
                return None
            return _encode(PaymentAnswer.of(await watching().look(sold)))

        return answered

    return middleware
