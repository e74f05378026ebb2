"""How the desk looks things up: by an index, few at once, and what is over only now and then."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from service.desk.money import Money
from service.desk.port import Shelf
from service.storage.desk import AT_ONCE, Room, SqlDesk
from service.storage.desk_books import SqlBooks
from service.storage.refunds import SqlRefunds
from service.storage.sqlite import SqliteDatabase

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path):
    async with SqliteDatabase.open(tmp_path / "satspeak.sqlite3") as database:
        yield database


class Explaining:
    """Runs reads, and notes how SQLite goes about each query."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self.steps: list[str] = []

    async def scan(self, work: Any) -> Any:
        def work_and_tell(connection: sa.Connection) -> Any:
            def explain(
                _connection: object, cursor: Any, statement: str, parameters: Any, *_: object
            ) -> None:
                plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                self.steps.extend(step for *_, step in plan)

            sa.event.listen(connection, "before_cursor_execute", explain)
            try:
                return work(connection)
            finally:
                sa.event.remove(connection, "before_cursor_execute", explain)

        return await self._database.scan(work_and_tell)


@pytest.fixture
def explaining(database):
    return Explaining(database)


def goes_through(steps: list[str]) -> list[str]:
    """What is read from end to end: of a list that ends after a page, in the order of an index, that is no matter."""
    tables = ("orders", "payments", "jobs", "outbox", "segments")
    return [step for step in steps if step.startswith("SCAN") and any(name in step for name in tables)]


@pytest.mark.parametrize(
    ("shelf", "index"),
    [
        (None, "PRIMARY KEY"),
        *((shelf, "payments_by_status") for shelf in Shelf if shelf not in (Shelf.FAILED, Shelf.RENDERING)),
        (Shelf.FAILED, "jobs_failed"),
        (Shelf.RENDERING, "jobs_making"),
    ],
)
async def test_a_page_of_orders_is_read_in_the_order_of_an_index(explaining, shelf, index):
    await SqlDesk(Room(explaining)).page(shelf, below=1000, limit=50)

    assert any(index in step for step in explaining.steps), explaining.steps
    assert not goes_through(explaining.steps), explaining.steps
    if shelf not in (Shelf.FAILED, Shelf.RENDERING):  # a page of numbers, which are then put in order
        assert not any("TEMP B-TREE" in step for step in explaining.steps), explaining.steps


async def test_nothing_of_the_desk_goes_through_a_whole_table(explaining):
    room = Room(explaining)
    desk, books = SqlDesk(room), SqlBooks(room)
    await desk.story(1, pieces=100)
    await desk.find(order_id=1)
    await desk.find(payment_hash=bytes(32))
    await desk.find(invoice="lnbc1")
    await desk.find(public_id="a")
    await desk.dead(above=0, limit=50)
    await books.shares(NOW - timedelta(days=1), NOW)
    await books.receipts(NOW - timedelta(days=9), NOW, after=None, limit=500)
    await books.receipts(NOW - timedelta(days=9), NOW, after=(NOW, 3), limit=500)

    assert not goes_through(explaining.steps), explaining.steps


async def test_debts_are_found_without_going_through_all_payments(explaining):
    refunds = SqlRefunds(explaining)
    await refunds.debts()

    assert any("jobs_failed" in step for step in explaining.steps), explaining.steps
    assert not [step for step in goes_through(explaining.steps) if "jobs_failed" not in step]


async def test_the_desk_never_takes_more_than_its_share_of_the_database():
    going, most = 0, 0
    full, go = asyncio.Event(), asyncio.Event()

    class Slow:
        async def scan(self, work: Any) -> None:
            nonlocal going, most
            going += 1
            most = max(most, going)
            if going == AT_ONCE:
                full.set()
            await go.wait()
            going -= 1

    room = Room(Slow())  # type: ignore[arg-type]  # all that it is asked for
    looks = [asyncio.create_task(room.scan(lambda _connection: None)) for _ in range(10)]
    await asyncio.wait_for(full.wait(), 10)
    go.set()
    await asyncio.gather(*looks)

    assert most == AT_ONCE


async def test_days_that_are_over_are_added_up_once_an_hour_and_today_anew(database):
    asked: list[str] = []

    class Counting(SqlBooks):
        async def shares(self, since: datetime, until: datetime) -> Any:
            asked.append(f"{since:%d}")
            return await super().shares(since, until)

    now = NOW
    money = Money(Counting(Room(database)), lambda: now)

    async def looked_at() -> list[str]:
        asked.clear()
        await money.figures(7)
        return list(asked)

    week = ["27", "28", "01", "02", "03", "04", "05"]
    assert await looked_at() == week
    assert await looked_at() == []
    now += timedelta(seconds=6)
    assert await looked_at() == ["05"]
    now += timedelta(hours=1, seconds=1)
    assert await looked_at() == week
    now = NOW.replace(hour=23, minute=59, second=59)
    await looked_at()
    now += timedelta(seconds=2)  # of the fifth only the last look but one was the whole
    assert await looked_at() == ["05", "06"]
