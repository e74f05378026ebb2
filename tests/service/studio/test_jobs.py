"""A job of the studio ends once, paid or given back, whoever dies on the way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from service.accounts.prepaid import AccountTerms, VideoTime
from service.errors import (
    InsufficientCredits,
    InvalidRequest,
    KeyReused,
    LeaseLost,
    RenderFailed,
    RenderRefused,
    TooManyRequests,
    WorkerBusy,
)
from service.runtime.bells import Bells
from service.runtime.stopping import Stopping
from service.storage.accounts import SqlAccounts
from service.storage.postgres import PostgresDatabase
from service.storage.sqlite import SqliteDatabase
from service.storage.studio_jobs import SqlStudioJobs
from service.studio.job import LONGEST_QUEUE, MOST_TRIES, REST, Kind, State
from service.studio.jobs import Studio
from service.studio.terms import StudioTerms

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
DEADLINE = timedelta(seconds=30)


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Hands:
    """Makes what it is asked for, unless the test says otherwise."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.go = asyncio.Event()
        self.go.set()
        self.begun = asyncio.Event()

    async def make(self, job, note):
        self.asked.append(job.public_id)
        await note("drawing", 50)
        self.begun.set()
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return {"drawn": job.request["prompt"]}


@pytest.fixture(params=["sqlite", "postgres"])
def opened(tmp_path, request):
    """Open accounts and jobs as one more service does."""
    url = request.getfixturevalue("database_url") if request.param == "postgres" else None

    @contextlib.asynccontextmanager
    async def start() -> AsyncIterator[tuple[SqlAccounts, SqlStudioJobs]]:
        database = PostgresDatabase.open(url) if url else SqliteDatabase.open(tmp_path / "db.sqlite3")
        async with database as rows:
            yield SqlAccounts(rows), SqlStudioJobs(rows)

    return start


@pytest.fixture
async def replicas(opened):
    async with opened() as one, opened() as other:
        yield one, other


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def studios(replicas, clock, hands):
    bells = Bells()
    return [
        Studio(
            jobs=jobs,
            makers={Kind.PORTRAIT: hands},
            accounts=accounts,
            video_time=VideoTime(accounts, terms=AccountTerms(account_jobs=5), now=clock),
            bells=bells,
            stopping=Stopping(),
            terms=StudioTerms(studio_at_once=1),
            owner=f"replica {number}",
            now=clock,
        )
        for number, (accounts, jobs) in enumerate(replicas)
    ]


@pytest.fixture
async def account(replicas):
    """The number of one that has ten seconds."""
    accounts, _ = replicas[0]
    number = await accounts.create("app", most_open=None, now=NOW)
    await accounts.grant(number, 10_000, ref="first", now=NOW)
    return number


async def balance(replicas, account):
    now = await replicas[1][0].get(account)
    assert now.granted_ms == now.free_ms + now.reserved_ms + now.used_ms
    return now.free_ms, now.reserved_ms, now.used_ms, now.open


@contextlib.asynccontextmanager
async def working(studio):
    task = asyncio.create_task(studio.watch())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def ask(studio, account, held_ms=4000):
    return await studio.begin(account, Kind.PORTRAIT, {"prompt": "a man"}, held_ms=held_ms)


async def test_a_job_that_is_done_is_paid_for(studios, replicas, account):
    job = await ask(studios[0], account)
    assert await balance(replicas, account) == (6000, 4000, 0, 1)

    async with working(studios[0]):
        done = await studios[0].over(job, longest=DEADLINE)

    assert (done.state, done.result, done.progress) == (State.COMPLETED, {"drawn": "a man"}, 100)
    assert await balance(replicas, account) == (6000, 0, 4000, 0)
    assert await studios[1].find(job.public_id, account) == done


async def test_a_job_that_can_never_be_done_costs_nothing_and_says_why(studios, replicas, account, hands):
    hands.error = RenderRefused("This prompt names nobody.")
    job = await ask(studios[0], account)

    async with working(studios[0]):
        over = await studios[0].over(job, longest=DEADLINE)

    assert (over.state, over.failure) == (State.FAILED, "This prompt names nobody.")
    assert await balance(replicas, account) == (10_000, 0, 0, 0)


async def test_what_cannot_be_paid_is_not_begun(studios, replicas, account):
    with pytest.raises(InsufficientCredits):
        await ask(studios[0], account, held_ms=10_001)
    assert await studios[0].of_account(account, kinds=list(Kind)) == []

    asked = [ask(studios[n % 2], account, held_ms=1) for n in range(8)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, TooManyRequests) for answer in answers) == 3
    assert len(await studios[0].of_account(account, kinds=list(Kind))) == 5


async def test_an_account_has_so_many_jobs_of_a_kind_and_those_that_failed_are_none(
    studios, replicas, account
):
    async def one_of_two(studio):
        return await studio.begin(account, Kind.PORTRAIT, {"prompt": "a man"}, held_ms=1, most=2)

    answers = await asyncio.gather(*(one_of_two(studios[n % 2]) for n in range(6)), return_exceptions=True)
    jobs = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(jobs) == 2
    assert {str(answer) for answer in answers if isinstance(answer, InvalidRequest)} == {
        "You have 2 portraits, and may have no more. Delete one first."
    }

    await studios[0].delete(jobs[0].public_id, account)
    await one_of_two(studios[1])


async def test_two_services_never_do_one_job(studios, replicas, account, clock):
    for _ in range(5):
        await ask(studios[0], account, held_ms=1000)
    until = NOW + LEASE

    claimed = await asyncio.gather(
        *(replicas[n % 2][1].claim(f"replica {n % 2}", now=NOW, until=until) for n in range(12))
    )

    taken = [job.public_id for job in claimed if job is not None]
    assert len(taken) == len(set(taken))
    rest = [await replicas[0][1].claim("one more", now=NOW, until=until) for _ in range(6)]
    assert len(taken) + sum(job is not None for job in rest) == 5


