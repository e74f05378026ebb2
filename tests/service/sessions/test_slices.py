"""Video time of live sessions in real databases: taken by slices, settled as it is shown, released once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import pytest

from service.accounts.account import Move
from service.accounts.keys import Keys
from service.errors import InsufficientCredits, StreamTaken, TooManyRequests
from service.sessions.session import Ended, Ending, Held, NewSession
from service.storage.accounts import SqlAccounts
from service.storage.keys import SqlApiKeys
from service.storage.postgres import PostgresDatabase
from service.storage.sessions import SqlLiveSessions
from service.storage.sqlite import SqliteDatabase

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
LATER = NOW + LEASE + timedelta(seconds=1)
SLICE = 4_000


class Replica(NamedTuple):
    accounts: SqlAccounts
    sessions: SqlLiveSessions
    keys: SqlApiKeys

    async def open(self, session: NewSession, *, most_open=8, unlimited=False) -> Held:
        return await self.sessions.open(
            session, slice_ms=SLICE, least_ms=160, most_open=most_open, unlimited=unlimited
        )

    async def renew(self, session: NewSession, shown_ms: int, *, now=NOW, unlimited=False) -> Held | None:
        return await self.sessions.renew(
            session.id,
            session.owner,
            shown_ms,
            until=now + LEASE,
            now=now,
            slice_ms=SLICE,
            unlimited=unlimited,
        )

    async def end(self, session: NewSession, shown_ms: int, *, now=NOW) -> int | None:
        return await self.sessions.end(session.id, session.owner, shown_ms, now)

    async def balance(self, account_id: int) -> tuple[int, int, int, int]:
        account = await self.accounts.get(account_id)
        assert account is not None
        assert account.granted_ms == account.free_ms + account.reserved_ms + account.used_ms
        return account.free_ms, account.reserved_ms, account.used_ms, account.open

    async def moves(self, account_id: int) -> list[tuple[Move, str, int]]:
        told = await self.accounts.statement(account_id, before_id=None, limit=100)
        assert told is not None
        return [(each.move, each.ref, each.ms) for each in reversed(told[1])]


@pytest.fixture(params=["sqlite", "postgres"])
def opened(tmp_path, request):
    """Open the database as one more service does."""
    url = request.getfixturevalue("database_url") if request.param == "postgres" else None

    @contextlib.asynccontextmanager
    async def start() -> AsyncIterator[Replica]:
        database = PostgresDatabase.open(url) if url else SqliteDatabase.open(tmp_path / "db.sqlite3")
        async with database as rows:
            yield Replica(SqlAccounts(rows), SqlLiveSessions(rows), SqlApiKeys(rows))

    return start


@pytest.fixture
async def replicas(opened):
    async with opened() as one, opened() as other:
        yield one, other


@pytest.fixture
async def account(replicas):
    """One that has ten seconds."""
    number = await replicas[0].accounts.create("app", most_open=None, now=NOW)
    await replicas[0].accounts.grant(number, 10_000, ref="first", now=NOW)
    return number


@pytest.fixture
def session(account):
    return a_session(account)


def a_session(account, name="talk", owner="here", stream=None):
    return NewSession(
        id=name,
        account_id=account,
        owner=owner,
        output="file",
        stream=stream,
        until=NOW + LEASE,
        created_at=NOW,
    )


async def test_a_session_takes_slices_settles_what_is_shown_and_gives_the_rest_back(
    replicas, account, session
):
    one, _ = replicas

    assert await one.open(session) == Held(allowed_ms=4_000, more=True)
    assert await one.balance(account) == (6_000, 4_000, 0, 1)
    assert await one.renew(session, 1_600) == Held(allowed_ms=4_000, more=True)  # more than half is left
    assert await one.balance(account) == (6_000, 4_000, 0, 1)
    assert await one.renew(session, 2_400) == Held(allowed_ms=8_000, more=True)
    assert await one.balance(account) == (2_000, 5_600, 2_400, 1)
    assert await one.renew(session, 6_400) == Held(allowed_ms=10_000, more=True)  # all that there is
    assert await one.balance(account) == (0, 3_600, 6_400, 1)
    assert await one.renew(session, 8_800) == Held(allowed_ms=10_000, more=False)
    assert await one.end(session, 9_600) == 9_600

    assert await one.balance(account) == (400, 0, 9_600, 0)
    assert await one.moves(account) == [
        (Move.GRANT, "first", 10_000),
        (Move.RESERVE, "talk", 4_000),
        (Move.SETTLE, "talk 1", 2_400),
        (Move.RESERVE, "talk 1", 4_000),
        (Move.SETTLE, "talk 2", 4_000),
        (Move.RESERVE, "talk 2", 2_000),
        (Move.SETTLE, "talk", 3_200),
        (Move.RELEASE, "talk", 400),
    ]


async def test_a_session_that_shows_nothing_costs_nothing(replicas, account, session):
    await replicas[0].open(session)

    assert await replicas[0].end(session, 0) == 0

    assert await replicas[0].balance(account) == (10_000, 0, 0, 0)


async def test_no_more_is_settled_than_was_set_aside(replicas, account, session):
    await replicas[0].open(session)

    assert await replicas[0].end(session, 1_000_000) == 4_000

    assert await replicas[0].balance(account) == (6_000, 0, 4_000, 0)


async def test_a_count_that_is_told_twice_or_late_counts_once(replicas, account, session):
    one, _ = replicas
    await one.open(session)

    for shown_ms in (2_400, 2_400, 800, 3_200):
        assert await one.renew(session, shown_ms) == Held(allowed_ms=8_000, more=True)
    assert await one.end(session, 1_600) == 3_200

    assert await one.balance(account) == (6_800, 0, 3_200, 0)


async def test_of_many_sessions_at_once_on_two_services_no_more_is_set_aside_than_there_is(replicas, account):
    sessions = [a_session(account, f"talk {n}", owner=str(n % 2)) for n in range(12)]

    opened = await asyncio.gather(
        *(replicas[n % 2].open(each) for n, each in enumerate(sessions)), return_exceptions=True
    )

    held = [each for each in opened if isinstance(each, Held)]
    assert sorted(each.allowed_ms for each in held) == [2_000, 4_000, 4_000]
    assert all(isinstance(each, Held | InsufficientCredits) for each in opened)
    assert await replicas[0].balance(account) == (0, 10_000, 0, 3)


async def test_a_session_is_one_job_of_its_account_however_many_slices_it_takes(replicas, account, session):
    one, _ = replicas
    await one.open(session, most_open=1)
    await one.renew(session, 3_000)

    with pytest.raises(TooManyRequests):
        await one.open(a_session(account, "second"), most_open=1)
    assert (await one.balance(account))[3] == 1

    await one.end(session, 3_000)
    assert await one.open(a_session(account, "second"), most_open=1)


async def test_the_house_has_no_end(replicas):
    one, _ = replicas
    number = await one.accounts.create("house", most_open=None, now=NOW)
    session = a_session(number)

    assert await one.open(session, unlimited=True) == Held(allowed_ms=4_000, more=True)
    assert await one.renew(session, 4_000, unlimited=True) == Held(allowed_ms=8_000, more=True)
    assert await one.end(session, 5_000) == 5_000

    assert await one.balance(number) == (3_000, 0, 5_000, 0)


async def test_what_a_dead_service_left_ends_once_at_its_last_count(replicas, account, session):
    one, other = replicas
    await one.open(session)
    await one.renew(session, 2_400)
    await one.renew(session, 3_200)

    assert await other.sessions.expire(NOW + LEASE - timedelta(seconds=1), limit=10) == []
    ended = await asyncio.gather(*(each.sessions.expire(LATER, limit=10) for each in replicas))

    assert [*ended[0], *ended[1]] == [Ended(id="talk", account_id=account, shown_ms=3_200)]
    assert await other.balance(account) == (6_800, 0, 3_200, 0)
    assert await one.renew(session, 4_000) is None  # it lives after all, and shows no more
    assert await one.end(session, 4_000) is None
    assert await one.balance(account) == (6_800, 0, 3_200, 0)


async def test_a_service_that_begins_anew_ends_its_own_sessions_alone(replicas, account, session):
    one, _ = replicas
    foreign = a_session(account, "foreign", owner="elsewhere")
    await one.open(session)
    await one.open(foreign)
    await one.renew(session, 1_000)

    assert await one.sessions.release("here", NOW) == [Ended(id="talk", account_id=account, shown_ms=1_000)]

    assert await one.sessions.exists("foreign")
    assert await one.balance(account) == (5_000, 4_000, 1_000, 1)


async def test_an_end_that_comes_from_two_sides_is_one(replicas, account, session):
    one, other = replicas
    await one.open(session)
    await one.renew(session, 1_000)

    ended = await asyncio.gather(
        one.end(session, 1_600), other.sessions.expire(LATER, limit=10), one.end(session, 1_600)
    )

    assert sum(bool(each) for each in ended) == 1
    _, reserved, used, jobs = await one.balance(account)
    assert (reserved, jobs) == (0, 0)
    assert used in (1_000, 1_600)
    assert len([move for move in await one.moves(account) if move[0] is Move.RELEASE]) == 1


async def test_an_account_ends_its_own_sessions_and_no_others(replicas, account, session):
    one, other = replicas
    stranger = await one.accounts.create("stranger", most_open=None, now=NOW)
    await one.open(msgspec.structs.replace(session, stream="show"))

    assert not await other.sessions.stop("talk", stranger, Ending.STOPPED)
    assert await other.sessions.named(stranger, "show") == []
    assert await other.sessions.named(account, "show") == ["talk"]
    assert await other.sessions.stop("talk", account, Ending.REPLACED)

    assert await one.renew(session, 1_000) == Held(allowed_ms=4_000, more=True, stop=Ending.REPLACED)


async def test_of_sessions_of_one_name_that_begin_at_once_one_is_kept(replicas, account):
    sessions = [a_session(account, f"talk {n}", owner=str(n % 2), stream="show") for n in range(6)]

    opened = await asyncio.gather(
        *(replicas[n % 2].open(each) for n, each in enumerate(sessions)), return_exceptions=True
    )

    assert sum(isinstance(each, Held) for each in opened) == 1
    assert sum(isinstance(each, StreamTaken) for each in opened) == 5
    assert len(await replicas[0].sessions.named(account, "show")) == 1
    assert await replicas[0].balance(account) == (6_000, 4_000, 0, 1)


async def test_a_session_is_to_end_once_the_key_is_revoked_by_which_it_was_begun(replicas, account, session):
    one, other = replicas
    keys = Keys(one.keys, now=lambda: NOW)
    for _ in range(2):
        await keys.create("app", account_id=account)
    begun_by, another = (key.id for key in await keys.list())
    begun = msgspec.structs.replace(session, key_id=begun_by)
    await one.open(begun)

    await keys.revoke(another)
    assert await one.renew(begun, 400) == Held(allowed_ms=4_000, more=True)
    await Keys(other.keys, now=lambda: NOW).revoke(begun_by)

    assert await one.renew(begun, 800) == Held(allowed_ms=4_000, more=True, stop=Ending.REVOKED)
    assert await one.end(begun, 800) == 800
