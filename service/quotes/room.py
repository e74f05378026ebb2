"""Room for so much in all, by a count that somebody else keeps: the database, of what is open or stored there.

The count is asked for once in a while. What was let in since is counted on top, whether its row is there already or
not: so requests that come at once do not pass a cap together.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self


class Room:
    """How much there may be of something. A class since what is on its way is in no row yet.

    Args:
        count: Counts what is there at a moment.
        cap: Most that there may be; 0 is no limit.
        freshness: How long a count is believed.
    """

    def __init__(
        self, count: Callable[[datetime], Awaitable[int]], cap: int, freshness: timedelta = timedelta(0)
    ) -> None:
        self._count = count
        self._cap = cap
        self._freshness = freshness
        self._counted = 0
        self._counted_at: datetime | None = None
        self._counting = asyncio.Lock()
        self._since = 0  # kept since the last count began
        self._arriving = 0

    async def reserve(self, amount: int, now: datetime) -> "Arrival | None":
        """Take room for so much; None where there is none."""
        if self._cap:
            async with self._counting:
                await self._recount(now)
            if self._counted + self._since + self._arriving + amount > self._cap:
                return None
        return Arrival(self, amount)

    def arrive(self, amount: int) -> None:
        """Count what is on its way, or with less than 0, what is no longer."""
        self._arriving += amount

    def keep(self, amount: int) -> None:
        """Count what has arrived."""
        self._arriving -= amount
        self._since += amount

    async def _recount(self, now: datetime) -> None:
        if self._counted_at is None or abs(now - self._counted_at) > self._freshness:
            self._since = 0
            self._counted = await self._count(now)
            self._counted_at = now


class Arrival:
    """Room that is taken: kept once a row says what for, else given back."""

    def __init__(self, room: Room, amount: int) -> None:
        room.arrive(amount)
        self._room: Room | None = room
        self._amount = amount

    def keep(self) -> None:
        """Count it as there."""
        assert self._room is not None
        self._room.keep(self._amount)
        self._room = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._room is not None:
            self._room.arrive(-self._amount)
