"""SQLite: two programs on one file, a file that cannot be written, and threads that fail."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from lightning import Msat, Payment, PaymentHash, PaymentState, Preimage
from service.errors import NotRefundable, Unavailable
from service.orders.port import Filter
from service.refunds.refund import Refund, RefundState
from service.storage import refunds as service_refunds
from service.storage.lanes import Asked, Lane, Queue
from service.storage.orders import SqlOrders
from service.storage.refunds import SqlRefunds
from service.storage.retention import SqlRetention
from service.storage.schema import jobs, nodes, payments, refunds
from service.storage.sqlite import SqliteDatabase

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "db.sqlite3"


@pytest.fixture
async def database(path):
    async with SqliteDatabase.open(path, busy_timeout_s=0.2) as database:
        yield database


def put(pubkey: str, settle_index: int = 1):
    return lambda connection: connection.execute(
        nodes.insert().values(pubkey=pubkey, settle_index=settle_index)
    )


async def pubkeys(database) -> set[str]:
    return set(await database.read(lambda connection: connection.scalars(sa.select(nodes.c.pubkey)).all()))


@contextlib.contextmanager
def locked(path):
    """Another program is in the middle of writing."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_two_programs_that_read_before_they_write_lose_no_change(path):
    async with SqliteDatabase.open(path) as one, SqliteDatabase.open(path) as other:
        await one.write(put("a", 0))
        have_read, go_on = threading.Event(), threading.Event()

        def count(connection: sa.Connection, *, pause: bool) -> None:
            value = connection.execute(sa.select(nodes.c.settle_index)).scalar_one()
            if pause:
                have_read.set()
                go_on.wait()
            connection.execute(nodes.update().values(settle_index=value + 1))

        slow = asyncio.create_task(one.write(lambda connection: count(connection, pause=True)))
        await asyncio.to_thread(have_read.wait)
        quick = asyncio.create_task(other.write(lambda connection: count(connection, pause=False)))
        go_on.set()
        await asyncio.gather(slow, quick)

        assert await one.read(lambda connection: connection.scalar(sa.select(nodes.c.settle_index))) == 2


async def test_a_refund_that_is_paid_by_hand_while_another_invoice_is_bound_stays_refunded(
    closed_shop, monkeypatch
):
    async with closed_shop.open() as shop:
        await shop.paid()
    path = closed_shop.folder / "satspeak.sqlite3"
    async with SqliteDatabase.open(path) as service, SqliteDatabase.open(path) as command:
        await service.write(lambda c: c.execute(payments.update().values(status="paid", paid_at=0)))
        await service.write(lambda c: c.execute(jobs.insert().values(**failed_job())))
        row = refund(b"1", expires_at=NOW)
        await service.write(lambda c: c.execute(refunds.insert().values(**row)))
        give_way = service_refunds._give_way
        looked, go_on = threading.Event(), threading.Event()

        def give_way_later(*arguments: Any) -> None:
            looked.set()
            go_on.wait()
            give_way(*arguments)

        monkeypatch.setattr(service_refunds, "_give_way", give_way_later)
        new = as_refund(refund(b"2", expires_at=NOW + timedelta(days=1)))
        binding = asyncio.create_task(SqlRefunds(service).bind(new, NOW + timedelta(hours=1)))
        await asyncio.to_thread(looked.wait)
        by_hand = asyncio.create_task(SqlRefunds(command).end_by_hand(1, succeeded(b"1"), NOW))
        await asyncio.wait([by_hand], timeout=0.3)  # as long as it takes to get in between, where it could
        go_on.set()
        await asyncio.gather(binding, by_hand, return_exceptions=True)

        rows = sa.select(refunds.c.payment_hash, refunds.c.state)
        states = await service.read(lambda connection: [tuple(row) for row in connection.execute(rows)])
        status = await service.read(lambda connection: connection.scalar(sa.select(payments.c.status)))
        assert by_hand.exception() is None or isinstance(by_hand.exception(), NotRefundable)
        if by_hand.exception() is None:
            assert (states, status) == ([(b"1" * 32, "refunded")], "refunded")
        else:
            assert (sorted(states), status) == ([(b"1" * 32, "failed"), (b"2" * 32, "owed")], "paid")


