"""Delivers: checks the choice, waits for the payment, and has the video rendered. Playing it is `playing.py`."""

import math
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

from service.catalogue.choosing import Choosing
from service.delivery.playing import Player
from service.errors import (
    InvalidRequest,
    InvoiceNotPaid,
    PaymentGivenBack,
    PaymentRequired,
    RefundBound,
    RenderRefused,
    VideoBroken,
    VideoInterrupted,
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
from service.runtime.waiting import Waiting
from service.runtime.waits import Waits

UNMADE = "The video could not be made now. Your payment is safe: try again soon."

GIVEN_UP = (
    "The video could not be made, and is given up: POST /lightning/refund gives your money back. Or ask again: that is"
    " one more try."
)

GIVEN_UP_RETRY_S = 60

QUEUE_LOOK_S = 1.0
"""Seconds between looks of a request whose order waits for a worker that has room."""

QUEUE_RETRY_S = 5
"""Least seconds after which who waits behind others is to ask again."""

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
        self._settlements = settlements
        self._rendering = rendering
        self._choosing = choosing
        self._bells = bells
        self._stopping = stopping
        self._waiting = Waiting(bells, stopping, now)
        self._now = now
        self._player = Player(
            orders=orders, videos=videos, objects=objects, rendering=rendering, bells=bells, now=now
        )
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
        choice = order.deliver(await self._choosing.check_speech(asked, spoken=order.wish.text is not None))
        video = await self._player.kept(order.id)
        if video is not None:
            video.admits(choice, self._now())
        if video is None or not video.fixed:  # else it outlives its avatar
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
            await self._choosing.check_look(order.wish.choice)
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
            VideoInterrupted: It was lost, and is made anew.
        """
        if order.status is Status.REFUNDED:
            raise RefundBound(REFUNDED)
        if order.status is Status.CANCELED:
            raise await self._given_back(order)
        if order.status is not Status.PAID:
            raise PaymentRequired
        order.remembered()
        video = await self._player.kept(order.id)
        if video is not None and video.segments == 0 and video.fixed:
            raise VideoInterrupted
        if video is None or video.segments == 0:
            raise VideoNotStarted
        return video

    def play(
        self, order_id: int, start: int = 0, end: int | None = None, *, growing: bool
    ) -> AsyncGenerator[bytes]:
        """Stream the MP4 from `start` to before `end`, or to its end; see `Player.play`."""
        return self._player.play(order_id, start, end, growing=growing)

    async def whole_start(self, video: Video) -> bytes:
        """Return what a whole video starts with, up to its first segment.

        Raises:
            VideoInterrupted: It was lost this moment.
        """
        size = len(video.init or b"")
        try:
            start = b"".join([chunk async for chunk in self.play(video.order_id, 0, size, growing=False)])
        except VideoBroken:
            start = b""
        if len(start) != size:
            raise VideoInterrupted
        return start

    async def _wait_for_payment(self, order: Order) -> Status:
        """Wait until the order is paid, or its payment is held."""
        current = await self._waiting.until(
            order.id,
            lambda: self._current(order),
            lambda current: current.status is not Status.PENDING or current.overdue(self._now()),
            longest=self._payment_wait,
            silence=lambda current, left: min(left, current.expires_at - self._now()),
        )
        if current.status is Status.PENDING:
            await self._settlements.conclude(await self._payments.of(order.id))
            current = await self._current(order)
        if current.status is Status.REFUNDED:
            raise RefundBound(REFUNDED)
        if current.status is Status.CANCELED:
            raise await self._given_back(order)
        if current.status not in (Status.PAID, Status.HELD):
            raise InvoiceNotPaid
        return current.status

    async def _current(self, order: Order) -> Order:
        return await self._orders.get(order.id) or order

    async def _given_back(self, order: Order) -> PaymentGivenBack:
        video = await self._videos.get(order.id)
        return PaymentGivenBack(video.failure if video is not None and video.refused else None)

    async def _wait_for_held(self, order: Order) -> Video:
        """Wait until the render that a held payment begins shows that it can."""

        async def look() -> tuple[Status, Video | None]:
            return (await self._current(order)).status, await self._videos.get(order.id)

        def shows(video: Video | None) -> bool:
            return video is not None and video.shows_at(self._now())

        status, video = await self._waiting.until(
            order.id,
            look,
            lambda seen: seen[0] is Status.CANCELED or shows(seen[1]),
            longest=self._payment_wait,
        )
        if status is Status.CANCELED:
            raise await self._given_back(order)
        if video is not None and shows(video):
            return video
        raise WorkerDown(
            "The video is not begun yet. Ask again soon; if it cannot be made, your payment goes back by itself."
        )

    async def _wait_for_video(self, order: Order, choice: Choice) -> Video:
        """Begin or join the render, and wait until it shows that it can: by a segment, or by its end.

        An order waits its turn behind those that were paid for earlier for as long as a request may wait.
        """
        deadline = self._now() + self._payment_wait
        with self._bells.listen(order.id) as bell:
            if await self._rendering.start(order, choice) is None:
                await self._check_money(order)
            while True:
                video = await self._videos.get(order.id)
                assert video is not None
                video.admits(choice, self._now())
                if video.state is VideoState.READY or video.frames > video.base_frames:
                    return video
                if video.state is VideoState.FAILED and video.refused:
                    raise RenderRefused(video.failure or "")
                if video.state is VideoState.FAILED:
                    raise WorkerDown(GIVEN_UP, retry_after_s=GIVEN_UP_RETRY_S)
                if video.state is VideoState.INTERRUPTED:
                    await self._wait_for_room(video, bell, deadline)
                    await self._rendering.start(order, choice, again=True)
                    continue
                if not video.abandoned_at(self._now()):
                    await self._wait(bell, self._player.silence_s(video))
                elif not await self._player.take_over(video, choice):
                    raise WorkerDown(UNMADE)

    async def _wait_for_room(self, video: Video, bell: Listener, deadline: datetime) -> None:
        """Wait until a video that waits for a worker may try again.

        Raises:
            WorkerDown: It rests after a failure, or that is later than the request may wait.
        """
        rest_s, left_s = self._player.silence_s(video), (deadline - self._now()).total_seconds()
        if video.queued_at is None or rest_s >= left_s or left_s <= 0:
            retry_after_s = max(math.ceil(rest_s), 1 if video.queued_at is None else QUEUE_RETRY_S)
            raise WorkerDown(video.failure or UNMADE, retry_after_s=retry_after_s)
        await self._wait(bell, min(max(rest_s, QUEUE_LOOK_S), left_s))

    async def _check_money(self, order: Order) -> None:
        """Refuse an order whose money is on its way back: no render of it can begin."""
        refund = await self._refunds.latest(order.id)
        if refund is not None and refund.state is not RefundState.FAILED:
            raise RefundBound("A refund of this order is bound: its video is not made.")

    async def _wait(self, bell: Listener, longest_s: float) -> None:
        await self._stopping.race(bell.wait(longest_s))
