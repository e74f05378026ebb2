"""Wakes requests that wait for something to happen to an order, in this process and, by what it tells, in others.

A bell carries no news: who hears it reads the rows. So listen first, then read, then wait: what happens between
the reading and the waiting still rings.

Who hears the same ring reads the same rows: `Listener.look` has one read for all of them, such as for two thousand who
wait for one payment.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


class _Bell:
    """The bell of one order."""

    def __init__(self) -> None:
        self.listeners: set[asyncio.Event] = set()
        self.look: asyncio.Task[Any] | None = None  # has begun since the last ring, and not ended

    def ring(self) -> None:
        self.look = None
        for event in self.listeners:
            event.set()

    def looked(self, look: asyncio.Task[Any]) -> None:
        if self.look is look:
            self.look = None
        if not look.cancelled():
            look.exception()  # those who waited for it may be gone


def of_account(account_id: int) -> int:
    """Tell which bell is an account's, which rings when it is topped up: those of orders have numbers above 0."""
    return -account_id


def of_studio_job(job_id: int) -> int:
    """Tell which bell is a studio job's, which rings when it gets further: no account has so high a number."""
    return -(1 << 48) - job_id


class Bells:
    """One bell an order, an account, a job of the studio. A class since who rings and who listens share it."""

    def __init__(self, tell: Callable[[int], None] = lambda _order_id: None) -> None:
        self._tell = tell
        self._bells: dict[int, _Bell] = {}
        self._watches: set[asyncio.Event] = set()

    def ring(self, order_id: int) -> None:
        """Wake everyone who listens to this order, wherever."""
        self.ring_here(order_id)
        self._tell(order_id)

    def ring_here(self, order_id: int) -> None:
        """Wake everyone in this process who listens to this order."""
        if bell := self._bells.get(order_id):
            bell.ring()
        self._wake_watches()

    def ring_all_here(self) -> None:
        """Wake everyone in this process: something may have happened unheard."""
        self._wake_watches()
        for bell in self._bells.values():
            bell.ring()

    @contextlib.contextmanager
    def watch(self) -> Iterator[asyncio.Event]:
        """Hear of every ring of any order; whoever has heard clears the event."""
        event = asyncio.Event()
        self._watches.add(event)
        try:
            yield event
        finally:
            self._watches.discard(event)

    def _wake_watches(self) -> None:
        for event in self._watches:
            event.set()

    @contextlib.contextmanager
    def listen(self, order_id: int) -> Iterator["Listener"]:
        """Hear every ring from here on."""
        event = asyncio.Event()
        bell = self._bells.setdefault(order_id, _Bell())
        bell.listeners.add(event)
        try:
            yield Listener(bell, event)
        finally:
            bell.listeners.discard(event)
            if not bell.listeners:
                del self._bells[order_id]


class Listener:
    """One ear on one order."""

    def __init__(self, bell: _Bell, event: asyncio.Event) -> None:
        self._bell = bell
        self._event = event

    async def look(self, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Read what there is, or share the read of another listener that began after the last ring.

        Every listener of an order has to read the same.
        """
        if self._bell.look is None:
            self._bell.look = asyncio.create_task(read())
            self._bell.look.add_done_callback(self._bell.looked)
        found: T = await asyncio.shield(self._bell.look)  # one who goes away takes it from nobody
        return found

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a ring since the last wait, for so many seconds; tells whether there was one."""
        try:
            async with asyncio.timeout(max(timeout_s, 0)):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
