"""The studio's jobs in SQL. Each move is one transaction with what it does to the account.

A transaction locks the job first and the account last; the one that keeps a new job has nobody to wait for it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from service.catalogue.own import own_job
from service.catalogue.port import Avatar, Voice
from service.errors import InvalidRequest, KeyReused, LeaseLost
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Database, Row
from service.storage.ledger import end, reserve
from service.storage.schema import accounts
from service.storage.studio_schema import open_jobs, studio_jobs
from service.studio.job import Job, Kind, NewJob, Outcome, State

TOO_MANY = "You have {most:,} {kind}s, and may have no more. Delete one first."


class SqlStudioJobs:
    """Keeps jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: NewJob, *, most_open: int, unlimited: bool) -> Job:
        """Keep a job and set its time aside."""
        at = to_millis(job.created_at)
        row = {
            "public_id": job.public_id,
            "account_id": job.account_id,
            "kind": job.kind.value,
            "request": msgspec.json.encode(job.request).decode(),
            "held_ms": job.held_ms,
            "state": State.PENDING.value,
            "stage": "waiting",
            "progress": 0,
            "attempt": 0,
            "tries": 0,
            "key": job.key,
            "until": at,
            "created_at": at,
            "updated_at": at,
        }

        before = sa.select(studio_jobs).where(
            studio_jobs.c.account_id == job.account_id, studio_jobs.c.key == job.key
        )

        kept_of_kind = (
            sa.select(sa.func.count())
            .select_from(studio_jobs)
            .where(
                studio_jobs.c.account_id == job.account_id,
                studio_jobs.c.kind == job.kind.value,
                studio_jobs.c.state != State.FAILED.value,
            )
        )

        def work(connection: sa.Connection) -> Job:
            if job.key is not None or job.most is not None:
                # The lock: of two at the same time, the second sees the first.
                connection.execute(
                    sa.select(accounts.c.id).where(accounts.c.id == job.account_id).with_for_update()
                )
            if job.key is not None and (found := connection.execute(before).mappings().first()) is not None:
                if (found["kind"], found["request"]) != (row["kind"], row["request"]):
                    raise KeyReused
                return _job(found)
            if job.held_ms:
                reserve(
                    connection,
                    job.account_id,
                    job.held_ms,
                    ref=job.public_id,
                    until=None,  # the job has the lease
                    now=job.created_at,
                    most_open=most_open,
                    unlimited=unlimited,
                )
            if job.most is not None and connection.execute(kept_of_kind).scalar_one() >= job.most:
                raise InvalidRequest(TOO_MANY.format(most=job.most, kind=job.kind.value))
            kept = connection.execute(studio_jobs.insert().values(row).returning(*studio_jobs.c))
            return _job(kept.mappings().one())

        return await self._database.write(work)

    async def find(self, public_id: str, account_id: int) -> Job | None:
        """Find a job of an account."""
        query = sa.select(studio_jobs).where(*_of(public_id, account_id))
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else _job(row)

    async def of_account(
        self, account_id: int, *, kinds: Collection[Kind], before_id: int | None, limit: int
    ) -> list[Job]:
        """Return the jobs of an account, the newest first, below an id."""
        query = (
            sa.select(studio_jobs)
            .where(
                studio_jobs.c.account_id == account_id,
                studio_jobs.c.kind.in_([kind.value for kind in kinds]),
            )
            .order_by(studio_jobs.c.id.desc())
            .limit(limit)
        )
        if before_id is not None:
            query = query.where(studio_jobs.c.id < before_id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_job(row) for row in rows]

    async def claim(self, owner: str, *, now: datetime, until: datetime) -> Job | None:
        """Take up the job that waits longest and is due, or whose lease is over."""
        due = (open_jobs, studio_jobs.c.until <= to_millis(now))
        first = (
            sa.select(studio_jobs.c.id)
            .where(*due)
            .order_by(studio_jobs.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )

        def work(connection: sa.Connection) -> Job | None:
            number = connection.scalar(first)
            if number is None:
                return None
            claimed = connection.execute(
                studio_jobs.update()
                .where(studio_jobs.c.id == number, *due)
                .values(
                    state=State.PROCESSING.value,
                    owner=owner,
                    until=to_millis(until),
                    attempt=studio_jobs.c.attempt + 1,
                    updated_at=to_millis(now),
                )
                .returning(*studio_jobs.c)
            )
            row = claimed.mappings().first()
            return None if row is None else _job(row)

        return await self._database.write(work)

    async def renew(self, job: Job, *, stage: str, progress: int, now: datetime, until: datetime) -> None:
        """Say how far it is and keep the lease."""
        renewed = _ours(job).values(
            stage=stage, progress=progress, until=to_millis(until), updated_at=to_millis(now)
        )
        if not await self._database.write(lambda connection: connection.execute(renewed).rowcount):
            raise LeaseLost

    async def complete(self, job: Job, result: dict[str, Any], now: datetime) -> bool:
        """End a job: its time is used."""
        completed = _ours(job).values(
            state=State.COMPLETED.value,
            stage="completed",
            progress=100,
            result=msgspec.json.encode(result).decode(),
            failure=None,
            updated_at=to_millis(now),
        )

        def work(connection: sa.Connection) -> bool:
            if connection.execute(completed).rowcount == 0:
                return False
            _settle(connection, job.public_id, job.held_ms, job.held_ms, now)
            return True

        return await self._database.write(work)

    async def fail(self, job: Job, outcome: Outcome, now: datetime) -> bool:
        """End an attempt: the job rests, or has failed and its time is free again."""
        failed = _ours(job).values(
            state=outcome.state.value,
            stage=outcome.stage,
            tries=outcome.tries,
            until=to_millis(outcome.until),
            failure=outcome.failure,
            updated_at=to_millis(now),
            **({"key": None} if outcome.state is State.FAILED else {}),
        )

        def work(connection: sa.Connection) -> bool:
            if connection.execute(failed).rowcount == 0:
                return False
            if outcome.state is State.FAILED:
                _settle(connection, job.public_id, job.held_ms, 0, now)
            return True

        return await self._database.write(work)

    async def release(self, owner: str, now: datetime) -> None:
        """Let go of all that an owner is at."""
        released = (
            studio_jobs.update()
            .where(studio_jobs.c.owner == owner, studio_jobs.c.state == State.PROCESSING.value)
            .values(state=State.PENDING.value, until=to_millis(now), updated_at=to_millis(now))
        )
        await self._database.write(lambda connection: connection.execute(released))

    async def delete(self, public_id: str, account_id: int, now: datetime) -> Job | None:
        """Forget a job; the time of one that is not over is free again."""
        deleted = studio_jobs.delete().where(*_of(public_id, account_id)).returning(*studio_jobs.c)

        def work(connection: sa.Connection) -> Job | None:
            row = connection.execute(deleted).mappings().first()
            if row is None:
                return None
            job = _job(row)
            if not job.state.final:
                _settle(connection, public_id, job.held_ms, 0, now)
            return job

        return await self._database.write(work)

    async def own_avatar(self, account_id: int, name: str) -> Avatar | None:
        """Find an avatar of an account, as `OwnAvatars` says."""
        public_id = own_job(name)
        job = None if public_id is None else await self.find(public_id, account_id)
        if job is None or job.kind is not Kind.AVATAR or job.result is None:
            return None
        return msgspec.convert({**job.result, "name": name}, Avatar)

    async def own_voice(self, account_id: int, name: str) -> Voice | None:
        """Find a voice of an account, as `OwnAvatars` says."""
        public_id = own_job(name)
        job = None if public_id is None else await self.find(public_id, account_id)
        if job is None or job.kind is not Kind.VOICE or job.result is None:
            return None
        # One that was matched is a worker's, turned; one that was cloned is called as its job is.
        spoken_as = job.result.get("voice", name)
        return Voice(name=spoken_as, language=job.request["language"], gender=job.result["gender"])


def _of(public_id: str, account_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return studio_jobs.c.public_id == public_id, studio_jobs.c.account_id == account_id


def _ours(job: Job) -> sa.Update:
    """Change a job for as long as it is this attempt's."""
    return studio_jobs.update().where(
        studio_jobs.c.id == job.id,
        studio_jobs.c.owner == job.owner,
        studio_jobs.c.attempt == job.attempt,
        studio_jobs.c.state == State.PROCESSING.value,
    )


def _settle(connection: sa.Connection, ref: str, held_ms: int, used_ms: int, now: datetime) -> None:
    """End what was set aside for a job, which this transaction ends."""
    if held_ms:
        ended = end(connection, ref, used_ms, now)
        assert ended is not None, "a job has its reservation until its end"


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        public_id=row["public_id"],
        account_id=row["account_id"],
        kind=Kind(row["kind"]),
        request=msgspec.json.decode(row["request"]),
        held_ms=row["held_ms"],
        state=State(row["state"]),
        stage=row["stage"],
        progress=row["progress"],
        attempt=row["attempt"],
        tries=row["tries"],
        owner=row["owner"],
        result=None if row["result"] is None else msgspec.json.decode(row["result"]),
        failure=row["failure"],
        created_at=from_millis(row["created_at"]),
        updated_at=from_millis(row["updated_at"]),
    )
