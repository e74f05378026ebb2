"""The output `file`: the pictures go back over the same WebSocket, as fast as they are made and taken."""

from typing import Any

import msgspec
from litestar import WebSocket

from service.errors import OutputGone
from service.routes.avatartalk import closings
from service.sessions.records import (
    SAMPLE_RATE,
    Cleared,
    End,
    Finished,
    Init,
    Segment,
    Spoken,
    Told,
)

MIME = 'video/mp4; codecs="avc1.42E01F, mp4a.40.2"'
"""What MediaSource is told."""

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
                await self._socket.send_text(msgspec.json.encode(status).decode())
            if isinstance(told, Init | Segment):
                await self._socket.send_bytes(told.data)
        except closings.GONE as error:
            raise OutputGone from error


def status_of(told: Told) -> dict[str, Any] | None:
    """Say in JSON what there is to tell; nothing of a segment. Durations and moments are seconds."""
    match told:
        case Init():
            return {
                "status": "ready",
                "mime": MIME,
                "width": told.width,
                "height": told.height,
                "fps": told.fps,
                "sample_rate": told.sample_rate,
            }
        case Spoken():
            return {"status": "spoken", "utterance": told.id, "audio_duration": round(told.seconds, 3)}
        case Finished():
            shown = round(told.samples / SAMPLE_RATE, 3)
            detail = {} if told.detail is None else {"message": told.detail}
            return {"status": told.outcome, "utterance": told.id, "shown_duration": shown, **detail}
        case Cleared():
            return {"status": "cleared"}
        case End():
            return {"status": "end", "video_duration": round(told.samples / SAMPLE_RATE, 3)}
    return None
