"""Sees held payments to their end: the video is made while the money is held, then it is taken, or goes back.

The node decides between the two, once: it refuses to settle what was cancelled and to cancel what was settled. So
what is asked of it may be asked again after any crash, by any process, and a state is written down only when the
node says that it is so. Money is taken after the row says that the video is whole, and never before.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime, timedelta

import structlog

from lightning import (
    AnotherNode,
    Invoice,
    InvoiceBackend,
    InvoiceNotFound,
    InvoiceNotHeld,
    LightningError,
)
from service.errors import VideoNotMade
from service.jobs.port import Videos
from service.orders.order import Status
from service.orders.port import Orders
from service.orders.video import Video, VideoState
from service.payments.hold_tries import HoldTries
from service.payments.payment import Payment
from service.payments.port import Payments, Preimages
from service.payments.settlements import Settlements
from service.rendering.rendering import Rendering
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.section import NotNegativeInt, Positive, PositiveInt, Section

SWEEP_S = 30.0
"""Seconds between looks for orders that nobody here follows: those quoted by another process."""

FOLLOWED_AT_ONCE = 64
"""Streams that are being opened at the same time, such as after a restart."""

CHECK_S = 5.0
"""Seconds after which a video is looked at that nothing was heard of."""

HEIGHT_FRESHNESS = timedelta(seconds=10)
"""How long the height of the chain is believed without asking again: a block takes minutes."""

TOO_LATE = "the payment cannot be held for longer"

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Before a render that failed is tried again, and the node is asked again."""

log = structlog.get_logger()


class HoldTerms(Section, frozen=True, kw_only=True):
    """What may be held."""

    hold_quotes: NotNegativeInt = 1000
    """Hold invoices that may be open or held at once; 0 is no limit."""

    hold_quotes_per_client: NotNegativeInt = 10
    """The same of one client, with those whose money went back within the hour: so nothing is rendered for nothing."""

    hold_renders: PositiveInt = 8
    """Videos of held payments that are rendered at once; others wait for their turn."""

    hold_patience_s: Positive = 600
    """Seconds that a held payment waits while its video gets no further, before it goes back."""

    hold_margin_blocks: PositiveInt = 24
    """Blocks before the payer could take a held payment back at which an unfinished video is given up. LND gives it
    back by itself at 18 (`invoices.holdexpirydelta`)."""


