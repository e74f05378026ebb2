"""A database of the version before is brought up to date without losing a row or a value."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from service.orders.order import Status
from service.storage.migrate import FOLDER, newest, upgrade, version

BEFORE = "0007"

RENAMED = {"repeats": "idempotency_keys"}

STATES = ("rendering", "interrupted", "ready", "deleted")


def old_rows() -> dict[str, list[dict[str, object]]]:
    """Rows of every table of the version before: orders in each status, videos in each state."""
    orders: list[dict[str, object]] = []
    videos: list[dict[str, object]] = []
    pieces: dict[str, list[dict[str, object]]] = {"segments": [], "speech": []}
    for number in range(1, 41):
        status = list(Status)[number % 6].value
        paid = status in ("paid", "refunded")
        orders.append({
            "id": number * 3, "invoice": f"lnbc{number}", "payment_hash": number.to_bytes(32), "status": status,
            "text": f"text {number}" if number % 5 else None, "upload": None if number % 5 else f"uploads/{number}.pcm",
            "duration_ms": 1000 + number, "amount_sat": 10 + number, "usd_micros": 10_000 + number,
            "avatar": "arab_man" if number % 2 else None, "emotion": None,
            "language": "de" if number % 3 else None, "voice": None,
            "refund_hash": bytes([number]) * 32, "claim_hash": bytes([number]) * 32 if number % 4 == 0 else None,
            "created_at": 1_700_000_000_000 + number, "expires_at": 1_700_000_900_000 + number,
            "paid_at": 1_700_000_100_000 if paid else None, "paid_msat": 10_500 + number if paid else None,
            "forgotten_at": 1_700_001_000_000 if number % 7 == 0 else None, "hold": number % 2 == 0,
        })  # fmt: skip
        if paid:
            state = STATES[number % 4]
            videos.append({
                "order_id": number * 3, "state": state, "attempt": 2, "owner": "me", "lease_until": 1_700_000_200_000,
                "tries": 40 if number % 8 == 1 else 1, "base_frames": 0,
                "failure": "no" if state == "interrupted" else None, "refused": number % 16 == 5,
                "avatar": "arab_man", "emotion": "happy", "language": "de", "voice": None, "init": b"init",
                "segments": 2, "frames": 24, "size": 60, "engine": "{}" if state == "ready" else None,
                "object": f"videos/{number * 3}.mp4" if state == "ready" else None,
            })  # fmt: skip
            for n in range(2):
                key = {"order_id": number * 3, "n": n, "object": f"pieces/{number * 3}/2-{n}"}
                pieces["segments"].append(
                    {**key, "first_frame": n * 12, "frames": 12, "offset": 4 + n * 28, "size": 28}
                )
                pieces["speech"].append({**key, "samples": 100, "sample_rate": 24000, "spoken": 3 + n})
    return {
        "orders": orders,
        "videos": videos,
        **pieces,
        "refunds": [{
            "payment_hash": b"r" * 32, "order_id": 15, "invoice": "lnbcrefund", "open_amount": False,
            "state": "refunded", "amount_msat": 9000, "fee_limit_msat": 1000, "fee_msat": 3,
            "preimage": b"p" * 32, "failure": None,
            "expires_at": 1_700_003_000_000, "created_at": 1_700_000_300_000, "asked_at": 1_700_000_300_001,
            "ended_at": 1_700_000_300_002,
        }],
        "repeats": [{
            "key_hash": b"k" * 32, "fingerprint": b"f" * 32, "salt": b"s" * 32, "order_id": 3, "expires_at": 1,
        }],
        "deletions": [{"order_id": 21}],
        "preimages": [{"payment_hash": (2).to_bytes(32), "preimage": b"p" * 32}],
        "nodes": [{"pubkey": "02aa", "settle_index": 17}],
        "keys": [{"name": "me", "prefix": "sk", "hash": b"h" * 32, "scopes": "payments:read", "created_at": 1}],
    }  # fmt: skip


def an_order(connection, **more):
    """Put an order into a database as it is then; its row."""
    order = {
        "id": 7, "text": "Hello.", "duration_ms": 900, "amount_sat": 14, "usd_micros": 9000, "avatar": "ann",
        "refund_hash": bytes(32), "created_at": 1, **more,
    }  # fmt: skip
    orders = sa.Table("orders", sa.MetaData(), autoload_with=connection)
    connection.execute(orders.insert(), [order])
    connection.commit()
    [row] = connection.execute(sa.select(orders)).mappings()
    return dict(row)


def an_account(**changes: object) -> dict[str, object]:
    """A row of an account with nine seconds, which are free unless it is said otherwise."""
    usual: dict[str, object] = {
        "id": 7, "name": "app", "house": False, "granted_ms": 9000, "free_ms": 9000, "reserved_ms": 0,
        "used_ms": 0, "open": 0, "most_open": None, "created_at": 1,
    }  # fmt: skip
    return {**usual, **changes}


def fill(connection: sa.Connection, rows: dict[str, list[dict[str, object]]]) -> None:
    for name, values in rows.items():
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        connection.execute(table.insert(), values)
    if connection.dialect.name == "postgresql":  # which counts only what it numbers itself
        connection.exec_driver_sql("SELECT setval('orders_id_seq', (SELECT max(id) FROM orders))")
    connection.commit()


def check(connection: sa.Connection, rows: dict[str, list[dict[str, object]]]) -> None:
    """Every value of before is found in one of the tables of now."""

    def now(query: str) -> list[dict[str, object]]:
        return [dict(row) for row in connection.exec_driver_sql(query).mappings()]

    def same(old: list[dict[str, object]], new: list[dict[str, object]]) -> None:
        assert old == [{key: row[key] for key in old[0]} for row in new]

    joined = now(
        "SELECT orders.*, invoice, payment_hash, status, expires_at, paid_at, paid_msat, kind, node FROM orders"
        " JOIN payments ON payments.order_id = orders.id ORDER BY orders.id"
    )
    same([{key: value for key, value in row.items() if key != "hold"} for row in rows["orders"]], joined)
    assert ["hold" if row["hold"] else "lightning" for row in rows["orders"]] == [
        row["kind"] for row in joined
    ]
    assert {None} == {row["node"] for row in joined}
    jobs = now("SELECT * FROM jobs ORDER BY id")
    told = [{**row, "refused": bool(row["refused"])} for row in jobs]
    same([{**row, "state": state_now(row, rows)} for row in rows["videos"]], told)
    for row in jobs:
        # The second of two segments may be the last, which is withheld until the end is there.
        whole = row["state"] in ("ready", "deleted")
        assert (row["playable_frames"], row["playable_size"]) == ((24, 60) if whole else (12, 32))
        assert (row["finished_at"] is not None) == (row["state"] == "ready")
        assert (row["edition"], row["queued_at"], row["delivered_at"]) == (0, None, None)
    assert all(row["id"] == row["order_id"] and row["kind"] == "video" for row in jobs)
    for name in ("segments", "speech"):
        old = [{**row, "job_id": row["order_id"]} for row in rows[name]]
        for row in old:
            del row["order_id"]
        same(old, now(f"SELECT * FROM {name} ORDER BY job_id, n"))
    same(rows["repeats"], now("SELECT * FROM idempotency_keys"))
    for name in ("refunds", "deletions", "preimages", "nodes", "keys"):
        same(rows[name], now(f"SELECT * FROM {name}"))


def state_now(video: dict[str, object], rows: dict[str, list[dict[str, object]]]) -> object:
    """Videos that the version before had given up, or whose money went back, have failed."""
    status = next(order["status"] for order in rows["orders"] if order["id"] == video["order_id"])
    bound = video["order_id"] in [refund["order_id"] for refund in rows["refunds"]]
    over = video["refused"] or video["tries"] == 40 or status == "refunded" or bound
    return "failed" if over and video["state"] in ("rendering", "interrupted") else video["state"]


def number_after(connection: sa.Connection, table: str) -> int:
    """Add a row and tell its number."""
    row = {
        "orders": "INSERT INTO orders (duration_ms, amount_sat, usd_micros, refund_hash, created_at)"
        " VALUES (1, 1, 1, '1', 1) RETURNING id",
        "jobs": "INSERT INTO jobs (order_id, kind, state, attempt, lease_until, tries, base_frames, refused, avatar,"
        " emotion, segments, frames, size, edition, playable_frames, playable_size)"
        " VALUES (9, 'video', 'ready', 1, 1, 0, 0, false, 'a', 'b', 0, 0, 0, 0, 0, 0)"
        " RETURNING id",
    }[table]
    return int(connection.exec_driver_sql(row).scalar_one())


def migrate(connection: sa.Connection) -> None:
    upgrade(connection, to=BEFORE)
    rows = old_rows()
    fill(connection, rows)
    upgrade(connection)
    check(connection, rows)
    assert number_after(connection, "orders") == 40 * 3 + 1
    assert number_after(connection, "jobs") == max(int(str(row["order_id"])) for row in rows["videos"]) + 1


def test_sqlite_keeps_every_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        migrate(connection)


async def test_postgresql_keeps_every_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


def everything(connection: sa.Connection) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables."""
    return {
        table: sorted(
            (dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}").mappings()), key=repr
        )
        for table in sa.inspect(connection).get_table_names()
        if table not in ("alembic_version", "sqlite_sequence")
    }


