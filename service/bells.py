"""Wakes requests that wait for something to happen to an order, in this process and, by what it tells, in others.

A bell carries no news: who hears it reads the rows. So listen first, then read, then wait: what happens between
the reading and the waiting still rings.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator


class Bells:
    """One bell an order. A class since who rings and who listens share it."""

    def __init__(self, tell: Callable[[int], None] = lambda _order_id: None) -> None:
        self._tell = tell
        self._listeners: dict[int, set[asyncio.Event]] = {}

    def ring(self, order_id: int) -> None:
        """Wake everyone who listens to this order, wherever."""
        self.ring_here(order_id)
        self._tell(order_id)

    def ring_here(self, order_id: int) -> None:
        """Wake everyone in this process who listens to this order."""
        for event in self._listeners.get(order_id, ()):
            event.set()

    def ring_all_here(self) -> None:
        """Wake everyone in this process: something may have happened unheard."""
        for order_id in self._listeners:
            self.ring_here(order_id)

    @contextlib.contextmanager
    def listen(self, order_id: int) -> Iterator["Listener"]:
        """Hear every ring from here on."""
        event = asyncio.Event()
        self._listeners.setdefault(order_id, set()).add(event)
        try:
            yield Listener(event)
        finally:
            listeners = self._listeners[order_id]
            listeners.discard(event)
            if not listeners:
                del self._listeners[order_id]


class Listener:
    """One ear on one order."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a ring since the last wait, for so many seconds; tells whether there was one."""
        try:
            async with asyncio.timeout(max(timeout_s, 0)):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