class Holds:
    """The hold orders that are open or held. A class since each is followed by one task."""

    def __init__(
        self,
        *,
        terms: HoldTerms,
        orders: Orders,
        payments: Payments,
        preimages: Preimages,
        videos: Videos,
        backend: InvoiceBackend,
        settlements: Settlements,
        rendering: Rendering,
        tries: HoldTries,
        bells: Bells,
        now: Clock,
    ) -> None:
        self._terms = terms
        self._orders = orders
        self._payments = payments
        self._preimages = preimages
        self._videos = videos
        self._backend = backend
        self._settlements = settlements
        self._rendering = rendering
        self._tries = tries
        self._bells = bells
        self._now = now
        self._starting = asyncio.Semaphore(FOLLOWED_AT_ONCE)
        self._room = asyncio.Semaphore(terms.hold_renders)
        self._height, self._height_asked_at = 0, datetime.min.replace(tzinfo=UTC)
        self._tasks: dict[int, asyncio.Task[None]] = {}

    @property
    def live(self) -> int:
        """How many are open or held."""
        return len(self._tasks)

    async def run(self) -> None:
        """Follow every order that is not decided yet, for ever."""
        while True:
            for payment in await self._payments.holds():
                self.follow(payment)
            await asyncio.sleep(SWEEP_S)

    def follow(self, payment: Payment) -> None:
        """See a payment to its end, in the background."""
        if payment.id not in self._tasks:
            task = self._tasks[payment.id] = asyncio.create_task(self._see_through(payment))
            task.add_done_callback(lambda _: self._tasks.pop(payment.id))

    async def aclose(self) -> None:
        """Let go of all; another process, or the next, goes on."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _see_through(self, payment: Payment) -> None:
        """Follow until the node has decided; through an outage of the database too, which may take its time."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._follow_states(payment)
            except Exception:
                log.exception("hold_interrupted", order=payment.order_id)
            else:
                return
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _follow_states(self, payment: Payment) -> None:
        async with asyncio.TaskGroup() as tasks:
            serving: asyncio.Task[None] | None = None
            async with aclosing(self._states(payment)) as states:
                async for invoice in states:
                    payment = await self._note(payment, invoice)
                    if serving is None and invoice is not None and invoice.expiry_height is not None:
                        serving = tasks.create_task(self._serve(payment, invoice.expiry_height))
            if serving is not None:
                serving.cancel()

    async def _states(self, payment: Payment) -> AsyncGenerator[Invoice | None]:
        """Follow the invoice; None where the node has forgotten it, as it may once it is cancelled.

        Ends at once where another node is there: whoever looks again goes on when its own is back.
        """
        async with AsyncExitStack() as starting:
            await starting.enter_async_context(self._starting)
            try:
                async with aclosing(self._backend.follow(payment.payment_hash)) as states:
                    async for invoice in states:
                        await starting.aclose()
                        yield invoice
            except InvoiceNotFound:
                try:
                    await self._settlements.require_own_node(payment)
                except AnotherNode:
                    return
                yield None

    async def _note(self, payment: Payment, invoice: Invoice | None) -> Payment:
        """Write down what the node says, and count it for or against the client."""
        await self._settlements.note(await self._payments.of(payment.order_id), invoice)
        noted = await self._payments.of(payment.order_id)
        self._tries.note(payment.payment_hash, noted.status, self._now())
        if noted.status is Status.CANCELED:
            self._rendering.stop(payment.order_id)
        return noted

    async def _serve(self, payment: Payment, expiry_height: int) -> None:
        """Have the video made and take the money, or give it back.

        Which of the two is decided by the rows alone, whatever was seen before: a video that another replica has made
        or is making is not given up by one that has no room for it.
        """
        while True:
            try:
                await self._made(payment, expiry_height)
            except VideoNotMade as error:
                if not await self._payments.give_back(payment.id, self._now(), although_rendered=error.late):
                    log.info("hold_goes_on", order=payment.order_id, reason=error.reason)
                    await asyncio.sleep(FIRST_PAUSE_S)
                    continue
                log.warning("hold_fails", order=payment.order_id, reason=error.reason)
                self._bells.ring(payment.order_id)
                self._rendering.stop(payment.order_id)
                await self._insist(payment, whole=False)
            else:
                await self._insist(payment, whole=True)
            return

    async def _insist(self, payment: Payment, *, whole: bool) -> None:
        """Ask the node until it has done it, or decided otherwise: the stream of its states tells which."""
        payment_hash = payment.payment_hash
        preimage = await self._preimages.get(payment_hash)
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await (self._backend.settle(preimage) if whole else self._backend.cancel(payment_hash))
            except InvoiceNotHeld as error:
                log.warning("hold_decided_otherwise", order=payment.order_id, whole=whole, error=str(error))
                return
            except LightningError as error:
                if isinstance(error, InvoiceNotFound) and await self._is_forgotten(payment):
                    log.warning("hold_forgotten", order=payment.order_id, whole=whole)
                    return
                log.warning("hold_waits_for_node", order=payment.order_id, whole=whole, error=repr(error))
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                return

    async def _is_forgotten(self, payment: Payment) -> bool:
        """Whether the very node that made an invoice knows it no longer."""
        try:
            await self._settlements.require_own_node(payment)
        except LightningError:
            return False
        return True

    async def _made(self, payment: Payment, expiry_height: int) -> None:
        """Wait until the video is whole, whoever renders it.

        Raises:
            VideoNotMade: It never will be, or not in time.
        """
        if not await self._has_room(payment, expiry_height):
            return
        try:
            await self._make(payment, expiry_height)
        finally:
            self._room.release()

    async def _has_room(self, payment: Payment, expiry_height: int) -> bool:
        """Wait for a turn to render; False where the video is whole first, by another replica or an earlier run.

        Raises:
            VideoNotMade: Its turn does not come in time.
        """
        deadline = self._now() + timedelta(seconds=self._terms.hold_patience_s)
        while not _whole(await self._videos.get(payment.order_id)):
            if await self._is_late(expiry_height):
                raise VideoNotMade(TOO_LATE, late=True)
            left = (deadline - self._now()).total_seconds()
            try:
                async with asyncio.timeout(min(max(left, 0), CHECK_S)):
                    await self._room.acquire()
            except TimeoutError as error:
                if left <= CHECK_S:
                    raise VideoNotMade("others were rendered") from error
            else:
                return True
        return False

    async def _make(self, payment: Payment, expiry_height: int) -> None:
        """Begin the render, and again where it is interrupted, until the video is whole."""
        order = await self._orders.get(payment.order_id)
        assert order is not None
        frames, moved_at = -1, self._now()
        pause_s, next_try_at = FIRST_PAUSE_S, self._now()
        with self._bells.listen(payment.order_id) as bell:
            while not _whole(video := await self._videos.get(payment.order_id)):
                now = self._now()
                if video is not None and video.frames > frames:
                    frames, moved_at, pause_s = video.frames, now, FIRST_PAUSE_S
                if video is not None and video.state is VideoState.FAILED:
                    raise VideoNotMade(video.failure or "given up")
                if await self._is_late(expiry_height):
                    raise VideoNotMade(TOO_LATE, late=True)
                wait_s = CHECK_S
                if video is None or video.state_at(now) is VideoState.INTERRUPTED:
                    if now - moved_at > timedelta(seconds=self._terms.hold_patience_s):
                        raise VideoNotMade("nobody renders it")
                    if now >= next_try_at:
                        await self._rendering.start(order, order.wish.choice)
                        next_try_at = now + timedelta(seconds=pause_s)
                        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                    wait_s = min(CHECK_S, (next_try_at - now).total_seconds())
                await bell.wait(wait_s)

    async def _is_late(self, expiry_height: int) -> bool:
        """Whether the node would soon give the payment back by itself. One that is away cannot."""
        now = self._now()
        if now - self._height_asked_at >= HEIGHT_FRESHNESS:
            self._height_asked_at = now
            try:
                self._height = (await self._backend.ping()).height
            except LightningError as error:
                log.warning("height_unknown", error=repr(error))
        return self._height >= expiry_height - self._terms.hold_margin_blocks


def _whole(video: Video | None) -> bool:
    return video is not None and video.state is VideoState.READY
