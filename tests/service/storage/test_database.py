"""The writer: what waits together is committed together, and fails alone."""

import asyncio
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from service.storage.database import Database
from service.storage.migrate import upgrade
from service.storage.orders import SqlOrders
from service.storage.postgres import PostgresDatabase
from service.storage.schema import metadata, nodes
from service.storage.sqlite import SqliteDatabase


@pytest.fixture(params=["sqlite", "postgres"])
def kind(tmp_path, request):
    if request.param == "sqlite":
        return SqliteDatabase.open(tmp_path / "db.sqlite3")
    return PostgresDatabase.open(request.getfixturevalue("database_url"))


@pytest.fixture
async def database(kind):
    async with kind as database:
        yield database


def row(pubkey: str) -> dict[str, object]:
    return {"pubkey": pubkey, "settle_index": 1}


def add(connection: sa.Connection, rows: Sequence[dict[str, object]]) -> Sequence[None]:
    connection.execute(nodes.insert(), rows)
    return [None] * len(rows)


async def pubkeys(database: Database) -> set[str]:
    query = sa.select(nodes.c.pubkey)
    return set(await database.read(lambda connection: connection.execute(query).scalars().all()))


async def test_what_is_written_is_there_for_readers(database):
    await asyncio.gather(*(database.add(add, row(str(n))) for n in range(50)))

    assert {str(n) for n in range(50)} == await pubkeys(database)


async def test_a_unit_that_fails_takes_no_other_with_it(database):
    def broken(connection: sa.Connection) -> None:
        connection.execute(nodes.insert(), [row("lost")])
        raise ZeroDivisionError

    results = await asyncio.gather(
        database.add(add, row("a")),
        database.write(broken),
        database.write(lambda connection: connection.execute(nodes.insert(), [row("b")])),
        return_exceptions=True,
    )

    assert isinstance(results[1], ZeroDivisionError)
    assert {"a", "b"} == await pubkeys(database)


async def test_a_writer_that_was_cancelled_does_not_stop_the_others(database):
    cancelled = asyncio.create_task(database.add(add, row("a")))
    await asyncio.sleep(0)
    cancelled.cancel()

    await database.add(add, row("b"))

    assert "b" in await pubkeys(database)


async def test_the_migrations_make_the_tables_that_the_code_uses(database):
    def differences(connection: sa.Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await database.read(differences) == []


async def test_an_order_of_the_first_version_is_there_after_an_upgrade(tmp_path):
    path = tmp_path / "db.sqlite3"
    with sa.create_engine(f"sqlite:///{path}").connect() as connection:
        upgrade(connection, to="0001")
        row = {"invoice": "lnbc1", "payment_hash": b"1", "status": "pending", "refund_hash": b"2"}
        numbers = dict.fromkeys(("duration_ms", "amount_sat", "usd_micros", "created_at", "expires_at"), 1)
        old = sa.table("orders", *map(sa.column, (*row, *numbers)))
        connection.execute(old.insert().values(**row, **numbers))
        connection.commit()

    async with SqliteDatabase.open(path) as database:
        order = await SqlOrders(database).find("lnbc1")

    assert order is not None
    assert order.claim_hash is None


async def test_a_quote_gets_the_number_of_its_own_row(database):
    def numbered(connection: sa.Connection, rows: Sequence[dict[str, object]]) -> Sequence[object]:
        add(connection, rows)
        return [each["pubkey"] for each in rows]

    assert [str(n) for n in range(50)] == list(
        await asyncio.gather(*(database.add(numbered, row(str(n))) for n in range(50)))
    )


async def test_a_commit_to_a_file_waits_for_the_disk(tmp_path):
    def pragmas(connection: sa.Connection) -> tuple[object, object]:
        return connection.exec_driver_sql("PRAGMA journal_mode").scalar(), connection.exec_driver_sql(
            "PRAGMA synchronous"
        ).scalar()

    async with SqliteDatabase.open(tmp_path / "db.sqlite3") as database:
        assert await database.read(pragmas) == ("wal", 2)
