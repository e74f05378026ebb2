"""Who keeps live sessions, who renders them, and where their pictures go."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from service.sessions.records import Event, Message, Open, Told
from service.sessions.session import Ended, Ending, Held, NewSession


class LiveSessions(Protocol):
    """Keeps the sessions that are not over, and moves the video time of their accounts.

    Each method is one transaction. A count is of the whole session and never falls, so that it may be told twice.
    """

    async def open(
        self,
        session: NewSession,
        *,
        slice_ms: int,
        least_ms: int,
        most_open: int,
        unlimited: bool,
    ) -> Held:
        """Keep a session with its first slice, or less where less is free.

        Raises:
            StreamTaken: The account has a session of the same name; of any number that begin at once one is kept.
            InsufficientCredits: Not even `least_ms` are free.
            TooManyRequests: The account has too many jobs.
        """
        ...

    async def renew(
        self,
        session_id: str,
        owner: str,
        shown_ms: int,
        *,
        until: datetime,
        now: datetime,
        slice_ms: int,
        unlimited: bool,
    ) -> Held | None:
        """Count what was shown and keep the lease; where less than half a slice is left, settle and take another.

        Returns:
            What may be shown; None where the session is over, or another's.
        """
        ...

    async def end(self, session_id: str, owner: str, shown_ms: int, now: datetime) -> int | None:
        """End a session: what was shown is used, and the rest is free.

        Returns:
            The milliseconds that the session has cost; None where it was over, or another's.
        """
        ...

    async def stop(self, session_id: str, account_id: int, ending: Ending) -> bool:
        """Ask whoever holds a session of an account to end it; False where there is none."""
        ...

    async def named(self, account_id: int, stream: str) -> list[str]:
        """Return the sessions of an account that have a name, by their ids."""
        ...

    async def exists(self, session_id: str) -> bool:
        """Tell whether a session is not over."""
        ...

    async def release(self, owner: str, now: datetime) -> list[Ended]:
        """End all sessions of an owner, at their last count: it has begun anew."""
        ...

    async def expire(self, now: datetime, *, limit: int) -> list[Ended]:
        """End sessions whose lease has run out, at their last count; those that this ended."""
        ...


class LiveRender(Protocol):
    """A face that a worker shows."""

    async def send(self, message: Message) -> None:
        """Tell the worker something.

        Raises:
            RenderFailed: It is gone.
        """
        ...

    async def receive(self) -> Event:
        """Take what comes next.

        Raises:
            RenderFailed: The worker is gone, or broke the protocol.
        """
        ...


class LiveRenderers(Protocol):
    """Knows who can show a face."""

    def live(self, opening: Open) -> AbstractAsyncContextManager[LiveRender]:
        """Open a session at whoever has room.

        Raises:
            WorkerBusy: Nobody has room.
            WorkerDown: Nobody answers.
            RenderRefused: It can never be as it is wished.
        """
        ...


MOST_AHEAD = 8


class Output(Protocol):
    """Where the pictures of a session go. It paces all: nothing is made before it wants it.

    Attributes:
        live: Whether pictures go on, at rest, while nothing is said; else they wait for speech.
        ahead: How many segments may be on their way to it, at most `MOST_AHEAD`.
    """

    live: bool
    ahead: int

    async def wants(self) -> None:
        """Wait until it wants the next segment.

        Raises:
            OutputGone: It is gone, or never will.
        """
        ...

    async def take(self, told: Told) -> None:
        """Take what comes, in order; waits where it is slow.

        `Init` comes first, and once: a session that goes on at another worker goes on with the next frame. `Finished`
        comes once for each utterance, and of one that a player still shows it comes early: the player adds what it has
        not shown yet.

        Raises:
            OutputGone: It is gone.
        """
        ...
