"""Keeps the tasks alive that nobody waits for."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0

log = structlog.get_logger()


class Supervised:
    """A task that starts again, after a growing pause, whenever it ends.

    Attributes:
        failure: Why it is not running now; None while it runs.
    """

    def __init__(
        self, name: str, work: Callable[[], Awaitable[None]], *, longest_pause_s: float = LONGEST_PAUSE_S
    ) -> None:
        self.name = name
        self.failure: str | None = "not started"
        self._work = work
        self._longest_pause_s = longest_pause_s

    async def run(self) -> None:
        """Work until cancelled."""
        pause_s = FIRST_PAUSE_S
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            self.failure = None
            try:
                await self._work()
                self.failure = "ended"
            except Exception as error:  # noqa: BLE001 - whatever it is, the task has to go on
                self.failure = repr(error)
            log.error("task_stopped", task=self.name, failure=self.failure)
            if clock() - started > self._longest_pause_s:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, self._longest_pause_s)
