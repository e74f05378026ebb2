"""Delivers: checks the choice, waits for the payment, has the video rendered, and plays it while it grows."""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta

from service.catalogue.choosing import Choosing
from service.errors import (
    InvalidRequest,
    InvoiceNotPaid,
    PaymentGivenBack,
    PaymentRequired,
    RefundBound,
    RenderRefused,
    VideoBroken,
    VideoNotStarted,
    WorkerDown,
)
from service.jobs.port import Objects, Videos
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.port import Orders
from service.orders.video import Video, VideoState
from service.payments.port import Payments
from service.payments.settlements import Settlements
from service.refunds.refund import Refunds, RefundState
from service.rendering.rendering import Rendering
from service.runtime.bells import Bells, Listener
from service.runtime.clock import Clock
from service.runtime.stopping import Stopping
from service.runtime.waits import Waits

HELD_S = 5.0
"""Seconds between looks at a payment that is held though the video is whole."""

UNMADE = "The video could not be made now. Your payment is safe: try again soon."

REFUNDED = "This order was refunded: ask for a new quote."


class Delivery:
    """Hands paid videos to their buyers."""

    def __init__(
        self,
        *,
        orders: Orders,
        payments: Payments,
        videos: Videos,
        refunds: Refunds,
        objects: Objects,
        settlements: Settlements,
        rendering: Rendering,
        choosing: Choosing,
        bells: Bells,
        stopping: Stopping,
        now: Clock,
        waits: Waits,
    ) -> None:
        self._orders = orders
        self._payments = payments
        self._videos = videos
        self._refunds = refunds
        self._objects = objects
        self._settlements = settlements
        self._rendering = rendering
        self._choosing = choosing
        self._bells = bells
        self._stopping = stopping
        self._now = now
        self._payment_wait = timedelta(seconds=waits.payment_wait_s)

    async def deliver(self, order: Order, asked: Choice) -> Video:
        """Return a video of which something can be played now, and the rest as it comes.

        Raises:
            InvalidRequest: The choice is unknown, incomplete, or not what the quote was made for.
            VideoGone: It was kept long enough.
            ChoiceFixed: The video is made already, of another choice.
            InvoiceNotPaid: The payment did not come in time.
            RefundBound: Its money is on its way back.
            PaymentGivenBack: It was held, and the video could not be made.
            Unavailable: It cannot be rendered now, or the node does not say whether it was paid.
            RenderRefused: It can never be rendered as it was asked for.
        """
        choice = order.deliver(await self._choosing.check_speech(asked, spoken=order.text is not None))
        video = await self._videos.get(order.id)
        if video is not None:
            video.admits(choice, self._now())
        if video is None or video.segments == 0:  # else it outlives its avatar
            await self._check_look(order, choice)
        if await self._wait_for_payment(order) is Status.HELD:
            return await self._wait_for_held(order)
        return await self._wait_for_video(order, choice)

    async def _check_look(self, order: Order, choice: Choice) -> None:
        """Refuse a look that there is not.

        One that was sold and is there no more is not the buyer's mistake: once it is paid for it is tried, so that it
        is made if it comes back, and fails, which gives a right to the money, if it does not.

        Raises:
            InvalidRequest: The message lists what there is.
        """
        try:
            await self._choosing.check_look(order.choice)
        except InvalidRequest:
            if order.status is Status.PENDING:
                raise
        else:
            await self._choosing.check_look(choice)

    async def video(self, order: Order) -> Video:
        """Return the video of a paid order.

        Raises:
            PaymentRequired: It is not paid.
            VideoGone: It was kept long enough.
            RefundBound: Its money was given back.
            PaymentGivenBack: It was held, and the video could not be made.
            VideoNotStarted: Nobody has asked for it, or none of it is there yet.
        """
        if order.status is Status.REFUNDED:
            raise RefundBound(REFUNDED)
        if order.status is Status.CANCELED:
            raise await self._given_back(order)
        if order.status is not Status.PAID:
            raise PaymentRequired
        order.remembered()
        video = await self._videos.get(order.id)
        if video is None or video.segments == 0:
            raise VideoNotStarted
        return video

    async def play(self, order_id: int, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Stream the MP4 from `start` to before `end`, or to its end, waiting for what is not rendered yet.

        While a payment is held, the buyer sees its video grow, but for the last piece: that comes once the money is
        ours, so that nobody has a whole video and the money back. A render whose replica has died goes on from
        here.

        Raises:
            VideoBroken: The render was interrupted, the video deleted, or the payment went back.
        """
        position, held = start, True  # until the order says otherwise
        with self._bells.listen(order_id) as bell:
            while end is None or position < end:
                video = await self._videos.get(order_id)
                assert video is not None
                if video.state is VideoState.DELETED:
                    raise VideoBroken
                held = held and await self._is_held(order_id)
                size = await self._size_but_last(video.id, position) if held else video.size
                stored = size if end is None else min(end, size)
                if position < stored:
                    async for chunk in self._stored(video, position, stored):
                        position += len(chunk)
                        yield chunk
                elif video.state is VideoState.READY and not held:
                    return
                elif video.state is VideoState.INTERRUPTED:
                    raise VideoBroken
                elif not video.abandoned_at(self._now()):
                    await bell.wait(self._lease_s(video))
                elif not await self._take_over(video, video.choice):
                    raise VideoBroken

    async def _is_held(self, order_id: int) -> bool:
        """Whether the payment is not ours yet; raises VideoBroken where it went back."""
        order = await self._orders.get(order_id)
        assert order is not None
        if order.status is Status.CANCELED:
            raise VideoBroken
        return order.status is Status.HELD

    async def _size_but_last(self, job_id: int, position: int) -> int:
        """Where the last stored piece starts; `position` where there is none after it."""
        parts = await self._videos.segments(job_id, after=position)
        return parts[-1].offset if parts else position

    async def _stored(self, video: Video, start: int, end: int) -> AsyncIterator[bytes]:
        """Stream stored bytes; stops early where the pieces were joined meanwhile."""
        if video.object is not None:
            async for chunk in self._objects.read(video.object, start, end):
                yield chunk
            return
        assert video.init is not None
        if start < len(video.init):
            yield video.init[start:end]
            start = len(video.init)
        for part in await self._videos.segments(video.id, after=start):
            first, last = max(start - part.offset, 0), min(end - part.offset, part.size)
            if first >= last:
                return
            try:
                async for chunk in self._objects.read(part.object, first, last):
                    yield chunk
            except FileNotFoundError:
                now = await self._videos.get(video.order_id)
                if now is None or now.object is None:
                    raise
                return

    async def _wait_for_payment(self, order: Order) -> Status:
        """Wait until the order is paid, or its payment is held."""
        deadline = self._now() + self._payment_wait
        with self._bells.listen(order.id) as bell:
            current = await self._orders.get(order.id) or order
            while current.status is Status.PENDING and (left := deadline - self._now()) > timedelta(0):
                left = min(left, current.expires_at - self._now())
                await self._wait(bell, left.total_seconds())
                current = await self._orders.get(order.id) or order
                if current.overdue(self._now()):
                    break
        if current.status is Status.PENDING:
            await self._settlements.conclude(await self._payments.of(order.id))
            current = await self._orders.get(order.id) or order
        if current.status is Status.REFUNDED:
            raise RefundBound(REFUNDED)
        if current.status is Status.CANCELED:
            raise await self._given_back(order)
        if current.status not in (Status.PAID, Status.HELD):
            raise InvoiceNotPaid
        return current.status

    async def _given_back(self, order: Order) -> PaymentGivenBack:
        video = await self._videos.get(order.id)
        return PaymentGivenBack(video.failure if video is not None and video.refused else None)

    async def _wait_for_held(self, order: Order) -> Video:
        """Wait until the render that a held payment begins shows that it can."""
        deadline = self._now() + self._payment_wait
        with self._bells.listen(order.id) as bell:
            while (left := deadline - self._now()) > timedelta(0):
                current = await self._orders.get(order.id)
                if current is None or current.status is Status.CANCELED:
                    raise await self._given_back(order)
                video = await self._videos.get(order.id)
                if video is not None and video.shows_at(self._now()):
                    return video
                await self._wait(bell, left.total_seconds())
        raise WorkerDown(
            "The video is not begun yet. Ask again soon; if it cannot be made, your payment goes back by itself."
        )

    async def _wait_for_video(self, order: Order, choice: Choice) -> Video:
        """Begin or join the render, and wait until it shows that it can: by a segment, or by its end."""
        with self._bells.listen(order.id) as bell:
            # Shielded: a client that goes away now must not leave a claim that nobody fulfils.
            if await asyncio.shield(self._rendering.start(order, choice)) is None:
                await self._check_money(order)
            while True:
                video = await self._videos.get(order.id)
                assert video is not None
                video.admits(choice, self._now())
                if video.state is VideoState.READY or video.frames > video.base_frames:
                    return video
                if video.state is VideoState.INTERRUPTED:
                    if video.refused:
                        raise RenderRefused(video.failure or "")
                    raise WorkerDown(video.failure or UNMADE, retry_after_s=math.ceil(self._lease_s(video)))
                if not video.abandoned_at(self._now()):
                    await self._wait(bell, self._lease_s(video))
                elif not await self._take_over(video, choice):
                    raise WorkerDown(UNMADE)

    async def _check_money(self, order: Order) -> None:
        """Refuse an order whose money is on its way back: no render of it can begin."""
        refund = await self._refunds.latest(order.id)
        if refund is not None and refund.state is not RefundState.FAILED:
            raise RefundBound("A refund of this order is bound: its video is not made.")

    async def _take_over(self, video: Video, choice: Choice) -> bool:
        """Go on with a render that was abandoned; False where nobody will."""
        order = await self._orders.get(video.order_id)
        assert order is not None
        if await asyncio.shield(self._rendering.start(order, choice, again=True)) is not None:
            return True
        now = await self._videos.get(video.order_id)
        return now is not None and now.attempt != video.attempt  # another replica was first

    def _lease_s(self, video: Video) -> float:
        """How long it takes at most until there is something to do in silence."""
        if video.state is VideoState.READY:  # a held payment is to be taken, which rings
            return HELD_S
        return (video.lease_until - self._now()).total_seconds()

    async def _wait(self, bell: Listener, longest_s: float) -> None:
        await self._stopping.race(bell.wait(longest_s))
