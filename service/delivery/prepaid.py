"""Delivers the videos of accounts: begun by who orders them, or of a delayed one by who first opens it."""

import asyncio
import contextlib
from datetime import timedelta

from service.delivery.delivery import Delivery
from service.errors import Draining, VideoInterrupted, VideoNotStarted
from service.jobs.port import Videos
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.prepaid import PrepaidOrders
from service.orders.video import Video, VideoState
from service.quotes.prepaid import PrepaidOrdering
from service.quotes.prepaid_terms import Taken
from service.rendering.rendering import Rendering
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.stopping import Stopping
from service.runtime.waiting import Waiting

LOOK = timedelta(minutes=10)
"""How long a render is waited for before it is looked at anew; its own end, or its worker's, comes first."""

OVER = (VideoState.READY, VideoState.FAILED, VideoState.DELETED)


class PrepaidDelivery:
    """Hands videos to accounts, and to whom they give a link."""

    def __init__(
        self,
        *,
        delivery: Delivery,
        ordering: PrepaidOrdering,
        orders: PrepaidOrders,
        videos: Videos,
        rendering: Rendering,
        bells: Bells,
        stopping: Stopping,
        now: Clock,
    ) -> None:
        self._delivery = delivery
        self._ordering = ordering
        self._orders = orders
        self._videos = videos
        self._rendering = rendering
        self._bells = bells
        self._waiting = Waiting(bells, stopping, now)
        self._now = now

    async def made(self, taken: Taken, *, whole: bool) -> Video:
        """Return a video that its owner waits for: all of it, or as soon as something can be played.

        An owner who is told that it failed pays nothing: the order is given up, unless another request made it, which
        may wait for it still. One who goes away has it made.

        Raises as `Delivery.deliver` does.
        """
        try:
            return await self.bought(taken.order, whole=whole)
        except Exception:
            if not taken.again and await self._orders.release(taken.order.id, self._now()):
                self._rendering.stop(taken.order.id)
                self._bells.ring(taken.order.id)
            elif (made := await self.whole(taken.order)) is not None:  # at the same moment, and it is paid
                return made
            raise

    async def bought(self, order: Order, *, whole: bool) -> Video:
        """Return a video that was paid for: all of it, or as soon as something can be played.

        Raises as `Delivery.deliver` does.
        """
        video = await self._delivery.deliver(order, Choice())
        while whole and video.state is not VideoState.READY:
            await self._ended(order)
            video = await self._delivery.deliver(order, Choice())
        return video

    async def made_within(self, taken: Taken, longest: timedelta) -> Video | None:
        """Return a video that its owner waits for, all of it; None where it takes longer, and goes on.

        Raises as `made` does.
        """
        making = asyncio.ensure_future(self.made(taken, whole=True))
        try:
            done, _ = await asyncio.wait([making], timeout=longest.total_seconds())
            return making.result() if done else None
        finally:
            making.cancel()

    async def over_within(self, order: Order, longest: timedelta) -> None:
        """Have a video made and wait until it is whole or given up, but not longer; nobody gives it up for that."""
        await self._rendering.start(order, order.wish.choice)
        with contextlib.suppress(Draining):
            await self._waiting.until(
                order.id,
                lambda: self._videos.get(order.id),
                lambda video: video is None or video.state in OVER,
                longest=longest,
            )

    async def whole(self, order: Order) -> Video | None:
        """Return a video that is whole already."""
        video = await self._videos.get(order.id)
        return video if video is not None and video.state is VideoState.READY else None

    async def opened(self, order: Order) -> Video:
        """Return a video for who opens its link: something of it can be played, and the rest comes.

        Who opens a delayed one first has its owner pay for it; all who come join one render.

        Raises as `Delivery.deliver` and `PrepaidOrdering.begin` do.
        """
        order = await self._ordering.begin(order)
        with contextlib.suppress(VideoNotStarted, VideoInterrupted):
            video = await self._delivery.video(order)
            if video.state is VideoState.READY:
                return video
        return await self._delivery.deliver(order, Choice())

    async def begin(self, order: Order) -> None:
        """Have the video of a link made that somebody is about to watch. Raises as `PrepaidOrdering.begin` does."""
        delayed = order.status is Status.PENDING
        order = await self._ordering.begin(order)
        if delayed:
            await self._rendering.start(order, order.wish.choice)

    async def _ended(self, order: Order) -> None:
        """Wait until nobody renders a video, be it that it is whole."""

        async def look() -> Video:
            video = await self._videos.get(order.id)
            assert video is not None
            return video

        await self._waiting.until(
            order.id,
            look,
            lambda video: video.state_at(self._now()) is not VideoState.RENDERING,
            longest=LOOK,
            silence=lambda video, left: min(left, video.lease_until - self._now()),
        )
