"""Turns away who asks too often, before anything is read, asked or stored for them; and who never ends asking."""

import asyncio
import math
from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, Middleware, Receive, Scope, Send

from service.errors import BodyTooLarge, BodyTooSlow, TooManyRequests
from service.routes.http.proxies import Proxies
from service.routes.http.request_ids import add_header
from service.runtime.clients import client_of
from service.runtime.clock import Clock
from service.runtime.limits import WINDOW_S, Left, Limiter
from service.runtime.shares import Shares

LONGEST_ADDRESS = 64

SLOWEST_BYTES_PER_S = 8_000
"""Less than any line on which the video could be watched."""

POLICY = "client"
"""The name of the limit that is told: what all clients have together is nobody's to plan with."""

Connection = ASGIConnection[Any, Any, Any, Any]

Teller = Callable[[Scope, Left, float], None]
"""Adds headers to an answer: of its request, what is left, and the time in seconds."""


class Admission:
    """Takes a token for each request.

    Args:
        limiter: Who has how many.
        now: The clock.
        teller: Tells a client by headers what it has left, in the words of its surface.
    """

    def __init__(
        self, limiter: Limiter, now: Clock, teller: Callable[[Scope, Left, float], None] | None = None
    ) -> None:
        self._limiter = limiter
        self._now = now
        self._teller = teller or _tell
        self._proxies = Proxies()

    def check(self, scope: Scope, *, tell: bool = True) -> None:
        """Take one; the answer tells how many are left, unless it tells of another limit.

        Raises:
            TooManyRequests: There is none left.
        """
        asker, moment = _client_in(scope), self._now().timestamp()
        refusal = self._limiter.admit(asker, moment)
        if tell and (left := self._limiter.left(asker, moment)):
            self._teller(scope, left, moment)
        self._proxies.note(scope, refused=refusal is not None and not refusal.by_total)
        if refusal is None:
            return
        wait_s = max(math.ceil(refusal.wait_s), 1)
        blame = "Too many people are asking" if refusal.by_total else "You are asking too often"
        raise TooManyRequests(f"{blame}: try again in {wait_s} s.", retry_after_s=wait_s)

    def middleware(self) -> Middleware:
        """Make a middleware that checks every request. No guard: for each of those the handler is copied.

        A function of its own: Litestar copies what methods are bound to, and each copy would count alone.
        """

        def checked(app: ASGIApp) -> ASGIApp:
            async def counted(scope: Scope, receive: Receive, send: Send) -> None:
                self.check(scope)
                await app(scope, receive, send)

            return counted

        return checked


def held_open(streams: Shares, *, waits: bool = True) -> Middleware:
    """Make a middleware that counts a request for as long as it lasts: until its answer ends, or its client has gone.

    Args:
        streams: What there may be of these.
        waits: Every request lasts; else those alone that ask for it by `wait`.

    Raises:
        TooManyRequests: The client has too many.
        Unavailable: All clients together have.
    """

    def middleware(app: ASGIApp) -> ASGIApp:
        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if waits or _asks_to_wait(scope):
                with streams.take_or_refuse(_client_in(scope)):
                    await app(scope, receive, send)
            else:
                await app(scope, receive, send)

        return counted

    return middleware


def _tell(scope: Scope, left: Left, _now: float) -> None:
    """Tell a client what it has left (draft-ietf-httpapi-ratelimit-headers-10): `r` requests now, all in `t` s."""
    add_header(scope, "RateLimit-Policy", f'"{POLICY}";q={left.quota};w={WINDOW_S:.0f}')
    add_header(scope, "RateLimit", f'"{POLICY}";r={left.remaining};t={math.ceil(left.reset_s)}')


def client(connection: Connection) -> str:
    """Tell whose request it is: by the address that the server saw, or was told by a proxy that it trusts."""
    return _client_in(connection.scope)


def _client_in(scope: Scope) -> str:
    asker = scope["client"]
    return client_of(asker[0][:LONGEST_ADDRESS] if asker else None)


def _asks_to_wait(scope: Scope) -> bool:
    return bool(scope["query_string"]) and "wait" in ASGIConnection[Any, Any, Any, Any](scope).query_params


def timely_bodies(patience_s: float) -> Middleware:
    """Make a middleware that bounds the time in which a body is read: so long, and longer for what has come.

    Raises:
        BodyTooSlow: From `receive`; the body takes longer.
    """

    def middleware(app: ASGIApp) -> ASGIApp:
        async def timed(scope: Scope, receive: Receive, send: Send) -> None:
            deadline = asyncio.get_running_loop().time() + patience_s
            reading = True

            async def receive_in_time() -> Any:
                nonlocal deadline, reading
                if not reading:  # what comes next is the end of the connection, whenever it is
                    return await receive()
                try:
                    async with asyncio.timeout_at(deadline):
                        message: Any = await receive()
                except TimeoutError as error:
                    raise BodyTooSlow from error
                deadline += len(message.get("body", b"")) / SLOWEST_BYTES_PER_S
                reading = bool(message.get("more_body", False))
                return message

            await app(scope, receive_in_time, send)

        return timed

    return middleware


def small_unless_form(most_bytes: int) -> Middleware:
    """Make a middleware that bounds bodies which are held in memory; forms go to disk as they come.

    Raises:
        BodyTooLarge: From `receive`; the body is larger.
    """

    def middleware(app: ASGIApp) -> ASGIApp:
        async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
            if any(
                name == b"content-type" and value.lower().startswith(b"multipart/")
                for name, value in scope["headers"]
            ):
                await app(scope, receive, send)
                return
            left = most_bytes

            async def receive_some() -> Any:
                nonlocal left
                message: Any = await receive()
                left -= len(message.get("body", b""))
                if left < 0:
                    raise BodyTooLarge(most_bytes)
                return message

            await app(scope, receive_some, send)

        return bounded

    return middleware
