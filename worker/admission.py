"""Decides which renders run, which wait and which are told to come back later. Knows no HTTP and no video."""

import asyncio
import heapq
import math
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from worker.errors import Busy, CallerGone

_FIRST_GUESS_FPS = 50.0  # of all renders together, until some are measured: two cores
_NEWEST_SHARE = 0.1  # of the newest segment in the measured pace

Gone = Callable[[], Coroutine[Any, Any, None]]


class Job:
    """A render that runs or waits; it tells how far it is, from which the wait of others is estimated."""

    def __init__(self, order: str, frames_left: int) -> None:
        self.order = order
        self.frames_left = frames_left
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.last_progress = 0.0


class Admission:
    """A bounded queue before a bounded number of renders.

    Those who wait are let in as they came, except that an order that renders already comes after those that do not:
    who asks for the same video many times does not keep others out.

    Args:
        max_renders: at once.
        max_waiting: beyond them.
        max_wait_s: how long at most; well below the patience of callers, who hear nothing while they wait.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        *,
        max_renders: int,
        max_waiting: int,
        max_wait_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_renders = max_renders
        self._max_waiting = max_waiting
        self._max_wait_s = max_wait_s
        self._clock = clock
        self._running: list[Job] = []
        self._waiting: list[Job] = []  # as they came
        self.frames_per_s = _FIRST_GUESS_FPS  # of all renders together, lately

    @property
    def active(self) -> int:
        """How many run."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, order: str, frames: int, gone: Gone) -> AsyncGenerator[Job, None]:
        """Wait for a turn, and hold it as long as the context.

        Args:
            order: whose render it is.
            frames: about how many it has.
            gone: returns when the caller has gone away; asked only while it waits.

        Raises:
            Busy: its turn would not come, or did not come, soon enough.
            CallerGone: the caller did not wait so long.
        """
        job = Job(order, frames)
        wait_s = self.wait_s()
        full = len(self._running) >= self._max_renders
        if full and (len(self._waiting) >= self._max_waiting or wait_s > self._max_wait_s):
            raise self._busy()
        self._waiting.append(job)
        self._let_in()
        try:
            if not job.turn.done():
                await self._wait(job, gone)
            yield job
        finally:
            (self._waiting if job in self._waiting else self._running).remove(job)
            self._let_in()

    def progressed(self, job: Job, frames: int) -> None:
        """Take note that a running job has rendered so many more frames."""
        now = self._clock()
        # Jobs that run at once are about equally fast: there is one network, and it serves them in turn.
        newest = frames / max(now - job.last_progress, 1e-3) * len(self._running)
        self.frames_per_s += _NEWEST_SHARE * (newest - self.frames_per_s)
        job.last_progress = now
        job.frames_left = max(0, job.frames_left - frames)

    def wait_s(self) -> float:
        """Estimate when one who comes now would be let in, from the pace measured and the frames ahead."""
        if len(self._running) < self._max_renders:
            return 0.0
        # Frames that each place has to render until it is free; all places are equally fast.
        places = [job.frames_left for job in self._running]
        heapq.heapify(places)
        for job in self._waiting:
            heapq.heapreplace(places, places[0] + job.frames_left)
        return places[0] / (self.frames_per_s / self._max_renders)

    async def _wait(self, job: Job, gone: Gone) -> None:
        leaving = asyncio.create_task(gone())
        try:
            await asyncio.wait(
                {job.turn, leaving}, timeout=self._max_wait_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            leaving.cancel()
        if leaving.done():
            raise CallerGone
        if not job.turn.done():
            raise self._busy()

    def _let_in(self) -> None:
        while self._waiting and len(self._running) < self._max_renders:
            orders = [job.order for job in self._running]
            job = min(self._waiting, key=lambda job: orders.count(job.order))  # the first of those
            self._waiting.remove(job)
            self._running.append(job)
            job.last_progress = self._clock()
            job.turn.set_result(None)

    def _busy(self) -> Busy:
        return Busy(self.active, self.waiting, max(1, math.ceil(self.wait_s())))
