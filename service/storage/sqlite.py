"""SQLite: a few lanes, each a connection in a thread of its own, that take together whatever is waiting.

A quote must be on disk before its invoice leaves, and each commit waits for the disk. So the writer takes all
units of work that have queued up behind the last commit into the next one: under load a commit serves many. Readers
do the same for another reason: going to a thread and back costs more than to look a row up.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.storage.database import R, T, Work
from service.storage.migrate import upgrade

BUSY_TIMEOUT_S = 10
"""How long a write waits for another program's, such as the command that makes keys."""

READERS = 2
"""So that no look at one row waits for a long list."""


class Lane:
    """A connection, used by one thread alone."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")

    async def open(self) -> None:
        """Connect."""
        self._connection = await self._run(self._engine.connect)

    async def run(self, work: Work[T]) -> T:
        """Do something by the connection; what was begun ends, whoever is cancelled meanwhile."""
        return await self._run(lambda: work(self._connection))

    async def aclose(self) -> None:
        """Let go of the connection, after what is being done."""
        await self._run(self._connection.close)
        self._thread.shutdown()

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, call))


class SqliteDatabase:
    """The rows of a service that is the only one. A class since all who ask share its lanes."""

    def __init__(self) -> None:
        self._additions: dict[Callable[..., Any], list[tuple[Any, asyncio.Future[Any]]]] = {}
        self._works: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._waiting = asyncio.Event()
        self._reads: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._reads_waiting = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path) -> "AsyncIterator[SqliteDatabase]":
        """Open the file, made where it is missing, and bring its tables up to date."""
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            f"sqlite:///{path}",
            connect_args={"timeout": BUSY_TIMEOUT_S},
            poolclass=sa.NullPool,
            hide_parameters=True,  # see postgres.py
        )
        sa.event.listen(engine, "connect", _prepare)
        database = cls()
        async with contextlib.AsyncExitStack() as stack:
            writer, *readers = [await _lane(stack, engine) for _ in range(1 + READERS)]
            await writer.run(upgrade)
            for work in (database._write(writer), *(database._read(reader) for reader in readers)):
                stack.push_async_callback(_stop, asyncio.create_task(work))
            yield database

    async def read(self, work: Work[T]) -> T:
        """Run reads; they see all that was committed."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._reads.append((work, future))
        self._reads_waiting.set()
        return await future

    async def write(self, work: Work[T]) -> T:
        """Run a unit of work whose changes all happen or none, on disk when this returns."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._works.append((work, future))
        self._waiting.set()
        return await future

    async def add(self, work: Callable[[sa.Connection, Sequence[R]], Sequence[T]], row: R) -> T:
        """Add something, on disk when this returns; rows that wait together for the same work are its one call."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._additions.setdefault(work, []).append((row, future))
        self._waiting.set()
        return await future

    async def _read(self, lane: Lane) -> None:
        while True:
            await self._reads_waiting.wait()
            self._reads_waiting.clear()
            units, self._reads = self._reads, []
            results = await lane.run(_each([work for work, _ in units]))
            for (_, future), result in zip(units, results, strict=True):
                _resolve(future, result)

    async def _write(self, lane: Lane) -> None:
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            units = self._take()
            try:
                results = await lane.run(_together([work for work, _ in units]))
            except Exception:  # noqa: BLE001 - one unit failed: each is tried alone and gets its own error
                results = await lane.run(_each([_together([work]) for work, _ in units]))
                results = [result if isinstance(result, Exception) else result[0] for result in results]
            for (_, futures), result in zip(units, results, strict=True):
                told = [result] * len(futures) if isinstance(result, Exception) else result
                for future, each in zip(futures, told, strict=True):
                    _resolve(future, each)

    def _take(self) -> list[tuple[Work[Sequence[Any]], list[asyncio.Future[Any]]]]:
        """All that waits, as units that return a result for each future: what is added by the same work is one."""
        units: list[tuple[Work[Sequence[Any]], list[asyncio.Future[Any]]]] = [
            (_adding(work, [row for row, _ in waiting]), [future for _, future in waiting])
            for work, waiting in self._additions.items()
        ]
        units += [(_alone(work), [future]) for work, future in self._works]
        self._additions, self._works = {}, []
        return units


def _together(works: Sequence[Work[Any]]) -> Work[list[Any]]:
    """One transaction of all of them."""

    def run(connection: sa.Connection) -> list[Any]:
        with connection.begin():
            return [work(connection) for work in works]

    return run


def _each(works: Sequence[Work[Any]]) -> Work[list[Any]]:
    """One after the other; an error takes the place of a result."""

    def run(connection: sa.Connection) -> list[Any]:
        results = []
        for work in works:
            try:
                results.append(work(connection))
            except Exception as error:  # noqa: BLE001 - handed to who asked
                results.append(error)
        connection.rollback()  # what was read is behind us: the next look sees what was committed meanwhile
        return results

    return run


def _resolve(future: asyncio.Future[Any], result: object) -> None:
    if future.done():  # who asked was cancelled
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)


def _adding(
    work: Callable[[sa.Connection, Sequence[Any]], Sequence[Any]], rows: list[Any]
) -> Work[Sequence[Any]]:
    return lambda connection: work(connection, rows)


def _alone(work: Work[Any]) -> Work[Sequence[Any]]:
    return lambda connection: [work(connection)]


def _prepare(connection: Any, _record: object) -> None:
    """Set up a new SQLite connection.

    FULL with WAL syncs each commit to the disk: an invoice that left without its row would be a lost order.
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def _lane(stack: contextlib.AsyncExitStack, engine: sa.Engine) -> Lane:
    lane = Lane(engine)
    await lane.open()
    stack.push_async_callback(lane.aclose)
    return lane


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
