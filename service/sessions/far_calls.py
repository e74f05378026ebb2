"""Calls of a LiveTalking server that runs elsewhere, which knows no accounts: who may call reaches all its sessions."""

import hashlib
from pathlib import Path
from typing import Protocol

from service.errors import Unavailable
from service.runtime.cached import Cached
from service.sessions.call_port import Recording
from service.sessions.calls import LARGEST_NUMBER
from service.sessions.recordings import Recordings

FRESH_S = 2.0
"""For which is believed that it answers, or does not."""


class FarServer(Protocol):
    """Speaks to it. Raises Unavailable where it does not answer, SessionNotFound where it has no such session."""

    async def say(self, session: int | str, text: str, *, interrupt: bool) -> None:
        """Say a text."""
        ...

    async def record(self, session: int | str, what: str) -> None:
        """Begin or end a recording: `start_record` or `end_record`."""
        ...

    async def download(self, session: int | str, path: Path) -> bool:
        """Write the last recording of a session to a file; False where there is none."""
        ...

    async def ping(self) -> None:
        """Find out whether it answers."""
        ...


class FarCalls:
    """Its calls, as `CallControl` says.

    Args:
        url: Where pages find it.
        server: Speaks to it.
        recordings: Keeps what it has recorded.
    """

    def __init__(self, url: str, server: FarServer, recordings: Recordings) -> None:
        self.far = url.rstrip("/")
        self._server = server
        self._recordings = recordings
        self._answers = Cached(self._ping, fresh_s=FRESH_S)

    async def say(self, account_id: int, session: int | str, text: str, *, interrupt: bool) -> None:  # noqa: ARG002 - it knows no accounts
        """Say a text, as the port says."""
        await self._server.say(session, text, interrupt=interrupt)

    async def record(self, account_id: int, session: int | str) -> None:  # noqa: ARG002
        """Record, as the port says."""
        await self._server.record(session, "start_record")

    async def stop_recording(self, account_id: int, session: int | str) -> None:  # noqa: ARG002
        """Record no more, as the port says."""
        await self._server.record(session, "end_record")

    async def recording(self, account_id: int, session: int | str) -> Recording | None:
        """Fetch the last recording of a session and keep it for an account; one that is kept already is kept once."""
        path = self._recordings.path()
        try:
            if not await self._server.download(session, path):
                return None
            return await self._recordings.fetched(account_id, _number(session), path)
        finally:
            path.unlink(missing_ok=True)

    async def available(self) -> bool:
        """Tell whether it answers."""
        return await self._answers.get()

    async def _ping(self) -> bool:
        try:
            await self._server.ping()
        except Unavailable:
            return False
        return True


def _number(session: int | str) -> int:
    """Tell by what number a session is known here; the newer servers call theirs by UUIDs."""
    text = str(session)
    if text.isascii() and text.isdecimal() and 0 < int(text) <= LARGEST_NUMBER:
        return int(text)
    return 1 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])
