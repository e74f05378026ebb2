"""Connections to clients that neither send nor take what they should: uvicorn waits for those without end."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

Refusal = Callable[[str], tuple[list[tuple[bytes, bytes]], bytes]]
"""Makes the headers and the body of a 400."""


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


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on who sends a head byte by byte, goes on with a body that nobody reads, or takes nothing.

    Between them every connection is bounded: a body that is read has the time limit of `routes.limiting`, and a
    connection without any request uvicorn's own.
    """

    patience_s: ClassVar[float]
    most: ClassVar[int]
    refused: ClassVar[Any]  # a Refusal, and no method

    _head: asyncio.TimerHandle | None = None  # runs from the end of an answer to the end of the next head
    _taking: asyncio.TimerHandle | None = None  # runs while more waits for the client than it should

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait for a request."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            # Who has sent nothing yet can come back, so they give way to each other before anyone is sent away.
            waiting = (each for each in self.connections if isinstance(each, PatientProtocol) and each.idle)
            if (one := next(waiting, None)) is not None:
                one.transport.abort()
            else:
                transport.write(FULL)
                transport.close()
        self._head = self._hang_up_later()

    @property
    def idle(self) -> bool:
        """Whether it waits for a request."""
        return self._head is not None and not self._head.cancelled()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP in the form of all other refusals, and hang up."""
        headers, body = self.refused(msg)
        headers.append((b"connection", b"close"))
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def handle_events(self) -> None:
        """Stop to wait where a request has begun."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and self._head is not None:
            self._head.cancel()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, which may be there already."""
        self._head = self._hang_up_later()
        super().on_response_complete()

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
