"""The other services that sell from the same database: who wakes whom, and who does what only one may do."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import structlog

from service.runtime.bells import Bells
from service.storage.postgres import connect

CHANNEL = "satspeak_bells"

MOST_TOLD = 300
"""Orders in one message: PostgreSQL takes 8,000 bytes."""

HEARTBEAT_S = 5.0
"""Seconds between looks whether a connection is still there. Also how long it has to answer."""

TAKE_OVER_S = 1.0
"""Seconds between tries to take over. Not a lock that is waited for: its snapshot would keep dead rows from being
cleared away."""

log = structlog.get_logger()


class NoPeers:
    """A service that is the only one on its database."""

    def tell(self, order_id: int) -> None:
        """Tell nobody."""

    async def listen(self, _bells: Bells) -> None:
        """Hear nothing, for ever."""
        await asyncio.Event().wait()

    async def alone(self, _name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work."""
        await work()


class PostgresPeers:
    """Services that meet in a PostgreSQL. A class since what rings and what is sent go through one connection."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._rung: set[int] = set()
        self._any = asyncio.Event()

    def tell(self, order_id: int) -> None:
        """Have this order's bell ring at the others, soon; what rings meanwhile goes along."""
        self._rung.add(order_id)
        self._any.set()

    async def listen(self, bells: Bells) -> None:
        """Ring here what rings elsewhere, and tell what rings here, until the connection is lost."""

        def hear(_connection: object, sender: int, _channel: str, payload: object) -> None:
            if sender != own:
                for order_id in str(payload).split(","):
                    bells.ring_here(int(order_id))

        async with self._connection() as connection:
            own = connection.get_server_pid()
            connection.add_termination_listener(lambda _connection: self._any.set())  # to find it lost
            await connection.add_listener(CHANNEL, hear)
            bells.ring_all_here()  # whatever rang while nobody listened
            try:
                while True:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(HEARTBEAT_S):
                            await self._any.wait()
                    await self._send(connection)
            except asyncio.CancelledError:
                await self._send(connection)  # what rang last: the renders that end with this service
                raise

    async def alone(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do work that one service at a time does, once the others have stopped doing it or are gone.

        The server takes the lock from whoever's connection it loses. For some seconds that one may not know, so
        the work must bear being done twice.
        """
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        async with self._connection() as connection:
            while not await connection.fetchval(  # noqa: ASYNC110 - nobody here sets an event when a lock is free
                "select pg_try_advisory_lock($1)", key, timeout=HEARTBEAT_S
            ):
                await asyncio.sleep(TAKE_OVER_S)
            log.info("taken_on", work=name)
            working = asyncio.ensure_future(work())
            try:
                while not (await asyncio.wait([working], timeout=HEARTBEAT_S))[0]:
                    await connection.execute("select 1", timeout=HEARTBEAT_S)
                await working
            finally:
                working.cancel()
                await asyncio.wait([working])

    async def _send(self, connection: asyncpg.Connection) -> None:
        self._any.clear()
        told = sorted(self._rung)[:MOST_TOLD]
        if not told:
            await connection.execute("select 1", timeout=HEARTBEAT_S)
            return
        self._rung.difference_update(told)  # first: what rings from here on is news
        try:
            await connection.execute(
                "select pg_notify($1, $2)", CHANNEL, ",".join(map(str, told)), timeout=HEARTBEAT_S
            )
        except BaseException:
            self._rung.update(told)
            raise
        if self._rung:
            self._any.set()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await connect(self._url)
        try:
            yield connection
        finally:
            connection.terminate()
