"""Sells the studio's work for video time, and has it done: whoever dies, each job ends once."""

import asyncio
import contextlib
import secrets
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import structlog

from service.accounts.port import Accounts
from service.accounts.prepaid import VideoTime
from service.errors import (
    InvalidApiKey,
    LeaseLost,
    NotOffered,
    RenderFailed,
    RenderRefused,
    WorkerBusy,
    WorkerDown,
)
from service.quotes.idempotency import parse_key
from service.runtime.bells import Bells, of_studio_job
from service.runtime.clock import Clock
from service.runtime.stopping import Stopping
from service.runtime.waiting import Waiting
from service.studio.job import Job, Kind, NewJob, State, judge
from service.studio.port import Maker, StudioJobs
from service.studio.terms import StudioTerms

RENEWALS = 3
"""In the time of a lease: one may be lost."""

log = structlog.get_logger()


class Studio:
    """The studio's jobs.

    Args:
        jobs: Keeps them.
        makers: Who does each kind; a kind without one is not sold.
        accounts: Who pays.
        video_time: What accounts may do.
        bells: Wakes who waits for a job.
        stopping: Whether the service is about to stop.
        terms: Prices and limits.
        owner: What this replica holds leases by.
        now: The clock.
    """

    def __init__(
        self,
        *,
        jobs: StudioJobs,
        makers: Mapping[Kind, Maker],
        accounts: Accounts,
        video_time: VideoTime,
        bells: Bells,
        stopping: Stopping,
        terms: StudioTerms,
        owner: str,
        now: Clock,
    ) -> None:
        self._jobs = jobs
        self._makers = makers
        self._accounts = accounts
        self._video_time = video_time
        self._bells = bells
        self._waiting = Waiting(bells, stopping, now)
        self._terms = terms
        self._owner = owner
        self._now = now
        self._due = asyncio.Event()

    async def begin(
        self,
        account_id: int,
        kind: Kind,
        request: dict[str, Any],
        *,
        held_ms: int,
        key: str | None = None,
        most: int | None = None,
    ) -> Job:
        """Set video time aside and leave a job to be done.

        Args:
            account_id: Who pays.
            kind: What is made.
            request: Of what, as JSON says it.
            held_ms: What it costs.
            key: What the client calls it, a UUID, so that it is one job however often it is asked for. One that
                failed is asked for anew.
            most: Jobs of this kind that the account may have which have not failed; None: any number.

        Raises:
            InvalidRequest: The key is no UUID, or the account has as many of this kind as it may.
            KeyReused: Something else was asked for with it.
            InsufficientCredits: So much is not free.
            TooManyRequests: The account has too many jobs open.
            InvalidApiKey: The account has just gone.
        """
        account = await self._accounts.get(account_id)
        if account is None:
            raise InvalidApiKey
        job = await self._jobs.add(
            NewJob(
                public_id=secrets.token_hex(12),
                account_id=account_id,
                kind=kind,
                request=request,
                held_ms=held_ms,
                key=None if key is None else parse_key(key),
                created_at=self._now(),
                most=most,
            ),
            most_open=self._video_time.most_open(account),
            unlimited=self._video_time.unlimited(account),
        )
        log.info("studio_job", job=job.public_id, kind=kind.value, account=account_id)
        self._due.set()
        return job

    async def find(self, public_id: str, account_id: int) -> Job | None:
        """Find a job of an account."""
        if "\0" in public_id:  # what PostgreSQL cannot even be asked for
            return None
        return await self._jobs.find(public_id, account_id)

    async def of_account(
        self, account_id: int, *, kinds: Collection[Kind], before_id: int | None = None, limit: int = 100
    ) -> list[Job]:
        """Return the jobs of an account, the newest first, below an id."""
        return await self._jobs.of_account(account_id, kinds=kinds, before_id=before_id, limit=limit)

    async def over(self, job: Job, *, longest: timedelta) -> Job:
        """Wait until a job is over, or for so long; the job as it is then.

        Raises:
            Draining: The service is about to stop.
        """

        async def look() -> Job:
            found = await self._jobs.find(job.public_id, job.account_id)
            return job if found is None else found

        return await self._waiting.until(
            of_studio_job(job.id), look, lambda seen: seen.state.final, longest=longest
        )

    async def delete(self, public_id: str, account_id: int) -> Job | None:
        """Forget a job, and end it where it is not over; what it was, or None where there is none."""
        job = await self._jobs.delete(public_id, account_id, self._now())
        if job is not None:
            self._bells.ring(of_studio_job(job.id))
        return job

    async def watch(self) -> None:
        """Do what there is to do, so much at once, for ever."""
        await self._jobs.release(self._owner, self._now())
        try:
            async with asyncio.TaskGroup() as group:
                room = asyncio.Semaphore(self._terms.studio_at_once)
                while True:
                    await room.acquire()
                    job = await self._next()
                    group.create_task(self._do(job)).add_done_callback(lambda _task: room.release())
        finally:
            await asyncio.shield(self._jobs.release(self._owner, self._now()))

    async def _next(self) -> Job:
        """Wait for a job that this replica takes up."""
        while True:
            self._due.clear()
            now = self._now()
            job = await self._jobs.claim(self._owner, now=now, until=now + self._lease)
            if job is not None:
                return job
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._terms.studio_round_s):
                    await self._due.wait()

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self._terms.studio_lease_s)

    async def _do(self, job: Job) -> None:
        """Do a job, and say how it ended. What goes wrong with one leaves the others alone."""
        try:
            await self._attempt(job)
        except LeaseLost:
            log.warning("studio_job_lost", job=job.public_id)
        except Exception as error:  # its end could not be kept: it is taken up again once its lease is over
            log.exception("studio_job_without_end", job=job.public_id, error=repr(error))
        self._bells.ring(of_studio_job(job.id))

    async def _attempt(self, job: Job) -> None:
        try:
            result = await self._made(job)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - the job is judged by it
            await self._failed(job, error)
        else:
            if await self._jobs.complete(job, result, self._now()):
                log.info("studio_job_completed", job=job.public_id, attempt=job.attempt)

    async def _made(self, job: Job) -> dict[str, Any]:
        """Have it made, with its lease kept meanwhile."""
        stage, progress = job.stage, job.progress

        async def note(new_stage: str, new_progress: int) -> None:
            nonlocal stage, progress
            stage, progress = new_stage, new_progress
            await self._renew(job, stage, progress)
            self._bells.ring(of_studio_job(job.id))

        async def keep() -> None:
            while True:
                await asyncio.sleep(self._terms.studio_lease_s / RENEWALS)
                try:
                    await self._renew(job, stage, progress)
                except LeaseLost:
                    raise
                except Exception as error:  # noqa: BLE001 - the next may work, and else the lease is lost
                    log.warning("studio_job_not_renewed", job=job.public_id, error=repr(error))

        maker = self._makers.get(job.kind)
        if maker is None:
            raise NotOffered(f"Nothing here makes {job.kind.value}s any more.")
        making, keeping = asyncio.ensure_future(maker.make(job, note)), asyncio.ensure_future(keep())
        try:
            await asyncio.wait([making, keeping], return_when=asyncio.FIRST_COMPLETED)
            if making.done():
                return making.result()
            raise LeaseLost from keeping.exception()
        finally:
            making.cancel()
            keeping.cancel()
            await asyncio.wait([making, keeping])

    async def _renew(self, job: Job, stage: str, progress: int) -> None:
        now = self._now()
        await self._jobs.renew(job, stage=stage, progress=progress, now=now, until=now + self._lease)

    async def _failed(self, job: Job, error: Exception) -> None:
        now = self._now()
        match error:
            case NotOffered():
                outcome = judge(job, str(error), now, unavailable=True)
            case RenderRefused():
                outcome = judge(job, str(error), now, refused=True)
            case WorkerBusy() | WorkerDown():
                outcome = judge(job, str(error), now, waited=True)
            case RenderFailed():
                outcome = judge(job, "It could not be made.", now)
            case _:
                log.error("studio_job_broke", job=job.public_id, exc_info=error)
                outcome = judge(job, "It could not be made.", now)
        await self._jobs.fail(job, outcome, now)
        log.warning(
            "studio_job_failed" if outcome.state is State.FAILED else "studio_job_rests",
            job=job.public_id,
            tries=outcome.tries,
            error=repr(error),
        )
