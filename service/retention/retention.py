"""Forgets what buyers sent and bought once nobody can need it.

That is words and recordings that were never paid, and videos some time after. The orders' rows stay, for the books.

Each is first marked, then its objects are deleted, then it is done: a crash between leaves work for the next look.
"""

import asyncio
from datetime import timedelta

import structlog

from lightning import InvoiceBackend, InvoiceNotFound, InvoiceState, LightningError
from service.jobs.port import Objects
from service.payments.payment import Payment
from service.payments.settlements import Settlements
from service.rendering.rendering import pieces_folder, video_name
from service.retention.port import Kept, RetentionStore
from service.runtime.clock import Clock

PAGE = 500
"""Orders that one look takes; a longer list goes on at the next."""

log = structlog.get_logger()


class Retention:
    """Looks for what is to be forgotten.

    Args:
        unpaid: How long after its expiry the input of a quote is kept, for a payment that was on its way.
        delivered: How long after its payment a video is kept; None keeps it for ever.
    """

    def __init__(
        self,
        *,
        store: RetentionStore,
        objects: Objects,
        backend: InvoiceBackend,
        settlements: Settlements,
        now: Clock,
        unpaid: timedelta,
        delivered: timedelta | None,
    ) -> None:
        self._store = store
        self._objects = objects
        self._backend = backend
        self._settlements = settlements
        self._now = now
        self._unpaid = unpaid
        self._delivered = delivered

    async def sweep(self, every_s: float) -> None:
        """Look again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Forget what is due."""
        now = self._now()
        for payment in await self._store.unpaid(before=now - self._unpaid, limit=PAGE):
            try:
                over = await self._over(payment)
            except LightningError as error:
                log.warning("retention_stopped", error=repr(error))
                break
            if over and await self._store.forget_input(payment.order_id, now):
                log.info("input_forgotten", order=payment.order_id)
        if self._delivered is not None:
            for order_id in await self._store.delivered(before=now - self._delivered, limit=PAGE):
                await self._store.forget_video(order_id, now)
                log.info("video_forgotten", order=order_id)
        for kept in await self._store.marked(limit=PAGE):
            await self._delete(kept)

    async def _over(self, payment: Payment) -> bool:
        """Ask the node a last time: whether this invoice can never be paid any more."""
        try:
            invoice = await self._backend.lookup(payment.payment_hash)
        except InvoiceNotFound:
            return True
        if invoice.state is InvoiceState.SETTLED:
            await self._settlements.conclude(payment)
        return invoice.state is InvoiceState.CANCELED

    async def _delete(self, kept: Kept) -> None:
        if kept.upload is not None:
            await self._objects.delete(kept.upload)
        if kept.job_id is not None:
            await self._objects.delete(video_name(kept.job_id))
            await self._objects.delete(pieces_folder(kept.job_id))
        await self._store.forgotten(kept.order_id)
