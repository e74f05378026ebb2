"""Connections to clients that neither send nor take what they should: uvicorn waits for those without end."""

import asyncio
from collections.abc import Callable
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from service.runtime.corking import CorkedTransport

Refusal = Callable[[str], tuple[list[tuple[bytes, bytes]], bytes]]
"""Makes the headers and the body of a 400."""

LONGEST_HEAD_BYTES = 65_536

KEPT_ALIVE_S = 75
"""A connection between two requests. Clients and proxies keep theirs for up to 60 s; of a server that does so for as
long, now and then one gets a request while it hangs up, and the request is lost."""

LARGEST_BUFFER_BYTES = 131_072
"""Of the system, for what is sent over a WebSocket."""

FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: application/problem+json\r\nRetry-After: 10\r\nConnection: close\r\n\r\n"
    b'{"type":"/docs/problems#unavailable","title":"Service Unavailable","status":503,'
    b'"detail":"There are too many connections now. Try again soon."}'
)


def patient_for(seconds: float, refusal: Refusal, connections: int) -> type[asyncio.Protocol]:
    """Choose how long a client may take to send the head of a request, and to take some of an answer.

    Args:
        seconds: So long.
        refusal: What a request is answered with that is no HTTP.
        connections: How many there may be at once. One more takes the place of one without a request; where each has
            one, it is told to come back.
    """

    class Chosen(PatientProtocol):
        patience_s = seconds
        most = connections
        refused = staticmethod(refusal)

    return Chosen


def patient_sockets_for(seconds: float) -> type[asyncio.Protocol]:
    """Choose how long a WebSocket's client may take nothing of what is sent to it."""

    class Chosen(PatientSocket):
        patience_s = seconds

    return Chosen


class PatientSocket(WebSocketsSansIOProtocol):
    """A WebSocket that hangs up on a client that takes nothing: to close it would wait until all is taken."""

    patience_s: ClassVar[float]

    _taking: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Begin to wait for the client to take some."""
        self._taking = self.loop.call_later(self.patience_s, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """It did."""
        if self._taking is not None:
            self._taking.cancel()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        if self._taking is not None:
            self._taking.cancel()
        super().connection_lost(exc)


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 that hangs up on who sends a head byte by byte, goes on with a body that nobody reads, or takes nothing.

    Between them every connection is bounded: a body that is read has the time limit of `routes.limiting`, and a
    connection without any request uvicorn's own. What is neither read as a body nor thrown away is bounded in bytes,
    for the parser keeps a head of any size.
    """

    patience_s: ClassVar[float]
    most: ClassVar[int]
    refused: ClassVar[Any]  # a Refusal, and no method

    _head: asyncio.TimerHandle | None = (
        None  # runs to the end of a head; of a later one, from its first piece
    )
    _taking: asyncio.TimerHandle | None = None  # runs while more waits for the client than it should
    _kept_bytes = 0  # that came since the last head, piece of a body or end of one
    _got_on = False  # whether one of these came in what is parsed now
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait for a request."""
        super().connection_made(cast("asyncio.Transport", CorkedTransport(transport, self.loop)))
        if len(self.connections) > self.most:
            # Who has sent nothing yet can come back, so they give way to each other before anyone is sent away.
            others = (each for each in self.connections if each is not self)
            waiting = (each for each in others if isinstance(each, PatientProtocol) and each.idle)
            if (one := next(waiting, None)) is not None:
                one.transport.abort()
            else:
                self.transport.write(FULL)
                self.transport.close()
        self._head = self._hang_up_later()

    @property
    def idle(self) -> bool:
        """Whether it waits for a request, and was not hung up on: that is seen a turn of the loop later."""
        return (self.cycle is None or self.cycle.response_complete) and not self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Parse it, and refuse a head that does not end."""
        self._got_on = False
        super().data_received(data)
        if self._head is None and self.idle:
            self._head = self._hang_up_later()
        self._kept_bytes = 0 if self._got_on else self._kept_bytes + len(data)
        if self._kept_bytes > LONGEST_HEAD_BYTES:
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        """Stop to wait where a request has begun."""
        self._got_on = self._in_body = True
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before and self._head is not None:
            self._head.cancel()
            self._head = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one that comes behind the body is nothing that a handler could have asked for."""
        if not self._in_body:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._got_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of a request."""
        self._got_on = True
        self._in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP in the form of all other refusals, and hang up."""
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.abort()  # whoever reads that answer would take the refusal for a part of it
            return
        headers, body = self.refused(msg)
        lines = [b"HTTP/1.1 400 Bad Request", *(b": ".join(each) for each in headers), b"connection: close"]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the protocol of WebSockets, whose clients may be silent for long."""
        if self._head is not None:
            self._head.cancel()
        # Left to itself the system takes megabytes, a minute of pictures, for a client that may never take them.
        self.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, LARGEST_BUFFER_BYTES)
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take some."""
        self._taking = self._hang_up_later()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It did."""
        if self._taking is not None:
            self._taking.cancel()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        for timer in (self._head, self._taking):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def _hang_up_later(self) -> asyncio.TimerHandle:
        # Not close: that waits until the client has taken all that was written.
        return self.loop.call_later(self.patience_s, self.transport.abort)
