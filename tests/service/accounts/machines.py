"""What the machines of accounts share: rules in an event loop, how long they run, a PostgreSQL database a story."""

import contextlib
import functools
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import asyncpg
import sqlalchemy as sa
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from service.accounts.account import Move
from service.storage.postgres import PostgresDatabase

EXAMPLES, STEPS = 5, 25
MANY_EXAMPLES, MANY_STEPS = 200, 60


def step(kind=rule, **strategies: Any):
    """Make a rule that runs in the event loop."""

    def decorate(work):
        @functools.wraps(work)
        def run(self, **drawn: Any) -> None:
            self.portal.call(functools.partial(work, self, **drawn))

        return kind(**strategies)(run)

    return decorate


def check_balance(account: Any, entries: Sequence[Any], held: Sequence[Any]) -> None:
    """An account is what its ledger and its reservations say; each is a row of its table."""
    moved: Counter[Move] = Counter()
    for entry in entries:
        if entry.account_id == account.id:
            moved[Move(entry.move)] += entry.ms
    open_now = [each for each in held if each.account_id == account.id]
    assert min(account.free_ms, account.reserved_ms, account.used_ms) >= 0
    assert account.granted_ms == account.free_ms + account.reserved_ms + account.used_ms
    assert account.granted_ms == moved[Move.GRANT] + moved[Move.TOP_UP]
    assert account.used_ms == moved[Move.SETTLE]
    assert account.reserved_ms == moved[Move.RESERVE] - moved[Move.SETTLE] - moved[Move.RELEASE]
    assert account.reserved_ms == sum(each.held_ms for each in open_now)
    assert account.open == len(open_now)
    assert all(0 <= each.used_ms <= each.held_ms for each in open_now)


def run(machine: Any, *, full: bool) -> None:
    """Tell stories of a machine, which is a class or makes one."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=MANY_EXAMPLES if full else EXAMPLES,
            stateful_step_count=MANY_STEPS if full else STEPS,
            derandomize=not full,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@contextlib.contextmanager
def server(portal: BlockingPortal, postgres: str) -> Iterator[str]:
    """Make a database, and drop it; its URL."""
    name = f"test_{secrets.token_hex(4)}"

    async def ask(command: str) -> None:
        connection = await asyncpg.connect(postgres)
        await connection.execute(command)
        await connection.close()

    portal.call(ask, f"create database {name}")
    yield postgres.replace("/postgres?", f"/{name}?")
    portal.call(ask, f"drop database {name} with (force)")


async def empty(url: str, tables: Sequence[sa.Table]) -> None:
    """Delete all rows of some tables, in this order, so that the next story begins with none."""

    def delete_all(table: sa.Table, connection: sa.Connection) -> None:
        connection.execute(table.delete())

    async with PostgresDatabase.open(url) as database:
        for table in tables:
            await database.write(functools.partial(delete_all, table))