def failed_job() -> dict[str, object]:
    """Return the row of a job that failed before it stored anything."""
    needed = [column for column in jobs.c if not column.nullable and not column.primary_key]
    row: dict[str, object] = {column.name: 0 for column in needed}
    return row | {
        "order_id": 1,
        "kind": "video",
        "state": "interrupted",
        "avatar": "a",
        "emotion": "b",
        "refused": True,
    }


def refund(digit: bytes, *, expires_at: datetime) -> dict[str, Any]:
    return {
        "payment_hash": digit * 32,
        "order_id": 1,
        "invoice": f"lnbc{digit.decode()}",
        "open_amount": False,
        "state": RefundState.OWED.value,
        "amount_msat": 1000,
        "fee_limit_msat": 10,
        "expires_at": round(expires_at.timestamp() * 1000),
        "created_at": 0,
    }


def as_refund(row: dict[str, Any]) -> Refund:
    return Refund(
        order_id=1,
        payment_hash=PaymentHash(row["payment_hash"]),
        invoice=str(row["invoice"]),
        open_amount=False,
        state=RefundState.OWED,
        amount_msat=Msat(1000),
        fee_limit_msat=Msat(10),
        fee_msat=None,
        preimage=None,
        failure=None,
        expires_at=NOW + timedelta(days=1),
        asked_at=None,
    )


def succeeded(digit: bytes) -> Payment:
    return Payment(
        payment_hash=PaymentHash(digit * 32),
        state=PaymentState.SUCCEEDED,
        fee=Msat(0),
        preimage=Preimage(digit * 32),
        failure=None,
    )


async def test_a_file_that_another_program_holds_is_unavailable_and_then_written(database, path):
    with locked(path):
        answers = await asyncio.gather(
            *(database.write(put(str(n))) for n in range(20)), return_exceptions=True
        )

    assert {type(answer) for answer in answers} == {Unavailable}
    await database.write(put("after"))
    assert await pubkeys(database) == {"after"}


async def test_a_file_that_is_held_can_be_read(database, path):
    await database.write(put("a"))

    with locked(path):
        assert await pubkeys(database) == {"a"}


async def test_on_a_full_disk_what_has_room_is_written_and_the_rest_is_unavailable(database):
    def fill(connection: sa.Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    await database.write(fill)

    small = asyncio.create_task(database.write(put("small")))
    large = asyncio.create_task(database.write(put("large" * 100_000)))
    await asyncio.wait([small, large])

    assert small.exception() is None
    assert isinstance(large.exception(), Unavailable)
    await database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1000000"))
    await database.write(put("later"))
    assert await pubkeys(database) == {"small", "later"}


async def test_a_reader_writes_nothing(database):
    with pytest.raises(Unavailable):
        await database.read(put("a"))


async def test_a_thread_that_fails_tells_who_waits_and_goes_on(database):
    def dies(_connection: sa.Connection) -> None:
        raise SystemExit

    def breaks(connection: sa.Connection) -> None:
        file = connection.connection.driver_connection
        assert file is not None
        file.close()

    def look(connection: sa.Connection) -> int:
        return connection.execute(sa.select(1)).scalar_one()

    for ask in (database.read, database.scan, database.write):
        for work in (dies, breaks, look):  # the look finds out
            with contextlib.suppress(SystemExit, sa.exc.SQLAlchemyError, sqlite3.Error):
                await ask(work)
        assert await asyncio.wait_for(ask(look), 5) == 1


async def test_who_looks_one_row_up_does_not_wait_for_a_long_list(database):
    go_on = threading.Event()
    scans = [asyncio.create_task(database.scan(lambda _: go_on.wait())) for _ in range(5)]
    await asyncio.sleep(0)

    assert await pubkeys(database) == set()

    go_on.set()
    await asyncio.gather(*scans)


async def test_a_shop_whose_file_is_held_says_try_again_and_sells_after_that(closed_shop, monkeypatch):
    monkeypatch.setattr("service.storage.sqlite.BUSY_TIMEOUT_S", 0.1)
    async with closed_shop.open() as shop:
        wish = {"text": "Hello there, my dear friend."}
        with locked(shop.folder / "satspeak.sqlite3"):
            answers: list[httpx.Response] = await asyncio.gather(
                *(shop.http.post("/lightning/request-video/text", json=wish) for _ in range(5))
            )

        assert {answer.status_code for answer in answers} == {503}
        assert all("Retry-After" in answer.headers for answer in answers)
        assert await shop.quote()


@pytest.fixture
def plans(database, monkeypatch):
    """How SQLite goes about each query from now on."""
    found: list[str] = []
    scan = database.scan

    async def explained(work: Any) -> Any:
        def work_and_tell(connection: sa.Connection) -> Any:
            def explain(
                _connection: object, cursor: Any, statement: str, parameters: Any, *_: object
            ) -> None:
                if statement.startswith("SELECT"):
                    plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                    found.extend(step for *_, step in plan)

            sa.event.listen(connection, "before_cursor_execute", explain)
            return work(connection)

        return await scan(work_and_tell)

    monkeypatch.setattr(database, "scan", explained)
    return found


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"created_from": NOW, "created_to": NOW}, "orders_by_creation"),
        ({"paid_from": NOW}, "payments_by_receipt"),
        ({"paid_to": NOW}, "payments_by_receipt"),
        ({"paid_from": NOW, "paid_to": NOW}, "payments_by_receipt"),
    ],
)
async def test_a_list_of_a_time_never_goes_through_what_is_of_another(database, plans, wanted, index):
    nothing = dict.fromkeys(("before_id", "status", "created_from", "created_to", "paid_from", "paid_to"))

    await SqlOrders(database).page(Filter(**{**nothing, **wanted}), limit=100)

    assert any(step.startswith("SEARCH") and index in step for step in plans), plans