NOW_UNIQUE = {"live_sessions_by_account"}
"""Indexes that were not, in older versions."""


def indexes(connection: sa.Connection) -> set[tuple[Any, ...]]:
    """All indexes of all tables."""
    inspector = sa.inspect(connection)
    return {
        (table, index["name"], tuple(index["column_names"]), index["unique"] or index["name"] in NOW_UNIQUE)
        for table in inspector.get_table_names()
        for index in inspector.get_indexes(table)
    }


def renamed(table: str, name: str, *rest: object) -> tuple[object, ...]:
    """Tell what an index is called now."""
    now = RENAMED.get(table, table)
    return now, name.replace(table, now), *rest


def add_accounts(connection: sa.Connection) -> None:
    """Bring a database that has orders, payments and jobs apart up to date: every row is there, and every value."""
    upgrade(connection, to=BEFORE)
    fill(connection, old_rows())
    upgrade(connection, to="0008")
    before = everything(connection)
    had = indexes(connection)
    connection.commit()

    upgrade(connection)

    now = everything(connection)
    for table, rows in before.items():
        columns = list(rows[0])
        assert rows == sorted(
            ({name: row[name] for name in columns} for row in now[RENAMED.get(table, table)]), key=repr
        )
    assert {renamed(*index) for index in had} <= indexes(connection)
    assert {row["account_id"] for row in now["keys"]} == {None}
    assert len(before["payments"]) == 40
    [named] = now["identity"]
    assert len(str(named["id"])) == 32
    connection.commit()
    upgrade(connection)  # as at the next start
    assert everything(connection)["identity"] == [named]


