"""SQLite: readers beside one writer that commits together whatever is waiting.

A quote must be on disk before its invoice leaves, and each commit waits for the disk. So the writer takes all
units of work that have queued up behind the last commit into the next one: under load a commit serves many.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from service.storage.database import T, Work
from service.storage.migrate import upgrade

BUSY_TIMEOUT_S = 10
"""How long a write waits for another program's, such as the command that makes keys."""


class SqliteDatabase:
    """The rows of a service that is the only one. A class since its writer and its readers share one engine."""

    def __init__(self, engine: AsyncEngine, writer: AsyncConnection) -> None:
        self._engine = engine
        self._writer = writer
        self._inserts: dict[sa.Table, list[tuple[dict[str, Any], asyncio.Future[None]]]] = {}
        self._works: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._waiting = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path) -> "AsyncIterator[SqliteDatabase]":
        """Open the file, made where it is missing, and bring its tables up to date."""
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}",
            connect_args={"timeout": BUSY_TIMEOUT_S},
            pool_size=4,
            hide_parameters=True,  # see postgres.py
        )
        sa.event.listen(engine.sync_engine, "connect", _prepare)
        try:
            async with engine.connect() as writer:
                await writer.run_sync(upgrade)
                database = cls(engine, writer)
                task = asyncio.create_task(database._write_forever())
                try:
                    yield database
                finally:
                    task.cancel()
                    await asyncio.wait([task])
        finally:
            await engine.dispose()

    async def read(self, work: Work[T]) -> T:
        """Run reads on a connection of their own; they see all that was committed."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Work[T]) -> T:
        """Run a unit of work whose changes all happen or none, on disk when this returns."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._works.append((work, future))
        self._waiting.set()
        return await future

    async def insert(self, table: sa.Table, row: dict[str, Any]) -> None:
        """Add a row, on disk when this returns; rows of one table that wait together cost one statement."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._inserts.setdefault(table, []).append((row, future))
        self._waiting.set()
        await future

    async def _write_forever(self) -> None:
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            units = self._take()
            try:
                results = await self._commit([work for work, _ in units])
            except Exception:  # noqa: BLE001 - one unit failed: each is tried alone and gets its own error
                await self._commit_each(units)
                continue
            for (_, futures), result in zip(units, results, strict=True):
                _resolve(futures, result)

    def _take(self) -> list[tuple[Work[Any], list[asyncio.Future[Any]]]]:
        """All that waits: the inserts of a table as one unit."""
        units: list[tuple[Work[Any], list[asyncio.Future[Any]]]] = [
            (_inserting(table, [row for row, _ in waiting]), [future for _, future in waiting])
            for table, waiting in self._inserts.items()
        ]
        units += [(work, [future]) for work, future in self._works]
        self._inserts, self._works = {}, []
        return units

    async def _commit(self, works: Sequence[Work[Any]]) -> list[Any]:
        def run(connection: sa.Connection) -> list[Any]:
            with connection.begin():
                return [work(connection) for work in works]

        return await self._writer.run_sync(run)

    async def _commit_each(self, units: Sequence[tuple[Work[Any], list[asyncio.Future[Any]]]]) -> None:
        for work, futures in units:
            try:
                [result] = await self._commit([work])
            except Exception as error:  # noqa: BLE001 - handed to who asked
                for future in futures:
                    if not future.done():
                        future.set_exception(error)
            else:
                _resolve(futures, result)


def _resolve(futures: Sequence[asyncio.Future[Any]], result: object) -> None:
    for future in futures:
        if not future.done():  # who asked may have been cancelled
            future.set_result(result)


def _inserting(table: sa.Table, rows: list[dict[str, Any]]) -> Work[None]:
    def insert(connection: sa.Connection) -> None:
        connection.execute(table.insert(), rows)

    return insert


def _prepare(connection: Any, _record: object) -> None:
    """Set up a new SQLite connection.

    FULL with WAL syncs each commit to the disk: an invoice that left without its row would be a lost order.
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