async def test_the_books_and_the_sweep_never_go_through_what_nobody_paid(database, plans):
    await SqlRefunds(database).ledger()
    await SqlOrders(database).tally(NOW)
    await SqlRetention(database).unpaid(node="02", before=NOW, limit=500)

    assert plans
    scans = [step for step in plans if step.startswith("SCAN") and "payments" in step]
    assert all("payments_received" in step for step in scans), plans
    assert any("orders_with_input" in step for step in plans), plans


@contextlib.asynccontextmanager
async def counting_queue(rest_s: float):
    """A lane with nothing to do, and how many it was given at each turn."""
    turns: list[int] = []

    def run(_connection: sa.Connection, asked: Sequence[Asked[Any]]) -> list[Any]:
        turns.append(len(asked))
        return [None] * len(asked)

    async with Lane.open(sa.create_engine("sqlite://", poolclass=sa.NullPool)) as lane:
        yield Queue([lane], run, rest_s=rest_s), turns


def nothing() -> Asked[None]:
    return Asked(lambda _connection, rows: [None] * len(rows), None)


async def test_who_writes_while_many_write_waits_for_company():
    async with counting_queue(rest_s=0.5) as (queue, turns):
        await asyncio.gather(queue.ask(nothing()), queue.ask(nothing()))

        first = asyncio.create_task(queue.ask(nothing()))
        await asyncio.to_thread(
            lambda: None
        )  # the loop came round: a lane that did not rest would have begun
        await asyncio.gather(first, queue.ask(nothing()))

        assert turns == [2, 2]


async def test_who_writes_alone_waits_for_nobody():
    async with counting_queue(rest_s=3600) as (queue, turns):
        for _ in range(3):
            await queue.ask(nothing())

        assert turns == [1, 1, 1]


async def test_what_goes_with_nothing_else_ends_the_rest():
    async with counting_queue(rest_s=3600) as (queue, turns):
        await asyncio.gather(queue.ask(nothing()), queue.ask(nothing()))
        waiting = asyncio.create_task(queue.ask(nothing()))
        await asyncio.sleep(0)  # it has asked

        async with asyncio.timeout(30):
            await queue.ask(Asked(lambda _connection, _rows: [None], None, together=False))
            await waiting

        assert turns == [2, 2]
