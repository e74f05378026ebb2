"""Video time that was bought in advance: never more is set aside than there is, and what was not used comes back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.accounts.account import Move, whole_seconds
from service.accounts.prepaid import AccountTerms, VideoTime
from service.errors import InsufficientCredits, NameTaken, TooManyRequests
from service.storage.refunds import SqlRefunds
from service.storage.schema import accounts as table

NOW = datetime(2026, 1, 1, 23, 59, tzinfo=UTC)
LEASE = timedelta(seconds=30)


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def services(replicas, clock):
    terms = AccountTerms(account_jobs=100)
    return [VideoTime(store, terms=terms, now=clock) for store in replicas]


@pytest.fixture
async def account(replicas):
    """One that has ten seconds."""
    number = await replicas[0].create("app", most_open=None, now=NOW)
    await replicas[0].grant(number, 10_000, ref="first", now=NOW)
    return await replicas[0].get(number)


async def balance(store, account):
    now = await store.get(account.id)
    assert now.granted_ms == now.free_ms + now.reserved_ms + now.used_ms
    return now.free_ms, now.reserved_ms, now.used_ms


async def moves(store, account):
    _, entries = await store.statement(account.id, before_id=None, limit=100)
    return [(entry.move, entry.ref, entry.ms) for entry in reversed(entries)]


async def test_a_balance_is_what_the_moves_beside_it_make_it_whatever_moves_meanwhile(replicas):
    number = await replicas[0].create("app", most_open=None, now=NOW)
    giving = asyncio.gather(*(replicas[1].grant(number, 1000, ref=f"{n}", now=NOW) for n in range(30)))

    while True:
        over = giving.done()
        account, moves = await replicas[0].statement(number, before_id=None, limit=100)
        assert account.granted_ms == sum(move.ms for move in moves)
        if over:
            break

    assert (await giving, account.granted_ms) == ([True] * 30, 30_000)
    assert await replicas[0].statement(number + 1, before_id=None, limit=1) is None


async def test_of_many_that_ask_at_once_on_two_services_no_more_get_time_than_there_is(
    services, replicas, account
):
    asked = [services[n % 2].reserve(account, 3000, ref=f"job {n}") for n in range(20)]

    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert answers.count(True) == 3
    refusals = [each for each in answers if each is not True]
    missing = {each.missing_ms for each in refusals if isinstance(each, InsufficientCredits)}
    assert (len(refusals), missing) == (17, {2000})
    assert await balance(replicas[1], account) == (1000, 9000, 0)


async def test_what_was_not_used_is_free_again(services, replicas, account):
    await services[0].reserve(account, 8000, ref="video")

    assert await services[1].settle("video", 4200) == 4200

    assert await balance(replicas[0], account) == (5800, 0, 4200)
    assert await moves(replicas[0], account) == [
        (Move.GRANT, "first", 10_000),
        (Move.RESERVE, "video", 8000),
        (Move.SETTLE, "video", 4200),
        (Move.RELEASE, "video", 3800),
    ]


async def test_work_that_failed_costs_nothing(services, replicas, account):
    await services[0].reserve(account, 10_000, ref="video")

    assert await services[0].release("video")

    assert await balance(replicas[0], account) == (10_000, 0, 0)


async def test_no_more_is_taken_than_was_set_aside(services, replicas, account):
    await services[0].reserve(account, 1000, ref="video")

    assert await services[0].settle("video", 60_000) == 1000

    assert await balance(replicas[0], account) == (9000, 0, 1000)


async def test_a_reservation_ends_once_whoever_ends_it(services, replicas, account):
    await services[0].reserve(account, 6000, ref="video")

    ended = await asyncio.gather(*(services[n % 2].settle("video", 5000) for n in range(8)))

    assert [each for each in ended if each is not None] == [5000]
    assert await balance(replicas[0], account) == (5000, 0, 5000)


async def test_the_same_reference_is_reserved_once_also_after_it_ended(services, replicas, account):
    asked = [services[n % 2].reserve(account, 4000, ref="video") for n in range(8)]
    assert (await asyncio.gather(*asked)).count(True) == 1
    await services[0].settle("video", 4000)

    assert not await services[1].reserve(account, 4000, ref="video")

    assert await balance(replicas[0], account) == (6000, 0, 4000)


async def test_the_same_grant_is_given_once(services, replicas, account):
    given = await asyncio.gather(*(services[n % 2].grant(account, 500, ref="gift") for n in range(8)))

    assert given.count(True) == 1
    assert await balance(replicas[0], account) == (10_500, 0, 0)


async def test_what_a_dead_service_left_ends_at_its_last_count(services, replicas, account, clock):
    alive, dies = services
    await dies.reserve(account, 5000, ref="session", lease=LEASE)
    clock.now += timedelta(seconds=20)
    assert await dies.renew("session", used_ms=2000, lease=LEASE)
    assert await dies.renew("session", used_ms=1000, lease=LEASE)  # of an older count nothing is believed
    clock.now += timedelta(seconds=20)
    await alive.look(clock.now)
    assert await balance(replicas[0], account) == (5000, 5000, 0)

    clock.now += timedelta(seconds=20)
    await alive.look(clock.now)

    assert await balance(replicas[0], account) == (8000, 0, 2000)
    assert not await dies.renew("session", used_ms=4000, lease=LEASE)
    assert await dies.settle("session", 4000) is None


async def test_what_has_no_lease_waits_for_who_asked_for_it(services, replicas, account, clock):
    await services[0].reserve(account, 5000, ref="order")

    clock.now += timedelta(days=400)
    await services[1].look(clock.now)

    assert await balance(replicas[0], account) == (5000, 5000, 0)


async def test_an_account_has_so_many_jobs_at_once(replicas, clock, account):
    service = VideoTime(replicas[0], terms=AccountTerms(account_jobs=2), now=clock)
    asked = [service.reserve(account, 100, ref=f"job {n}") for n in range(5)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers.count(True) == 2
    assert all(isinstance(each, TooManyRequests) for each in answers if each is not True)

    assert await service.release(f"job {answers.index(True)}")
    assert await service.reserve(account, 100, ref="job 6")
    assert await replicas[1].limit(account.id, 3)
    assert await service.reserve(account, 100, ref="job 7")
    with pytest.raises(TooManyRequests, match="3 jobs at once"):
        await service.reserve(account, 100, ref="job 8")


async def test_the_house_has_no_end_while_it_is_set(replicas, clock):
    await asyncio.gather(*(store.ensure_house(NOW) for store in replicas))
    [house] = await replicas[0].all()
    service = VideoTime(replicas[0], terms=AccountTerms(house_account=True, account_jobs=100), now=clock)

    await asyncio.gather(*(service.reserve(house, 7000, ref=f"video {n}") for n in range(5)))
    await service.settle("video 0", 3000)
    await service.reserve(house, 5000, ref="video 6")  # 4000 are there

    now = await replicas[0].get(house.id)
    assert (now.granted_ms, now.free_ms, now.reserved_ms, now.used_ms) == (36_000, 0, 33_000, 3000)
    assert (await SqlRefunds(replicas[0]._database).ledger()).prepaid_ms == 0  # owed to nobody
    turned_off = VideoTime(replicas[0], terms=AccountTerms(), now=clock)
    with pytest.raises(InsufficientCredits):
        await turned_off.reserve(house, 1, ref="video 7")


async def test_use_is_told_by_day(services, replicas, account, clock):
    for n, used in enumerate((1000, 1500, 2000)):
        await services[0].reserve(account, 3000, ref=f"{n}")
        await services[0].settle(f"{n}", used)
        clock.now += timedelta(minutes=n)  # the third is after midnight

    told = await replicas[0].usage(account.id, since=NOW - timedelta(days=1))

    assert [(each.day.isoformat(), each.used_ms) for each in told] == [
        ("2026-01-01", 2500),
        ("2026-01-02", 2000),
    ]


async def test_the_ledger_is_read_page_by_page(services, replicas, account):
    for n in range(5):
        await services[0].grant(account, 1 + n, ref=f"{n}")
    _, first = await replicas[0].statement(account.id, before_id=None, limit=4)
    _, rest = await replicas[0].statement(account.id, before_id=first[-1].id, limit=4)

    assert [entry.ms for entry in (*first, *rest)] == [5, 4, 3, 2, 1, 10_000]


async def test_a_name_is_one_accounts(replicas, account):
    with pytest.raises(NameTaken):
        await replicas[1].create("app", most_open=None, now=NOW)


@pytest.mark.parametrize(
    "change", [{"free_ms": -1, "reserved_ms": 10_001}, {"free_ms": 10_001}, {"used_ms": 1}, {"open": -1}]
)
async def test_the_database_keeps_no_balance_that_cannot_be(replicas, account, change):
    wrong = table.update().values(change)

    with pytest.raises(sa.exc.IntegrityError):
        await replicas[0]._database.write(lambda connection: connection.execute(wrong))

    assert await balance(replicas[0], account) == (10_000, 0, 0)


def test_credits_are_whole_seconds_rounded_up():
    assert [whole_seconds(ms) for ms in (0, 1, 1000, 1001, 4200)] == [0, 1, 1, 2, 5]
