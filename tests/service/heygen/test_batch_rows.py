"""Batches in real databases: kept whole or not at all, once, on whichever replica."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from service.errors import InsufficientCredits, KeyTaken, TooManyRequests
from service.orders.batch import NewBatch
from service.orders.choice import Choice
from service.orders.order import Order
from service.orders.prepaid import Holding, NewPrepaid
from service.orders.wish import Wish
from service.storage.accounts import SqlAccounts
from service.storage.batches import SqlBatches
from service.storage.postgres import PostgresDatabase
from service.storage.sqlite import SqliteDatabase

NOW = datetime(2026, 11, 28, tzinfo=UTC)
HOLDING = Holding(most_open=2, most_delayed=1, unlimited=False)
CHOICE = Choice(avatar="arab_man", emotion="happy", language="en", voice=None)


@pytest.fixture(params=["sqlite", "postgres"])
def unopened(tmp_path, request):
    url = request.getfixturevalue("database_url") if request.param == "postgres" else None
    return PostgresDatabase.open(url) if url else SqliteDatabase.open(tmp_path / "db.sqlite3")


@pytest.fixture
async def rows(unopened):
    async with unopened as database:
        yield SqlAccounts(database), SqlBatches(database)


async def account_of(accounts, ms):
    number = await accounts.create(uuid.uuid4().hex, most_open=None, now=NOW)
    await accounts.grant(number, ms, ref=uuid.uuid4().hex, now=NOW)
    return number


def batch_of(account_id, parts, *, key=None):
    return NewBatch(
        id=str(uuid.uuid4()),
        account_id=account_id,
        created_at=NOW,
        parts=tuple(part if isinstance(part, str) else order_of(account_id, part) for part in parts),
        key_hash=key,
        fingerprint=None if key is None else b"f" * 32,
        key_until=NOW + timedelta(days=1),
    )


def order_of(account_id, held_ms):
    return NewPrepaid(
        public_id=str(uuid.uuid4()),
        account_id=account_id,
        wish=Wish(text="Hello.", upload=None, duration_ms=held_ms, choice=CHOICE),
        held_ms=held_ms,
        delayed=False,
        idempotency=None,
        created_at=NOW,
        expires_at=NOW + timedelta(days=1),
        asked="{}",
    )


async def balance(accounts, number):
    account = await accounts.get(number)
    return account.free_ms, account.reserved_ms, account.open


async def test_what_was_kept_is_found_in_its_order(rows):
    accounts, batches = rows
    number = await account_of(accounts, 10_000)
    new = batch_of(number, [1000, "no", 2000])

    await batches.add(new, HOLDING)

    found = await batches.find(new.id)
    assert found is not None
    first, refused, last = found.parts
    assert isinstance(first, Order)
    assert isinstance(last, Order)
    assert (first.wish.duration_ms, refused, last.wish.duration_ms) == (1000, "no", 2000)
    assert await balance(accounts, number) == (7_000, 3_000, 2)


async def test_a_batch_that_costs_too_much_leaves_nothing_and_says_what_all_of_it_takes(rows):
    accounts, batches = rows
    number = await account_of(accounts, 2_500)
    new = batch_of(number, [1000, 1000, 1000])

    with pytest.raises(InsufficientCredits) as refusal:
        await batches.add(new, HOLDING)

    assert (refusal.value.asked_ms, refusal.value.free_ms) == (3_000, 2_500)
    assert await batches.find(new.id) is None
    assert await balance(accounts, number) == (2_500, 0, 0)


async def test_a_batch_counts_as_one_when_it_is_taken_and_as_all_its_videos_afterwards(rows):
    accounts, batches = rows
    number = await account_of(accounts, 100_000)
    await batches.add(batch_of(number, [1000]), HOLDING)

    await batches.add(batch_of(number, [1000] * 10), HOLDING)

    with pytest.raises(TooManyRequests):
        await batches.add(batch_of(number, [1000]), HOLDING)
    assert await balance(accounts, number) == (89_000, 11_000, 11)


async def test_of_two_batches_by_one_key_one_is_kept(rows):
    accounts, batches = rows
    number = await account_of(accounts, 100_000)
    key = uuid.uuid4().bytes * 2

    ends = await asyncio.gather(
        *(batches.add(batch_of(number, [1000], key=key), HOLDING) for _ in range(2)), return_exceptions=True
    )

    assert sorted(type(end).__name__ for end in ends) == [KeyTaken.__name__, "NoneType"]
    assert await balance(accounts, number) == (99_000, 1_000, 1)
    assert await batches.of_key(key, NOW) is not None
    assert await batches.of_key(key, NOW + timedelta(days=1)) is None


async def test_a_key_may_be_used_again_once_its_time_is_over(rows):
    accounts, batches = rows
    number = await account_of(accounts, 100_000)
    key = uuid.uuid4().bytes * 2
    await batches.add(batch_of(number, [1000], key=key), HOLDING)
    later = batch_of(number, [1000], key=key)

    await batches.add(
        NewBatch(
            **{name: getattr(later, name) for name in later.__struct_fields__ if name != "created_at"},
            created_at=NOW + timedelta(days=1),
        ),
        HOLDING,
    )

    found = await batches.of_key(key, NOW + timedelta(hours=1))
    assert found is not None
    assert found.id == later.id
