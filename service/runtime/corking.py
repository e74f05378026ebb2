"""A connection on which the head of an answer and its body leave together, in one packet and with one system call."""

import asyncio
from typing import Any

MOST_HELD_BYTES = 16_384
"""More is sent at once: what is held is memory that no flow control knows of."""


class CorkedTransport:
    """Holds what is written until the event loop comes around, which is before anything else can happen.

    Uvicorn writes a head and a body one after the other, and each would be a call to the system and a packet.
    What it asks of a transport besides, the transport itself answers.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._held_bytes = 0

    def write(self, data: bytes) -> None:
        """Send it, soon."""
        if not data:
            return
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > MOST_HELD_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            data = self._held[0] if len(self._held) == 1 else b"".join(self._held)
            self._held.clear()
            self._held_bytes = 0
            self._transport.write(data)

    def close(self) -> None:
        """Hang up once all is sent."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Hang up at once: nothing more is sent."""
        self._held.clear()
        self._transport.abort()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection to another protocol, as a WebSocket's."""
        self.flush()
        self._transport.set_protocol(protocol)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
