"""The output of `/ws/continuous`: pictures that go on, at rest as well, sent shortly before they are due."""

import asyncio
import time
from typing import Any

from litestar import WebSocket

from service.errors import OutputGone
from service.routes.avatartalk import closings
from service.routes.avatartalk.continuous_messages import (
    SILENCE,
    SPEECH,
    Error,
    ReadyToListen,
    SessionReady,
    State,
    StateChange,
    written,
)
from service.routes.avatartalk.continuous_messages import Told as Message
from service.sessions.records import FPS, Finished, Init, Segment, Told

LEAST_AHEAD_S, MOST_AHEAD_S = 0.2, 2.0

AHEAD = 3
"""Segments on their way, which are half a second."""


class ContinuousOutput:
    """Sends a film as a player takes it, by the wall clock, and tells when the face begins to speak and has spoken.

    Args:
        socket: Where to.
        target_ms: How much is to be there before it is due.

    Attributes:
        session_id: Is to be set before anything is shown.
    """

    live = True
    ahead = AHEAD

    def __init__(self, socket: WebSocket[Any, Any, Any], target_ms: float) -> None:
        self.session_id = ""
        self._socket = socket
        self._ahead_s = min(max(target_ms / 1000, LEAST_AHEAD_S), MOST_AHEAD_S)
        self._began: float | None = None
        self._frames = 0
        self._state: State = SILENCE
        self._waiting: set[str] = set()  # utterances that have no end yet

    def said(self, utterance: str) -> None:
        """Take note that something is to be said."""
        self._waiting.add(utterance)

    async def wants(self) -> None:
        """Wait until the next segment is due."""
        if self._began is not None:
            due = self._began + self._frames / FPS - self._ahead_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def take(self, told: Told) -> None:
        """Send it."""
        match told:
            case Init():
                await self.tell(SessionReady(data={"session_id": self.session_id}))
                await self._send(told.data)
                await self.tell(ReadyToListen(data={"timestamp": time.time()}))
            case Segment():
                if told.utterance is not None:
                    await self._become(SPEECH)
                now = time.monotonic()
                if self._began is None or now > self._began + self._frames / FPS:
                    self._began = now - self._frames / FPS  # who has waited goes on from there
                self._frames += told.frames
                await self._send(told.data)
            case Finished():
                self._waiting.discard(told.id)
                if told.outcome in ("refused", "failed"):
                    await self.tell(Error(data={"message": told.detail or "It could not be said."}))
                await self.tell_rest()

    async def tell_rest(self) -> None:
        """Tell that all was said, where it was."""
        if not self._waiting:
            await self._become(SILENCE)
            await self.tell(ReadyToListen(data={"timestamp": time.time()}))

    async def tell(self, message: Message) -> None:
        """Send a message."""
        await self._send(written(message))

    async def _become(self, state: State) -> None:
        if state != self._state:
            before, self._state = self._state, state
            await self.tell(StateChange(data={"from": before, "to": state}))

    async def _send(self, frame: str | bytes) -> None:
        try:
            if isinstance(frame, bytes):
                await self._socket.send_bytes(frame)
            else:
                await self._socket.send_text(frame)
        except closings.GONE as error:
            raise OutputGone from error
