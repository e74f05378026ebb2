"""What the machines share: rules in an event loop, how a story that fails is told, a PostgreSQL database a story.

Hypothesis tells a story that failed once more, to see whether it fails again. What hangs on a race may not, and then
all that Hypothesis says is that its draws were inconsistent. Draws depend on nothing here but other draws, so the
failure itself is told instead, as it was at the first time, with the steps that led to it.
"""

import contextlib
import functools
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

import asyncpg
import pytest
import sqlalchemy as sa
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from service.accounts.account import Move
from service.storage.postgres import PostgresDatabase
from service.storage.sqlite import SqliteDatabase

EXAMPLES, STEPS = 5, 25
MANY_EXAMPLES, MANY_STEPS = 200, 60

Opening: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
"""Opens a database of the story's, as each of its services does."""


class Machine(RuleBasedStateMachine):
    """A machine whose rules run in an event loop, and that remembers its story."""

    def __init__(self, portal: BlockingPortal) -> None:
        super().__init__()
        self.portal = portal
        self.story: list[str] = []
        self.failure: BaseException | None = None

    @contextlib.contextmanager
    def telling(self, step: str) -> Iterator[None]:
        """Note a step; where it is the first to fail, its failure tells how it came to that."""
        self.story.append(step)
        try:
            yield
        except BaseException as error:
            if self.failure is None:
                self.failure = error
                error.add_note("The story:\n" + "\n".join(f"    {each}" for each in self.story))
            raise

    def call(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Have something done in the event loop, by something that is no rule."""
        with self.telling(work.__name__):
            return self.portal.call(work, *arguments)


def step(kind=rule, **strategies: Any):
    """Make a rule that runs in the event loop."""

    def decorate(work):
        @functools.wraps(work)
        def run(self: Machine, **drawn: Any) -> None:
            with self.telling(f"{work.__name__} {drawn}"):
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


Make: TypeAlias = Callable[[Opening], Machine]


def run(
    make: Callable[[], Machine],
    *,
    full: bool,
    examples: int = EXAMPLES,
    steps: tuple[int, int] = (STEPS, MANY_STEPS),
) -> None:
    """Tell stories of a machine, until one fails: that failure is raised, whether or not it comes again."""
    made: list[Machine] = []

    def machine() -> Machine:
        for before in made:
            if before.failure is not None:  # told again
                raise before.failure
        made[:] = [make()]
        return made[0]

    try:
        run_state_machine_as_test(
            machine,  # type: ignore[arg-type]  # whatever makes one
            settings=settings(
                max_examples=MANY_EXAMPLES if full else examples,
                stateful_step_count=steps[full],
                derandomize=not full,
                database=None,
                deadline=None,
                # The story as it was: waits that fail take too long to look for a shorter one.
                phases=[Phase.generate],
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Flaky as flaky:
        if made and made[0].failure is not None:
            raise made[0].failure from flaky
        raise


def run_in_files(make: Make, folders: pytest.TempPathFactory, *, full: bool) -> None:
    """Tell stories of a machine with a database in a file, each with its own."""

    def machine() -> Machine:
        path = folders.mktemp("story") / "db.sqlite3"
        return make(lambda: SqliteDatabase.open(path))

    run(machine, full=full)


def run_on_a_server(
    make: Make, portal: BlockingPortal, postgres: str, tables: Sequence[sa.Table], *, full: bool
) -> None:
    """Tell stories of a machine with a PostgreSQL database, whose tables are emptied in this order before each."""
    with _server(portal, postgres) as url:

        def machine() -> Machine:
            portal.call(_empty, url, tables)
            return make(lambda: PostgresDatabase.open(url))

        run(machine, full=full)


@contextlib.contextmanager
def _server(portal: BlockingPortal, postgres: str) -> Iterator[str]:
    """Make a database, and drop it; its URL."""
    name = f"test_{secrets.token_hex(4)}"

    async def ask(command: str) -> None:
        connection = await asyncpg.connect(postgres)
        await connection.execute(command)
        await connection.close()

    portal.call(ask, f"create database {name}")
    yield postgres.replace("/postgres?", f"/{name}?")
    portal.call(ask, f"drop database {name} with (force)")


async def _empty(url: str, tables: Sequence[sa.Table]) -> None:
    """Delete all rows of some tables, in this order, so that the next story begins with none."""

    def delete_all(table: sa.Table, connection: sa.Connection) -> None:
        connection.execute(table.delete())

    async with PostgresDatabase.open(url) as database:
        for table in tables:
            await database.write(functools.partial(delete_all, table))