def test_accounts_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_accounts(connection)


async def test_accounts_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_accounts)
    await engine.dispose()


def start_twice(connection: sa.Connection) -> None:
    upgrade(connection)
    assert version(connection) == newest()
    connection.commit()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "upgrade", None)
        upgrade(connection)


def test_a_file_that_is_up_to_date_costs_a_look(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'orders.db'}").connect() as connection:
        start_twice(connection)


async def test_a_server_that_is_up_to_date_costs_a_look(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.connect() as connection:
        await connection.run_sync(start_twice)
    await engine.dispose()


def test_the_newest_migration_is_the_one_that_alembic_ends_with():
    assert newest() == ScriptDirectory(FOLDER).get_current_head()


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        upgrade(connection, to=BEFORE)
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        rows = old_rows()
        rows["segments"].append({**rows["segments"][0], "order_id": 4})  # of a video that is not there
        fill(connection, rows)

        with pytest.raises(AssertionError, match="refer"):
            upgrade(connection)

        tables = sa.inspect(connection).get_table_names()
    assert "videos" in tables
    assert "payments" not in tables


def add_prepaid(connection: sa.Connection) -> None:
    """Bring a database with accounts, top-ups and jobs up to date: every row is there, and what refers to them."""
    upgrade(connection, to=BEFORE)
    fill(connection, old_rows())
    upgrade(connection, to="0010")
    account = an_account(free_ms=5000, reserved_ms=1000, used_ms=3000, open=1)
    payment: dict[str, object] = {
        "id": 900, "order_id": None, "kind": "lightning", "invoice": "lnbctopup", "payment_hash": b"t" * 32,
        "node": "02aa", "status": "paid", "expires_at": 5, "paid_at": 4, "paid_msat": 9000, "giving_back": False,
    }  # fmt: skip
    top_up: dict[str, object] = {
        "payment_id": 900, "account_id": 7, "ms": 9000, "amount_sat": 9, "usd_micros": 9, "created_at": 1,
    }  # fmt: skip
    fill(
        connection,
        {
            "accounts": [account],
            "ledger": [{"account_id": 7, "move": "top-up", "ref": "74" * 32, "ms": 9000, "at": 4}],
            "reservations": [
                {"ref": "session", "account_id": 7, "held_ms": 1000, "used_ms": 0, "until": 99}
            ],
            "payments": [payment],
            "top_ups": [top_up],
        },
    )  # fmt: skip
    before = everything(connection)
    had = indexes(connection)
    connection.commit()

    upgrade(connection)

    now = everything(connection)
    for table, rows in before.items():
        columns = list(rows[0])
        assert rows == sorted(
            ({name: row[name] for name in columns} for row in now[RENAMED.get(table, table)]), key=repr
        )
    assert {renamed(*index) for index in had} <= indexes(connection)
    assert {(row["account_id"], row["public_id"]) for row in now["orders"]} == {(None, None)}
    connection.commit()
    with pytest.raises(
        sa.exc.IntegrityError
    ):  # an invoice is left out by who pays from an account, and by nobody else
        connection.exec_driver_sql("UPDATE payments SET invoice = NULL WHERE id = 900")
    connection.rollback()


def test_orders_of_accounts_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_prepaid(connection)


async def test_orders_of_accounts_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_prepaid)
    await engine.dispose()