async def test_what_a_service_that_died_was_at_is_done_by_another_and_paid_once(
    studios, replicas, account, clock
):
    job = await ask(studios[0], account)
    jobs = replicas[0][1]
    dead = await jobs.claim("dead", now=NOW, until=NOW + LEASE)
    assert await replicas[1][1].claim("other", now=NOW, until=NOW + LEASE) is None

    clock.now += LEASE
    async with working(studios[1]):
        done = await studios[1].over(job, longest=DEADLINE)
    assert (done.state, done.attempt) == (State.COMPLETED, 2)

    # The first was not dead after all.
    with pytest.raises(LeaseLost):
        await jobs.renew(dead, stage="drawing", progress=1, now=clock.now, until=clock.now + LEASE)
    assert not await jobs.complete(dead, {}, clock.now)
    assert await balance(replicas, account) == (6000, 0, 4000, 0)


async def test_a_service_that_stops_lets_go_at_once_and_counts_no_failure(studios, replicas, account, hands):
    hands.go.clear()
    job = await ask(studios[0], account)
    async with working(studios[0]):
        await hands.begun.wait()
    hands.go.set()

    async with working(studios[1]):
        done = await studios[1].over(job, longest=DEADLINE)

    assert (done.state, done.tries, len(hands.asked)) == (State.COMPLETED, 0, 2)


async def test_what_fails_is_tried_again_and_then_given_back(replicas, studios, account, hands, clock):
    hands.error = RenderFailed("the worker broke")
    job = await ask(studios[0], account)
    jobs = replicas[0][1]

    for attempt in range(1, MOST_TRIES + 1):
        claimed = await jobs.claim("replica 0", now=clock.now, until=clock.now + LEASE)
        await studios[0]._do(claimed)
        now = await studios[0].find(job.public_id, account)
        assert (now.state, now.tries) == (
            State.FAILED if attempt == MOST_TRIES else State.PENDING,
            attempt,
        )
        assert await jobs.claim("replica 0", now=clock.now, until=clock.now + LEASE) is None  # it rests
        clock.now += REST

    assert await balance(replicas, account) == (10_000, 0, 0, 0)


async def test_workers_without_room_are_no_failure_until_they_had_none_for_long(
    replicas, studios, account, hands, clock
):
    hands.error = WorkerBusy("busy", retry_after_s=5)
    job = await ask(studios[0], account)
    jobs = replicas[0][1]

    for wait in (REST, REST, REST, REST, LONGEST_QUEUE):
        claimed = await jobs.claim("replica 0", now=clock.now, until=clock.now + LEASE)
        await studios[0]._do(claimed)
        now = await studios[0].find(job.public_id, account)
        assert (now.state, now.tries) == (State.PENDING, 0)
        clock.now += wait
    claimed = await jobs.claim("replica 0", now=clock.now, until=clock.now + LEASE)
    await studios[0]._do(claimed)

    assert (await studios[0].find(job.public_id, account)).state is State.FAILED
    assert await balance(replicas, account) == (10_000, 0, 0, 0)


async def test_a_job_that_is_deleted_while_it_is_done_costs_nothing(studios, replicas, account, hands):
    hands.go.clear()
    job = await ask(studios[0], account)
    async with working(studios[0]):
        await hands.begun.wait()
        assert (await studios[1].delete(job.public_id, account)).public_id == job.public_id
        assert await studios[1].delete(job.public_id, account) is None
        hands.go.set()
        other = await ask(studios[0], account)  # who was at it goes on with the next
        await studios[0].over(other, longest=DEADLINE)

    assert await studios[0].find(job.public_id, account) is None
    assert await balance(replicas, account) == (6000, 0, 4000, 0)


async def test_nobody_sees_or_deletes_the_job_of_another_account(studios, replicas, account):
    job = await ask(studios[0], account)
    stranger = await replicas[0][0].create("stranger", most_open=None, now=NOW)

    assert await studios[0].find(job.public_id, stranger) is None
    assert await studios[0].delete(job.public_id, stranger) is None
    assert await studios[0].of_account(stranger, kinds=list(Kind)) == []
    assert [each.public_id for each in await studios[0].of_account(account, kinds=[Kind.PORTRAIT])] == [
        job.public_id
    ]


async def test_one_key_is_one_job_however_often_it_is_sent(studios, replicas, account, hands):
    key = "8e03978e-40d5-43dd-bc93-6894a57f9324"

    async def ask_again(studio, prompt="a man"):
        return await studio.begin(account, Kind.PORTRAIT, {"prompt": prompt}, held_ms=4000, key=key)

    jobs = await asyncio.gather(*(ask_again(studios[n % 2]) for n in range(6)))
    assert len({job.public_id for job in jobs}) == 1
    assert await balance(replicas, account) == (6000, 4000, 0, 1)
    with pytest.raises(KeyReused):
        await ask_again(studios[0], "a woman")

    hands.error = RenderRefused("Nobody.")
    async with working(studios[0]):
        await studios[0].over(jobs[0], longest=DEADLINE)
        hands.error = None
        anew = await ask_again(studios[1])
        assert anew.public_id != jobs[0].public_id
        assert (await studios[0].over(anew, longest=DEADLINE)).state is State.COMPLETED
    assert (await ask_again(studios[0])).public_id == anew.public_id


async def test_an_id_that_no_database_can_be_asked_for_is_nobodys(studios, account):
    assert await studios[0].find("a\0b", account) is None
