"""Who keeps the studio's jobs, and who does them."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Any, Protocol

from service.studio.job import Job, Kind, NewJob, Outcome

Note = Callable[[str, int], Awaitable[None]]
"""Says how far a job is: its stage in a word, and per cent. Raises LeaseLost once another has taken it over."""


class StudioJobs(Protocol):
    """Keeps jobs. Each move is one transaction with what it does to the account, if the state is what it leaves."""

    async def add(self, job: NewJob, *, most_open: int, unlimited: bool) -> Job:
        """Keep a job and set its time aside: from then on it is done, whatever becomes of this replica.

        One that was asked for before with the same key, and has not failed, is that one.

        Raises:
            KeyReused: Something else was asked for with this key.
            InsufficientCredits: So much is not free; nothing is kept.
            TooManyRequests: Too many jobs of the account are open.
        """
        ...

    async def find(self, public_id: str, account_id: int) -> Job | None:
        """Find a job of an account."""
        ...

    async def of_account(
        self, account_id: int, *, kinds: Collection[Kind], before_id: int | None, limit: int
    ) -> list[Job]:
        """Return the jobs of an account, the newest first, below an id."""
        ...

    async def claim(self, owner: str, *, now: datetime, until: datetime) -> Job | None:
        """Take up the job that waits longest and is due, or whose lease is over; None where there is none."""
        ...

    async def renew(self, job: Job, *, stage: str, progress: int, now: datetime, until: datetime) -> None:
        """Say how far it is and keep the lease.

        Raises:
            LeaseLost: Another has taken it over, or it was deleted.
        """
        ...

    async def complete(self, job: Job, result: dict[str, Any], now: datetime) -> bool:
        """End a job: its time is used. False and no effect once another has taken it over."""
        ...

    async def fail(self, job: Job, outcome: Outcome, now: datetime) -> bool:
        """End an attempt: the job rests, or has failed and its time is free again; False as `complete`."""
        ...

    async def release(self, owner: str, now: datetime) -> None:
        """Let go of all that an owner is at: it has begun anew, or stops."""
        ...

    async def delete(self, public_id: str, account_id: int, now: datetime) -> Job | None:
        """Forget a job; the time of one that is not over is free again. What it was, or None where there is none."""
        ...


class Maker(Protocol):
    """Does jobs of one kind. May be asked again for the same job, and then makes the same anew."""

    async def make(self, job: Job, note: Note) -> dict[str, Any]:
        """Do it; the result.

        Raises:
            RenderRefused: It can never be done, and why.
            WorkerBusy, WorkerDown: Nobody could be asked now.
            RenderFailed: It was tried, and not finished.
        """
        ...