def add_receivers(connection: sa.Connection) -> None:
    """Bring a database with letters, top-ups and keys of accounts up to date: every row is there."""
    upgrade(connection, to="0015")
    account = an_account(name=None, granted_ms=0, free_ms=0)
    order: dict[str, object] = {
        "id": 3, "text": "text", "duration_ms": 1000, "amount_sat": 10, "usd_micros": 10, "refund_hash": b"r" * 32,
        "created_at": 1,
    }  # fmt: skip
    payment: dict[str, object] = {
        "id": 4, "order_id": 3, "kind": "lightning", "invoice": "lnbc1", "payment_hash": b"h" * 32, "status": "paid",
        "expires_at": 2, "giving_back": False,
    }  # fmt: skip
    top_up_payment = {**payment, "id": 5, "order_id": None, "invoice": "lnbc2", "payment_hash": b"i" * 32}
    letters: list[dict[str, object]] = [
        {
            "id": n, "order_id": 3, "message_id": f"msg_{n}", "event": "video.ready", "state": "dead", "tries": n,
            "next_at": 5, "happened_at": 4, "first_at": None, "failure": "status 500",
        }
        for n in (11, 12)
    ]  # fmt: skip
    scopes = ("account:read video:make", "account:read", "payments:read")
    fill(
        connection,
        {
            "accounts": [account, {**account, "id": 8}],
            "orders": [order],
            "payments": [payment, top_up_payment],
            "top_ups": [
                {"payment_id": 5, "account_id": 7, "ms": 9, "amount_sat": 9, "usd_micros": 9, "created_at": 1}
            ],
            "webhooks": [{"order_id": 3, "url": "https://a", "secret": "whsec_"}],
            "outbox": letters,
            "keys": [
                {
                    "name": f"{n}", "prefix": "sk", "hash": bytes([n]) * 32, "scopes": said,
                    "account_id": 7 if n < 2 else None, "created_at": 1,
                }
                for n, said in enumerate(scopes)
            ],
        },
    )  # fmt: skip
    connection.exec_driver_sql("DELETE FROM outbox WHERE id = 12")  # its number is nobody else's
    before, had = everything(connection), indexes(connection)
    connection.commit()

    upgrade(connection)

    now = everything(connection)
    for table, rows in before.items():
        if table == "keys" or not rows:
            continue
        columns = list(rows[0])
        assert rows == sorted(({name: row[name] for name in columns} for row in now[table]), key=repr)
    assert had <= indexes(connection)
    assert sorted(str(row["scopes"]) for row in now["keys"]) == [
        "account:read",
        "account:read account:write media:write video:make",
        "payments:read",
    ]
    addresses = [str(row["address"]) for row in now["accounts"]]
    assert len(set(addresses)) == 2
    assert all(len(address) == 26 for address in addresses)
    if connection.dialect.name == "sqlite":
        added = connection.exec_driver_sql(
            "INSERT INTO outbox (account_id, message_id, event, state, tries, next_at, happened_at)"
            " VALUES (7, 'msg_13', 'balance.low', 'waiting', 0, 1, 1) RETURNING id"
        )
        assert added.scalar_one() == 13
    connection.rollback()


