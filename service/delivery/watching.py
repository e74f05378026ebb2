"""Tells buyers how their order is: now, once its payment is decided, or at every change."""

import functools
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import msgspec

from lightning import LightningError
from service.delivery.port import Snapshots, Sold
from service.errors import Draining
from service.orders.order import UNDECIDED, Order, Status
from service.orders.video import Video, VideoState
from service.payments.payment import Payment
from service.payments.settlements import Settlements
from service.refunds.refunding import Offer, Refunding
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.stopping import Stopping
from service.runtime.waiting import Waiting
from service.runtime.waits import Waits

_DONE = (VideoState.READY, VideoState.DELETED)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """An order at one moment.

    Attributes:
        state: Differs where there is something new to tell.
        looked_at: Not after the look: whether its quote had run out then is what the order says.
    """

    order: Order
    payment: Payment
    video: Video | None
    video_state: VideoState
    refund: Offer | None
    state: str
    looked_at: datetime

    @property
    def final(self) -> bool:
        """Whether there is no more to wait for. A payment that comes late may still follow an expiry."""
        if self.order.status is Status.PAID:
            return self.video is not None and self.video.state in _DONE
        return self.order.status in (Status.EXPIRED, Status.CANCELED, Status.REFUNDED)


class Watching:
    """Looks at orders, and waits for what happens to them without asking again and again."""

    def __init__(
        self,
        *,
        snapshots: Snapshots,
        settlements: Settlements,
        refunding: Refunding,
        bells: Bells,
        stopping: Stopping,
        now: Clock,
        waits: Waits,
    ) -> None:
        self._snapshots = snapshots
        self._settlements = settlements
        self._refunding = refunding
        self._bells = bells
        self._stopping = stopping
        self._waiting = Waiting(bells, stopping, now)
        self._now = now
        self._longest_wait = timedelta(seconds=waits.status_wait_s)
        self._heartbeat = timedelta(seconds=waits.heartbeat_s)

    async def find(self, invoice: str) -> Sold | None:
        """Find the order of exactly this invoice."""
        return await self._snapshots.find(invoice)

    async def look(self, sold: Sold) -> Snapshot:
        """Return an order as it is."""
        return await self._snapshot(sold)

    async def decided(self, snapshot: Snapshot, wait_s: int) -> Snapshot:
        """Wait until the payment is no longer as it is; return the order as it is then, or when the wait is over.

        It is over after so many seconds, or what the operator allows, or when the service is about to stop.
        """
        known = snapshot.order.status
        if known not in UNDECIDED:
            return snapshot
        look = functools.partial(self._current, snapshot.order)
        try:
            return await self._waiting.until(
                snapshot.order.id,
                look,
                lambda seen: seen.order.status is not known,
                longest=timedelta(seconds=min(wait_s, self._longest_wait.total_seconds())),
                silence=self._silence,
                shared=True,
            )
        except Draining:
            return await look()

    async def changes(self, order: Order) -> AsyncGenerator[Snapshot | None]:
        """Yield the order as it is, then each change until the last; None is a sign of life.

        Ends too when the service is about to stop: the buyer comes back and goes on.
        """
        told = ""
        with self._bells.listen(order.id) as bell:
            while True:
                snapshot = await bell.look(functools.partial(self._current, order))
                news = snapshot.state != told
                yield snapshot if news else None
                if snapshot.final:
                    return
                told = snapshot.state
                try:
                    await self._stopping.race(
                        bell.wait(self._silence(snapshot, self._heartbeat).total_seconds())
                    )
                except Draining:
                    return

    def _silence(self, seen: Snapshot, longest: timedelta) -> timedelta:
        """How long nothing can change in silence: nobody rings when a quote runs out.

        Where it had run out by the look, the node has not decided, and the sweep rings. Where it has since, it is
        looked at again at once: a timer may be early by a millisecond, and the time for the rest is over here.
        """
        order = seen.order
        if order.status is Status.PENDING and seen.looked_at < order.expires_at:
            longest = min(longest, max(order.expires_at - self._now(), timedelta(0)))
        return longest

    async def _current(self, order: Order) -> Snapshot:
        sold = await self._snapshots.get(order.id)
        assert sold is not None
        return await self._snapshot(sold)

    async def _concluded(self, sold: Sold) -> Sold:
        """Ask the node a last time about a quote that ran out; while it does not answer, the order stays pending."""
        if not sold.payment.overdue(self._now()):
            return sold
        try:
            await self._settlements.conclude(sold.payment)
        except LightningError:
            return sold
        return await self._snapshots.get(sold.order.id) or sold

    async def _snapshot(self, sold: Sold) -> Snapshot:
        looked_at = self._now()
        sold = await self._concluded(sold)
        order, video = sold.order, sold.video
        state, frames = (
            (VideoState.NONE, 0) if video is None else (video.state_at(self._now()), video.playable_frames)
        )
        refund = await self._refunding.offer(sold.payment, video)
        told = f"{order.status.value}-{state.value}-{frames}"
        if refund is not None and refund.state is not None:
            told += f"-{refund.state.value}"
        return Snapshot(
            order=order,
            payment=sold.payment,
            video=video,
            video_state=state,
            refund=refund,
            state=told,
            looked_at=looked_at,
        )
