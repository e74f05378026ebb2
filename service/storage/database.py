"""What the queries ask of a database. They are written once, for SQLite and for PostgreSQL.

A unit of work that reads and then changes what it read begins with `select(...).with_for_update()` on the order's
row: on PostgreSQL that is the lock, on SQLite, where one unit of work runs at a time, it is nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from service.storage.lookups import Lookup

T = TypeVar("T")
R = TypeVar("R")

Work = Callable[[sa.Connection], T]
"""Reads or writes by the connection alone: it may be run again after a failure that is not its own."""


Row = Mapping[Any, Any]
"""A row that was read, by column."""


class Database(Protocol):
    """The rows."""

    async def read(self, work: Work[T]) -> T:
        """Run reads on a connection of their own; they see all that was committed."""
        ...

    async def look(self, lookup: Lookup, key: object) -> Row | None:
        """Look up the row of a key; it sees all that was committed."""
        ...

    async def scan(self, work: Work[T]) -> T:
        """Run reads of many rows, beside those that somebody waits for."""
        ...

    async def write(self, work: Work[T]) -> T:
        """Run a unit of work whose changes all happen or none, on disk when this returns."""
        ...

    async def add(self, work: Callable[[sa.Connection, Sequence[R]], Sequence[T]], row: R) -> T:
        """Add something by work that takes many at once; what it returns for this one, on disk when this returns."""
        ...