def test_receivers_of_accounts_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_receivers(connection)


async def test_receivers_of_accounts_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_receivers)
    await engine.dispose()


def add_stages(connection: sa.Connection) -> None:
    """Bring a database of the version before stages up to date: no order has one, and one can have one."""
    upgrade(connection, to="0017")
    before = an_order(connection)
    had = indexes(connection)
    connection.commit()

    upgrade(connection)

    now = sa.Table("orders", sa.MetaData(), autoload_with=connection)
    [after] = [dict(row) for row in connection.execute(sa.select(now)).mappings()]
    assert (after.pop("stage"), after.pop("percent")) == (None, None)
    assert after.pop("background") is None  # of a later version
    assert after == before
    assert had <= indexes(connection)
    connection.execute(now.insert(), [{**before, "id": 8, "stage": "{}", "percent": 150}])
    connection.commit()


def test_stages_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_stages(connection)


async def test_stages_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_stages)
    await engine.dispose()


def add_backgrounds(connection: sa.Connection) -> None:
    """Bring a database of the version before backgrounds up to date: a stage stays what it was."""
    upgrade(connection, to="0024")
    before = an_order(connection, stage='{"width":640}', percent=100)
    had = indexes(connection)
    connection.commit()

    upgrade(connection)

    now = sa.Table("orders", sa.MetaData(), autoload_with=connection)
    [after] = [dict(row) for row in connection.execute(sa.select(now)).mappings()]
    assert after.pop("background") is None
    assert after == before
    assert had <= indexes(connection)
    connection.execute(now.insert(), [{**before, "id": 8, "background": "backgrounds/1"}])
    connection.commit()


def test_backgrounds_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_backgrounds(connection)


async def test_backgrounds_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_backgrounds)
    await engine.dispose()


def add_answers(connection: sa.Connection) -> None:
    """Bring a database of the version before kept answers up to date: an answer can be kept, and all is there."""
    upgrade(connection, to="0025")
    before = an_order(connection)
    had = indexes(connection)
    connection.commit()

    upgrade(connection)

    orders, answers = (
        sa.Table(name, sa.MetaData(), autoload_with=connection) for name in ("orders", "answers")
    )
    [after] = [dict(row) for row in connection.execute(sa.select(orders)).mappings()]
    assert before.items() <= after.items()
    assert had <= indexes(connection)
    answer = {"key_hash": b"k" * 32, "fingerprint": b"f" * 32, "answer": "{}", "expires_at": 1}
    connection.execute(answers.insert(), [answer])
    connection.commit()


def test_answers_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_answers(connection)


async def test_answers_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_answers)
    await engine.dispose()


