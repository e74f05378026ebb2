"""SQLite: a few lanes, each a connection in a thread of its own, that take together whatever is waiting.

A quote must be on disk before its invoice leaves, and each commit waits for the disk. So the writer takes all
units of work that have queued up behind the last commit into the next one: under load a commit serves many. Readers
do the same for another reason: going to a thread and back costs more than to look a row up. So a row that is looked up
by its key is read without a thread.
"""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from service.errors import Unavailable
from service.storage.database import R, Row, T, Work
from service.storage.lanes import Asked, Lane, Queue, do
from service.storage.lookups import Lookup
from service.storage.migrate import upgrade

BUSY_TIMEOUT_S = 10.0
"""How long a write waits for another program's, such as the command that makes keys."""

READERS = 2
"""For the looks that somebody waits for."""

REST_S = 0.015
"""Between two commits while several quotes are kept at once: a commit for many costs hardly more than for one. Who
writes alone, or something else, waits for nobody. (As PostgreSQL's `commit_delay` with `commit_siblings`.)"""

log = structlog.get_logger()


class SqliteDatabase:
    """The rows of a service that is the only one. A class since all who ask share its lanes."""

    def __init__(self, glances: sqlite3.Connection, writes: Queue, reads: Queue, scans: Queue) -> None:
        self._glances = glances
        self._writes = writes
        self._reads = reads
        self._scans = scans

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, path: Path, *, busy_timeout_s: float | None = None
    ) -> "AsyncIterator[SqliteDatabase]":
        """Open the file, made where it is missing, and bring its tables up to date."""
        path.parent.mkdir(parents=True, exist_ok=True)
        busy_timeout_s = BUSY_TIMEOUT_S if busy_timeout_s is None else busy_timeout_s
        async with contextlib.AsyncExitStack() as stack:
            writer = await stack.enter_async_context(Lane.open(_engine(path, busy_timeout_s, writes=True)))
            await writer.run(upgrade)
            reading = _engine(path, busy_timeout_s, writes=False)
            *readers, scanner = [
                await stack.enter_async_context(Lane.open(reading)) for _ in range(READERS + 1)
            ]
            glances = stack.enter_context(contextlib.closing(sqlite3.connect(path, timeout=0)))
            _prepare_reader(glances, None)
            yield cls(
                glances,
                Queue([writer], _write, rest_s=REST_S),
                Queue(readers, _read),
                Queue([scanner], _read),
            )

    async def read(self, work: Work[T]) -> T:
        """Run reads; they see all that was committed."""
        with _answering():
            return await self._reads.ask(_alone(work))

    async def look(self, lookup: Lookup, key: object) -> Row | None:
        """Look up the row of a key; it sees all that was committed.

        In the event loop, by the driver alone: a row that an index leads to is found in a fraction of the time that
        going to a thread and back takes, and nobody who writes is waited for.
        """
        try:
            values = self._glances.execute(lookup.sqlite, (key,)).fetchone()
        except sqlite3.Error:  # a lane waits where that helps, and tells what is wrong
            return await self.read(lambda connection: lookup.row(connection, key))
        return None if values is None else lookup.named(values)

    async def scan(self, work: Work[T]) -> T:
        """Run reads of many rows, in a lane of their own: nobody who looks one up waits behind them."""
        with _answering():
            return await self._scans.ask(_alone(work))

    async def write(self, work: Work[T]) -> T:
        """Run a unit of work whose changes all happen or none, on disk when this returns."""
        with _answering():
            return await self._writes.ask(_alone(work))

    async def add(self, work: Callable[[sa.Connection, Sequence[R]], Sequence[T]], row: R) -> T:
        """Add something, on disk when this returns; rows that wait together for the same work are its one call."""
        with _answering():
            return await self._writes.ask(Asked(work, row))


def _alone(work: Work[T]) -> Asked[T]:
    return Asked(lambda connection, _rows: [work(connection)], None, together=False)


def _read(connection: sa.Connection, asked: Sequence[Asked[Any]]) -> list[Any]:
    """Look for one after the other, at the rows of one moment; an error takes the place of a result."""
    results: list[Any] = []
    for each in asked:
        try:
            results.append(each.work(connection, [each.row])[0])
        except Exception as error:  # noqa: BLE001 - handed to who asked
            results.append(error)
    connection.rollback()  # what was read is behind us: the next look sees what was committed meanwhile
    return results


def _write(connection: sa.Connection, asked: Sequence[Asked[Any]]) -> list[Any]:
    """Do all in one transaction; where that fails, each in one of its own, so that it gets its own error."""
    try:
        return _commit(connection, asked)
    except Exception as error:  # noqa: BLE001 - handed to who asked
        if (
            len(asked) == 1 or _code(error) == sqlite3.SQLITE_BUSY
        ):  # else each would wait as long as all of them have
            return [error] * len(asked)
    results: list[Any] = []
    for each in asked:
        try:
            results += _commit(connection, [each])
        except Exception as error:  # noqa: BLE001 - handed to who asked
            results.append(error)
    return results


def _commit(connection: sa.Connection, asked: Sequence[Asked[Any]]) -> list[Any]:
    with connection.begin():
        return do(connection, asked)


def _engine(path: Path, busy_timeout_s: float, *, writes: bool) -> sa.Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": busy_timeout_s},
        poolclass=sa.NullPool,
        hide_parameters=True,  # see postgres.py
    )
    sa.event.listen(engine, "connect", _prepare_writer if writes else _prepare_reader)
    sa.event.listen(engine, "begin", _begin_writing if writes else _begin_reading)
    return engine


def _prepare_writer(connection: Any, _record: object) -> None:
    # FULL with WAL syncs each commit to the disk: an invoice that left without its row would be a lost order.
    _prepare(connection, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


def _prepare_reader(connection: Any, _record: object) -> None:
    _prepare(connection, "synchronous=FULL", "query_only=ON")


def _prepare(connection: Any, *pragmas: str) -> None:
    connection.isolation_level = None  # sqlite3 begins nothing by itself, which it would do too late
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_writing(connection: sa.Connection) -> None:
    """Take the file before anything is read: another program may write, and what was read would no longer be so."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
"""Primary result codes of what an operator can mend, or another program: then the same works."""


def _code(error: BaseException) -> int:
    """Return SQLite's primary result code; 0 for another error."""
    return (getattr(getattr(error, "orig", None), "sqlite_errorcode", None) or 0) & 0xFF


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    """Say that the database is away, where it is: the same request may work later."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if _code(error) not in _AWAY:
            raise
        raise _unavailable(error) from error


def _unavailable(error: sa.exc.DBAPIError) -> Unavailable:
    log.error("database_unavailable", failure=str(error.orig))  # the operator's to mend
    return Unavailable("The database does not answer. Your payment is safe: try again soon.")
