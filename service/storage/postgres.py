"""PostgreSQL: a pool of connections, and many services on one database."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.errors import Unavailable
from service.storage.database import R, Row, T, Work
from service.storage.lanes import Asked, Queue, do
from service.storage.lookups import Lookup
from service.storage.migrate import upgrade

POOL = 10
"""Connections at most, besides those that `service.storage.peers` keeps."""

CONNECT_S, ANSWER_S = 10.0, 30.0
"""Longest that the server may take to accept a connection, and to answer a query."""

LOOKERS = 2
"""Of these, for rows that are looked up by a key: what comes while they are busy goes together."""

TRIES = 5
"""How often a unit of work is run that got in another's way."""

KEEPALIVE = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}
"""Seconds, seconds and how many: a machine that lost its power loses its locks in 11 s, and not in 2 hours."""

_AGAIN = {"40001", "40P01"}  # serialization failure, deadlock

_DOWN = (
    OSError,  # refused, not found, timed out
    sa.exc.TimeoutError,  # every connection of the pool is busy
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)

_DOWN_STATES = ("08", "25006", "53300", "57P01", "57P02", "57P03")
"""How the codes of the same begin where SQLAlchemy has wrapped them: it takes a server that is starting up for one
that refuses a query. And of a server that takes no changes, as one that follows another does."""


class PostgresDatabase:
    """The rows of one or more services. A class since all units of work share one pool."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")  # saves a BEGIN and a ROLLBACK
        self._looks = Queue([_Borrowed(self._reader) for _ in range(LOOKERS)], do)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str) -> "AsyncIterator[PostgresDatabase]":
        """Connect to `postgresql://user:password@host/name` and bring its tables up to date."""
        migrating = _engine(url, answer_s=None, poolclass=sa.NullPool)  # as long as it takes
        async with migrating.connect() as connection:
            await connection.run_sync(upgrade)
        engine = _engine(url, answer_s=ANSWER_S, pool_size=POOL, max_overflow=0, pool_pre_ping=True)
        try:
            yield cls(engine)
        finally:
            await engine.dispose()

    async def read(self, work: Work[T]) -> T:
        """Run reads on a connection of their own; they see all that was committed."""
        with _answering():
            async with self._reader.connect() as connection:
                return await connection.run_sync(work)

    async def look(self, lookup: Lookup, key: object) -> Row | None:
        """Look up the row of a key; it sees all that was committed. Who asks meanwhile is answered by one statement."""
        with _answering():
            return await self._looks.ask(Asked(lookup.rows, key))

    async def scan(self, work: Work[T]) -> T:
        """Run reads of many rows: here each read has a connection of its own anyway."""
        return await self.read(work)

    async def write(self, work: Work[T]) -> T:
        """Run a unit of work whose changes all happen or none, on disk when this returns."""
        for left in reversed(range(TRIES)):
            try:
                with _answering():
                    async with self._engine.begin() as connection:
                        return await connection.run_sync(work)
            except sa.exc.DBAPIError as error:
                if not left or _sqlstate(error) not in _AGAIN:
                    raise
        raise AssertionError

    async def add(self, work: Callable[[sa.Connection, Sequence[R]], Sequence[T]], row: R) -> T:
        """Add something, on disk when this returns. Of commits at the same time the server makes one write."""
        [added] = await self.write(lambda connection: work(connection, [row]))
        return added


class _Borrowed:
    """A lane whose connection is the pool's, while it does something."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._doing: asyncio.Task[Any] | None = None  # asyncio itself would forget it

    def begin(self, work: Work[T]) -> asyncio.Future[T]:
        """Have something done."""
        self._doing = doing = asyncio.create_task(self._do(work))
        return doing

    async def _do(self, work: Work[T]) -> T:
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)


async def connect(url: str, *, answer_s: float | None = None) -> asyncpg.Connection:
    """Connect as libpq does: `sslmode`, a socket's folder and the like may be in the URL, or in `PG...` variables."""
    return await asyncpg.connect(
        url,
        timeout=CONNECT_S,
        command_timeout=answer_s,
        server_settings={"application_name": "satspeak", **KEEPALIVE},
    )


def _engine(url: str, *, answer_s: float | None, **options: Any) -> AsyncEngine:
    creator = functools.partial(connect, url, answer_s=answer_s)
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=creator,
        hide_parameters=True,  # an error may be logged; they may hold a text or an invoice
        **options,
    )


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    """Say that the database is away, where it is: the same request may work later."""
    try:
        yield
    except (*_DOWN, sa.exc.DBAPIError) as error:
        if isinstance(error, sa.exc.DBAPIError) and not (
            error.connection_invalidated or _sqlstate(error).startswith(_DOWN_STATES)
        ):
            raise
        raise Unavailable("The database does not answer. Your payment is safe: try again soon.") from error


def _sqlstate(error: sa.exc.DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