def add_batches(connection: sa.Connection) -> None:
    """Bring a database of the version before batches up to date: every row is there, and a batch can be."""
    before_it = ScriptDirectory(str(FOLDER)).get_revision("0020").down_revision
    assert isinstance(before_it, str)
    upgrade(connection, to=before_it)
    account = an_account(address="a" * 26)
    order: dict[str, object] = {
        "id": 3, "text": "Hello.", "duration_ms": 900, "amount_sat": 0, "usd_micros": 0, "refund_hash": b"r" * 32,
        "created_at": 2, "account_id": 7, "public_id": "film",
    }  # fmt: skip
    for name, row in {"accounts": account, "orders": order}.items():
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        connection.execute(table.insert(), [{key: row[key] for key in row.keys() & table.c.keys()}])
    connection.commit()
    before = everything(connection)
    had = indexes(connection)
    connection.commit()

    upgrade(connection)

    now = everything(connection)
    assert [now.pop(name) for name in ("batches", "batch_parts", "video_requests")] == [[], [], []]
    for name, rows in before.items():
        assert rows == [{key: row[key] for key in rows[0]} for row in now[name]] if rows else True
    assert had <= indexes(connection)
    for statement in (
        "INSERT INTO batches (id, account_id, created_at) VALUES ('both', 7, 4)",
        "INSERT INTO batch_parts (batch_id, n, order_id) VALUES ('both', 0, 3)",
        "INSERT INTO batch_parts (batch_id, n, refusal) VALUES ('both', 1, 'no')",
        "INSERT INTO video_requests (order_id, asked) VALUES (3, '{}')",
    ):
        connection.exec_driver_sql(statement)
    connection.commit()


def test_batches_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_batches(connection)


async def test_batches_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_batches)
    await engine.dispose()


def add_own_receivers(connection: sa.Connection) -> None:
    """Bring a database whose orders have receivers up to date: each is its account's, or an order's without one."""
    upgrade(connection, to="0017")
    order: dict[str, object] = {
        "id": 3, "text": "text", "duration_ms": 1000, "amount_sat": 10, "usd_micros": 10, "refund_hash": b"r" * 32,
        "created_at": 1,
    }  # fmt: skip
    webhook = {"order_id": 3, "url": "https://a", "secret": "whsec_"}
    fill(connection, {"orders": [order], "webhooks": [webhook]})
    before, had = everything(connection), indexes(connection)
    connection.commit()

    upgrade(connection)

    now = everything(connection)
    assert [{**row, "own": bool(row["own"])} for row in now["webhooks"]] == [{**webhook, "own": False}]
    assert before["orders"] == [{name: row[name] for name in before["orders"][0]} for row in now["orders"]]
    assert had <= indexes(connection)
    connection.rollback()


def test_receivers_of_single_videos_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_own_receivers(connection)


async def test_receivers_of_single_videos_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_own_receivers)
    await engine.dispose()


def add_live_sessions(connection: sa.Connection) -> None:
    """Bring a database of the version before live sessions up to date: every row is there, and a session can be."""
    upgrade(connection, to="0016")
    account = an_account(free_ms=8000, reserved_ms=1000, open=1)
    held: dict[str, object] = {"ref": "video", "account_id": 7, "held_ms": 1000, "used_ms": 0, "until": None}
    moves: list[dict[str, object]] = [
        {"account_id": 7, "move": "grant", "ref": "first", "ms": 9000, "at": 4},
        {"account_id": 7, "move": "reserve", "ref": "video", "ms": 1000, "at": 5},
    ]
    for name, rows in {"accounts": [account], "ledger": moves, "reservations": [held]}.items():
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        connection.execute(table.insert(), rows)
    connection.commit()
    before = everything(connection)
    had = indexes(connection)
    connection.commit()

    upgrade(connection)

    now = everything(connection)
    assert now.pop("live_sessions") == []
    assert before == {name: now[name] for name in before}
    assert had <= indexes(connection)
    connection.exec_driver_sql(
        "INSERT INTO live_sessions (id, account_id, owner, output, slices, settled_ms, until, created_at)"
        " VALUES ('talk', 7, 'here', 'file', 1, 0, 9, 8)"
    )
    connection.commit()


def test_live_sessions_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_live_sessions(connection)


async def test_live_sessions_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_live_sessions)
    await engine.dispose()


