"""Waits until an order is as somebody wants it: woken by rings, for so long, and not beyond the service's stop."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.stopping import Stopping

T = TypeVar("T")


def _until_the_end(_seen: object, left: timedelta) -> timedelta:
    return left


class Waiting:
    """What every request that waits goes by."""

    def __init__(self, bells: Bells, stopping: Stopping, now: Clock) -> None:
        self._bells = bells
        self._stopping = stopping
        self._now = now

    async def until(
        self,
        order_id: int,
        look: Callable[[], Coroutine[Any, Any, T]],
        done: Callable[[T], bool],
        *,
        longest: timedelta,
        silence: Callable[[T, timedelta], timedelta] = _until_the_end,
        shared: bool = False,
    ) -> T:
        """Look, and look again whenever something happens to the order; what was seen last.

        Args:
            order_id: Whose rings wake.
            look: Reads the rows.
            done: Whether what was seen is what is waited for.
            longest: When to give up.
            silence: How long nothing can change unheard, of what was seen and the time that is left.
            shared: All who wait for this order so look for the same: one read serves them.

        Raises:
            Draining: The service is about to stop.
        """
        deadline = self._now() + longest
        with self._bells.listen(order_id) as bell:
            while True:
                seen = await (bell.look(look) if shared else look())
                left = deadline - self._now()
                if done(seen) or left <= timedelta(0):
                    return seen
                await self._stopping.race(bell.wait(silence(seen, left).total_seconds()))
