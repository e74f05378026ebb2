"""The writer: what waits together is committed together, and fails alone."""

import asyncio
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from service.storage.database import Database
from service.storage.lookups import Lookup
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


BY_PUBKEY = Lookup(sa.select(nodes), nodes.c.pubkey)


async def test_each_who_looks_at_the_same_time_gets_its_own_row(database):
    await asyncio.gather(*(database.add(add, {"pubkey": str(n), "settle_index": n}) for n in range(50)))

    keys = [str(n % 60) for n in range(120)]
    rows = await asyncio.gather(*(database.look(BY_PUBKEY, key) for key in keys))

    assert [None if row is None else row[nodes.c.pubkey] for row in rows] == [
        key if int(key) < 50 else None for key in keys
    ]
    assert rows[7] == {nodes.c.pubkey: "7", nodes.c.settle_index: 7, nodes.c.payment_hash: None}


async def test_a_look_sees_what_was_written_just_before(database):
    for n in range(20):
        await database.add(add, row(str(n)))

        assert await database.look(BY_PUBKEY, str(n)) is not None


async def test_a_row_is_told_in_the_same_types_however_it_is_read(database):
    query = sa.select(sa.true().label("yes"), nodes.c.pubkey, nodes.c.payment_hash).select_from(nodes)
    await database.add(add, row("a") | {"payment_hash": b"\x00\xff"})

    [read] = await database.read(lambda connection: connection.execute(query).all())
    looked = await database.look(Lookup(query, nodes.c.pubkey), "a")

    assert [True, "a", b"\x00\xff"] == list(read) == list(looked.values())
    assert [bool, str, bytes] == [type(value) for value in looked.values()]


async def test_what_cannot_be_looked_up_is_told_as_of_any_other_read(database):
    await database.write(lambda connection: connection.execute(sa.text("DROP TABLE nodes")))

    with pytest.raises(sa.exc.DBAPIError, match="nodes"):
        await database.look(BY_PUBKEY, "a")


async def test_who_stops_to_look_takes_nobody_along(database):
    await database.add(add, row("a"))
    impatient, patient = (asyncio.create_task(database.look(BY_PUBKEY, "a")) for _ in range(2))
    await asyncio.sleep(0)

    impatient.cancel()

    assert (await patient)[nodes.c.pubkey] == "a"