def add_media(connection: sa.Connection) -> None:
    """Bring a database of the version before the library up to date: every row is there, and a file can be kept."""
    upgrade(connection, to="0017")
    account = an_account(address="abc")
    scopes = ("account:read account:write video:make", "account:read", "payments:read")
    keys: list[dict[str, object]] = [
        {
            "name": f"{n}", "prefix": "sk", "hash": bytes([n]) * 32, "scopes": said,
            "account_id": 7 if n < 2 else None, "created_at": 1,
        }
        for n, said in enumerate(scopes)
    ]  # fmt: skip
    fill(connection, {"accounts": [account], "keys": keys})
    before, had = everything(connection), indexes(connection)
    connection.commit()

    upgrade(connection)

    now = everything(connection)
    assert now.pop("media") == []
    said = sorted(str(row.pop("scopes")) for row in now["keys"])
    assert said == ["account:read", "account:read account:write media:write video:make", "payments:read"]
    for row in before["keys"]:
        del row["scopes"]
    assert before == {name: now[name] for name in before}
    assert had <= indexes(connection)
    connection.execute(
        sa.text(
            "INSERT INTO media (token, account_id, kind, mime, size, digest, object, created_at)"
            " VALUES ('a', 7, 'picture', 'image/png', 9, :digest, 'media/a', 8)"
        ),
        {"digest": b"d" * 32},
    )
    connection.commit()


def test_libraries_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_media(connection)


async def test_libraries_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_media)
    await engine.dispose()


def add_streams(connection: sa.Connection) -> None:
    """Bring a database up to date in which two sessions of one name run: both are there, and the newer has the name."""
    upgrade(connection, to="0017")
    account = an_account()
    talk: dict[str, object] = {
        "account_id": 7, "owner": "here", "output": "file", "slices": 1, "settled_ms": 0, "stop": None, "until": 9,
    }  # fmt: skip
    sessions = [
        {**talk, "id": "older", "stream": "show", "created_at": 1},
        {**talk, "id": "newer", "stream": "show", "created_at": 2},
        {**talk, "id": "other", "stream": "another", "created_at": 1},
        {**talk, "id": "nameless", "stream": None, "created_at": 1},
        {**talk, "id": "nameless too", "stream": None, "created_at": 1},
    ]
    for name, rows in {"accounts": [account], "live_sessions": sessions}.items():
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        connection.execute(table.insert(), rows)
    connection.commit()

    upgrade(connection)

    now = {row["id"]: row for row in everything(connection)["live_sessions"]}
    assert {name: row.pop("key_id") for name, row in now.items()} == dict.fromkeys(now)
    assert now == {str(row["id"]): row for row in sessions} | {"older": {**sessions[0], "stream": None}}
    with pytest.raises(sa.exc.IntegrityError):
        connection.exec_driver_sql("UPDATE live_sessions SET stream = 'show' WHERE id = 'other'")
    connection.rollback()


def test_names_of_sessions_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_streams(connection)


async def test_names_of_sessions_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_streams)
    await engine.dispose()


def add_calls(connection: sa.Connection) -> None:
    """Bring a database of the version before calls up to date: every row is there, and a recording can be."""
    upgrade(connection, to="0022")
    account = an_account(free_ms=8000, reserved_ms=1000, open=1)
    session: dict[str, object] = {
        "id": "talk", "account_id": 7, "owner": "here", "output": "file", "slices": 1, "settled_ms": 0, "until": 9,
        "created_at": 8,
    }  # fmt: skip
    for name, row in {"accounts": account, "live_sessions": session}.items():
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        connection.execute(table.insert(), row)
    connection.commit()
    before = everything(connection)
    had = indexes(connection)
    connection.commit()

    upgrade(connection)

    now = everything(connection)
    assert now.pop("recordings") == now.pop("call_links") == []
    for name, rows in before.items():
        assert [{**kept, **row} for kept, row in zip(now[name], rows, strict=True)] == now[name]
    assert had <= indexes(connection)
    connection.exec_driver_sql(
        "INSERT INTO recordings (id, account_id, call, size, ms, stored, created_at, expires_at)"
        " VALUES ('film', 7, 9007199254740991, 5, 40, true, 8, 9)"
    )
    connection.exec_driver_sql("INSERT INTO call_links (hash, account_id, until) VALUES ('h', 7, 9)")
    connection.commit()


def test_calls_come_into_a_file_without_losing_a_row(tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path / 'db.sqlite3'}").connect() as connection:
        add_calls(connection)


async def test_calls_come_into_a_server_without_losing_a_row(database_url):
    engine = create_async_engine(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.run_sync(add_calls)
    await engine.dispose()
