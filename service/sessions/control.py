"""What a page's own server does with calls: of this service, or of a LiveTalking server elsewhere."""

from typing import Protocol

from service.errors import SessionNotFound
from service.sessions.call_port import Recording
from service.sessions.calls import Calls, number_of
from service.sessions.live import Live
from service.sessions.recordings import Recordings


class CallControl(Protocol):
    """Calls, wherever they are.

    Of all that it does:

    Raises:
        SessionNotFound: There is no such session.
        Unavailable: The server does not answer.
    """

    @property
    def far(self) -> str | None:
        """The address of the server that has them; None: this service."""
        ...

    async def say(self, account_id: int, session: int | str, text: str, *, interrupt: bool) -> None:
        """Say a text."""
        ...

    async def record(self, account_id: int, session: int | str) -> None:
        """Record what is sent from now on."""
        ...

    async def stop_recording(self, account_id: int, session: int | str) -> None:
        """Record no more; SessionNotFound where nothing was recorded."""
        ...

    async def recording(self, account_id: int, session: int | str) -> Recording | None:
        """Return the last recording of a session, kept here."""
        ...

    async def available(self) -> bool:
        """Tell whether a call can be made; never raises."""
        ...


class OwnCalls:
    """The calls of this service, each of its account alone."""

    far = None

    def __init__(self, calls: Calls, recordings: Recordings, live: Live) -> None:
        self._calls = calls
        self._recordings = recordings
        self._live = live

    async def say(self, account_id: int, session: int | str, text: str, *, interrupt: bool) -> None:
        """Say a text, as the port says."""
        await self._calls.get(account_id, number_of(session)).say(text, interrupt=interrupt)

    async def record(self, account_id: int, session: int | str) -> None:
        """Record, as the port says."""
        self._calls.get(account_id, number_of(session)).record()

    async def stop_recording(self, account_id: int, session: int | str) -> None:
        """Record no more, as the port says."""
        if not await self._calls.get(account_id, number_of(session)).stop_recording():
            raise SessionNotFound("Nothing is being recorded.")

    async def recording(self, account_id: int, session: int | str) -> Recording | None:
        """Return a recording, as the port says; the call may be over."""
        try:
            return await self._recordings.latest(account_id, number_of(session))
        except SessionNotFound:
            return None

    async def available(self) -> bool:
        """Tell whether there is room for a call."""
        return self._live.active < self._live.terms.live_sessions
