"""Tells requests that wait that the service is about to stop, so that none holds it up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from service.errors import Draining

T = TypeVar("T")

log = structlog.get_logger()


class Stopping:
    """Whether the service is about to stop.

    Attributes:
        waiting: How many requests wait now.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._event = asyncio.Event()

    @property
    def begun(self) -> bool:
        """Whether `begin` was called."""
        return self._event.is_set()

    def begin(self) -> None:
        """Say so, from the event loop's thread."""
        log.info("stopping", sent_away=self.waiting)
        self._event.set()

    async def wait(self) -> None:
        """Wait until it is."""
        await self._event.wait()

    async def race(self, waiting: Coroutine[Any, Any, T]) -> T:
        """Wait for something, unless the service stops first.

        Raises:
            Draining: It does.
        """
        awaited = asyncio.ensure_future(waiting)
        stop = asyncio.ensure_future(self._event.wait())
        self.waiting += 1
        try:
            await asyncio.wait([awaited, stop], return_when=asyncio.FIRST_COMPLETED)
            if not awaited.done():
                raise Draining("The service is about to restart. Your payment is safe: try again soon.")
            return awaited.result()
        finally:
            self.waiting -= 1
            awaited.cancel()
            stop.cancel()
