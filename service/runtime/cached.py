"""Answers that cost something to find out, and that many may ask for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """An answer that is asked for once at a time and once in so many seconds: who asks meanwhile shares it.

    An error is shared as an answer is, so that what is away is not asked more often than what is there.
    """

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, T]], *, fresh_s: float) -> None:
        self._ask = ask
        self._fresh_s = fresh_s
        self._asking: asyncio.Task[T] | None = None
        self._asked_at = 0.0

    async def get(self) -> T:
        """Return the answer, or raise the error, that is being found out or is fresh."""
        now = asyncio.get_running_loop().time()
        asking = self._asking
        if asking is None or (asking.done() and now - self._asked_at >= self._fresh_s) or asking.cancelled():
            asking = self._asking = asyncio.create_task(self._ask())
            asking.add_done_callback(self._answered)
        return await asyncio.shield(asking)  # one who goes away takes it from nobody

    def _answered(self, asking: asyncio.Task[T]) -> None:
        self._asked_at = asyncio.get_running_loop().time()
        if not asking.cancelled():
            asking.exception()  # those who waited for it may be gone
