"""A wish that is sent again has the answer that it had, paid for once, whichever replica is asked."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from service.accounts.prepaid import AccountTerms, VideoTime
from service.errors import InvalidRequest, KeyReused, RenderFailed, Unavailable
from service.storage.accounts import SqlAccounts
from service.storage.answers import SqlAnswers
from service.storage.database import Database
from service.storage.postgres import PostgresDatabase
from service.storage.retention import SqlRetention
from service.storage.sqlite import SqliteDatabase
from service.studio.answers import Answers, Question
from service.studio.charging import LEASE, Charging

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


class Word(msgspec.Struct, frozen=True):
    """An answer."""

    word: str
    at: datetime


class Clock:
    """The time, which the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Oracle:
    """Answers with another word each time, when the test lets it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked = self.checked = 0
        self.error: Exception | None = None
        self.go = asyncio.Event()
        self.go.set()
        self.begun = asyncio.Event()

    async def check(self) -> None:
        self.checked += 1

    async def make(self) -> Word:
        self.begun.set()
        await self.go.wait()
        if self.error is not None:
            raise self.error
        self.asked += 1
        return Word(f"word {self.asked}", self.clock())


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def oracle(clock):
    return Oracle(clock)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    """A database's; None for a file."""
    return request.getfixturevalue("database_url") if request.param == "postgres" else None


class Replica:
    """A service, as far as it answers."""

    def __init__(self, database: Database, clock: Clock, oracle: Oracle, account: int) -> None:
        self.accounts = SqlAccounts(database)
        self.retention = SqlRetention(database)
        self.video_time = VideoTime(self.accounts, terms=AccountTerms(), now=clock)
        self.store = SqlAnswers(database)
        self.answers = Answers(charging=Charging(self.accounts, self.video_time), store=self.store, now=clock)
        self.oracle = oracle
        self.account = account

    async def ask(
        self, asked: str = "why", *, key: str | None = KEY, seconds: int = 2, what: str = "script"
    ) -> Word:
        question = Question(
            what=what, account_id=self.account, seconds=seconds, asked={"asked": asked}, key=key
        )
        return await self.answers.once(question, Word, check=self.oracle.check, make=self.oracle.make)

    async def balance(self) -> tuple[int, int, int]:
        account = await self.accounts.get(self.account)
        assert account is not None
        return account.free_ms, account.reserved_ms, account.used_ms


@pytest.fixture
async def replicas(tmp_path, url, clock, oracle):
    """Two services with one database, and an account that has ten seconds."""
    async with contextlib.AsyncExitStack() as stack:
        databases: list[Database] = [
            await stack.enter_async_context(
                PostgresDatabase.open(url) if url else SqliteDatabase.open(tmp_path / "db.sqlite3")
            )
            for _ in range(2)
        ]
        accounts = SqlAccounts(databases[0])
        account = await accounts.create("app", most_open=None, now=clock())
        await accounts.grant(account, 10_000, ref="first", now=clock())
        yield [Replica(database, clock, oracle, account) for database in databases]


async def test_the_same_wish_has_the_same_answer_everywhere_and_costs_once(replicas, oracle):
    one, other = replicas

    first = await one.ask()

    assert await other.ask() == await one.ask(key=KEY.upper()) == first
    assert (oracle.asked, oracle.checked) == (1, 1)
    assert await one.balance() == (8_000, 0, 2_000)


async def test_wishes_of_one_key_at_the_same_time_have_one_answer(replicas, oracle):
    one, _ = replicas

    answers = await asyncio.gather(*(one.ask() for _ in range(5)))

    assert answers == [answers[0]] * 5
    assert await one.balance() == (8_000, 0, 2_000)


async def test_what_one_replica_answers_another_does_not_answer_beside_it(replicas, oracle):
    one, other = replicas
    oracle.go.clear()
    answering = asyncio.create_task(one.ask())
    await oracle.begun.wait()

    with pytest.raises(Unavailable, match="already"):
        await other.ask()
    oracle.go.set()
    answer = await answering

    assert await other.ask() == answer
    assert await one.balance() == (8_000, 0, 2_000)


async def test_an_answer_that_costs_nothing_is_kept_as_well(replicas, oracle):
    one, other = replicas
    oracle.go.clear()
    answering = [asyncio.create_task(replica.ask(seconds=0)) for replica in replicas]
    await oracle.begun.wait()
    oracle.go.set()
    first, second = await asyncio.gather(*answering)

    assert first == second == await one.ask(seconds=0)
    assert await other.balance() == (10_000, 0, 0)


@pytest.mark.parametrize("other_wish", [{"asked": "how"}, {"what": "analysis"}])
async def test_a_key_is_for_one_wish(replicas, other_wish):
    one, other = replicas
    await one.ask()

    with pytest.raises(KeyReused):
        await other.ask(**other_wish)

    assert await one.balance() == (8_000, 0, 2_000)


async def test_a_key_is_a_uuid(replicas, oracle):
    with pytest.raises(InvalidRequest, match="UUID"):
        await replicas[0].ask(key="mine")

    assert oracle.checked == 0


async def test_what_failed_is_answered_anew_and_costs_once(replicas, oracle):
    one, other = replicas
    oracle.error = RenderFailed("it broke")
    for replica in (one, other, one):
        with pytest.raises(RenderFailed):
            await replica.ask()
    assert await one.balance() == (10_000, 0, 0)
    oracle.error = None

    assert await other.ask() == await one.ask()

    assert await one.balance() == (8_000, 0, 2_000)


async def test_who_took_so_long_that_another_answered_is_told_and_not_paid(replicas, oracle, clock):
    slow, other = replicas
    oracle.go.clear()
    answering = asyncio.create_task(slow.ask())
    await oracle.begun.wait()
    clock.now += 2 * LEASE  # it stood still
    await other.video_time.look(clock.now)
    oracle.go.set()

    kept = await other.ask()

    with contextlib.suppress(Unavailable):  # it may have come first, and then that is the answer of both
        assert await answering == kept
    assert await slow.ask() == kept
    assert await other.balance() == (8_000, 0, 2_000)


async def test_a_key_is_forgotten_after_a_day_and_its_answer_with_it(replicas, clock):
    one, other = replicas
    first = await one.ask()
    clock.now += timedelta(days=1)

    assert await other.ask() != first  # before anybody swept
    assert await one.retention.forget_answers(clock(), limit=10) == 0
    clock.now += timedelta(days=1)
    assert await one.retention.forget_answers(clock(), limit=10) == 1

    assert await one.balance() == (6_000, 0, 4_000)


async def test_without_a_key_each_wish_is_answered(replicas, oracle):
    one, _ = replicas

    assert await one.ask(key=None) != await one.ask(key=None)

    assert oracle.asked == 2
    assert await one.balance() == (6_000, 0, 4_000)
