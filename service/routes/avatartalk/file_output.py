"""The output `file`: the pictures go back over the same WebSocket, as fast as they are made and taken."""

from typing import Any

from litestar import WebSocket

from service.errors import OutputGone
from service.routes.avatartalk import closings
from service.routes.avatartalk.infer_messages import status_of, written
from service.sessions.records import Init, Segment, Told

AHEAD = 4
"""Segments on their way: a worker need not wait until one has arrived."""


class FileOutput:
    """Sends the MP4 in binary frames, and what there is to tell as JSON in text frames."""

    live = False
    ahead = AHEAD

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        self._socket = socket

    async def wants(self) -> None:
        """Wait for nothing: `take` does, where the client is slow."""

    async def take(self, told: Told) -> None:
        """Send it."""
        try:
            if (status := status_of(told)) is not None:
                await self._socket.send_text(written(status))
            if isinstance(told, Init | Segment):
                await self._socket.send_bytes(told.data)
        except closings.GONE as error:
            raise OutputGone from error
