"""Goes on with the renders that nobody is at: a video that was paid for is made, whether its buyer asks again or not.

Every replica looks. Whose render it was does not matter: one that failed has rested, one whose replica died has
lost its lease. Those that wait for a worker with room are taken up one after the other, in the order in which they
were paid for: the next once a worker has begun with the one before it.
"""

import asyncio
import contextlib

import structlog

from service.errors import LeaseLost
from service.jobs.port import Videos
from service.orders.order import Order
from service.orders.port import Orders
from service.orders.video import Video
from service.rendering.rendering import Rendering
from service.runtime.clock import Clock

AT_ONCE = 8
"""Renders that one look takes up; the others of a longer list are for the next, or for another replica."""

log = structlog.get_logger()


class Resuming:
    """Takes up renders by themselves."""

    def __init__(self, *, orders: Orders, videos: Videos, rendering: Rendering, now: Clock) -> None:
        self._orders = orders
        self._videos = videos
        self._rendering = rendering
        self._now = now

    async def watch(self, every_s: float) -> None:
        """Look again and again, and when a worker may have room for who waits, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._rendering.room.wait()
            self._rendering.room.clear()
            await self.look()

    async def look(self) -> None:
        """Take up what waits for it."""
        stalled = await self._videos.stalled(self._now(), limit=AT_ONCE)
        self._rendering.crowded = any(video.queued_at for video in stalled)
        for video in stalled:
            if await self._rendering.start(await self._order(video), video.choice, again=True):
                log.info("render_resumed", order=video.order_id, tries=video.tries)
        while left := await self._rendering.claim_pieces():
            with contextlib.suppress(LeaseLost):
                await self._rendering.join(await self._order(left))

    async def _order(self, video: Video) -> Order:
        order = await self._orders.get(video.order_id)
        assert order is not None
        return order
