"""What a client is told of a session that is shown elsewhere: how long each text is, and nothing else."""

import contextlib
from typing import Any

from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from service.routes.avatartalk.infer_messages import Duration, reason, written
from service.sessions.records import Finished, Spoken, Told


class SpokenTeller:
    """Sends one JSON message for each utterance, which clients wait for before they send the next.

    A client that is gone is told nothing: what it said goes on elsewhere.
    """

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        self._socket = socket
        self._told: set[str] = set()

    async def tell(self, told: Told) -> None:
        """Send it, where it says how long an utterance is, or that there will be none of it."""
        match told:
            case Spoken():
                self._told.add(told.id)
                await self._send(Duration(audio_duration=round(told.seconds, 3)))
            case Finished():
                if told.id not in self._told:
                    await self._send(Duration(audio_duration=0.0, status=told.outcome, message=reason(told)))
                self._told.discard(told.id)

    async def _send(self, message: Duration) -> None:
        with contextlib.suppress(OSError, RuntimeError, WebSocketDisconnect):
            await self._socket.send_text(written(message))
