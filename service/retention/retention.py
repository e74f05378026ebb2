"""Forgets what buyers sent and bought once nobody can need it.

That is words and recordings that were never paid, and videos some time after; and answers once their wishes are not
sent again. The rows of orders that were paid stay,
for the books; those of the others go a while after their input.

Each is first marked, then its objects are deleted, then it is done: a crash between leaves work for the next look.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from lightning import AnotherNode, InvoiceBackend, InvoiceState, InvoiceUnreadable, LightningError
from service.jobs.names import finished_folder, pieces_folder, video_name
from service.jobs.port import Objects
from service.payments.payment import Incoming
from service.payments.settlements import Settlements
from service.retention.port import Kept, RetentionStore
from service.runtime.clock import SteadyClock
from service.runtime.section import NotNegative, Section

PAGE = 500
"""Orders that are read at once. A look goes on until nothing is due: more may be sold between two looks."""

log = structlog.get_logger()


class RetentionTerms(Section, frozen=True, kw_only=True):
    """How long what is kept."""

    unpaid_retention_s: NotNegative = 3600
    """Seconds after its expiry that the text or recording of an unpaid quote is kept, for a payment on its way."""

    unpaid_record_retention_s: NotNegative = 86_400
    """Seconds that is remembered of such a quote that there was one; after them its invoice is as unknown as any."""

    video_retention_days: NotNegative = 30
    """Days that a video, with what it was made of, is kept once it is whole and paid for; 0 keeps it for ever."""


class Retention:
    """Looks for what is to be forgotten."""

    def __init__(
        self,
        *,
        store: RetentionStore,
        objects: Objects,
        backend: InvoiceBackend,
        settlements: Settlements,
        clock: SteadyClock,
        terms: RetentionTerms,
    ) -> None:
        self._store = store
        self._objects = objects
        self._backend = backend
        self._settlements = settlements
        self._clock = clock
        self._unpaid = timedelta(seconds=terms.unpaid_retention_s)
        self._record = timedelta(seconds=terms.unpaid_record_retention_s)
        self._delivered = timedelta(days=terms.video_retention_days) if terms.video_retention_days else None

    async def sweep(self, every_s: float) -> None:
        """Look again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Forget what is due, if it is certain what time it is. What was marked is deleted in any case."""
        if now := self._clock.certain():
            await self._mark(now)
        while marked := await self._store.marked(limit=PAGE):
            for kept in marked:
                await self._delete(kept)

    async def _mark(self, now: datetime) -> None:
        try:
            node = await self._backend.node()
            while await self._forget_unpaid(node, now):  # more than a page of them may come between two looks
                pass
            while await self._delete_top_ups(node, now):
                pass
        except LightningError as error:
            log.warning("retention_stopped", error=repr(error))
        while await self._store.forget_delayed(now, limit=PAGE) == PAGE:
            pass
        while await self._delete_unpaid(now) == PAGE:
            pass
        while await self._store.forget_answers(now, limit=PAGE) == PAGE:
            pass
        if self._delivered is not None:
            before = now - self._delivered
            for order_id in await self._store.delivered(before=before, limit=PAGE):
                if await self._store.forget_video(order_id, now, before=before):
                    log.info("video_forgotten", order=order_id)

    async def _forget_unpaid(self, node: str, now: datetime) -> bool:
        """Forget a page of inputs that nobody paid for; whether there may be more."""
        page = await self._store.unpaid(before=now - self._unpaid, node=node, limit=PAGE)
        forgotten = 0
        for payment in page:
            if await self._over(payment) and await self._store.forget_input(payment.order_id, now):
                log.info("input_forgotten", order=payment.order_id)
                forgotten += 1
        return forgotten > 0 and len(page) == PAGE

    async def _delete_unpaid(self, now: datetime) -> int:
        """Delete a page of orders whose input was forgotten long enough ago: the node has ended their invoices."""
        deleted = await self._store.delete_unpaid(before=now - self._record, limit=PAGE)
        if deleted:
            log.info("unpaid_deleted", orders=deleted)
        return deleted

    async def _delete_top_ups(self, node: str, now: datetime) -> bool:
        """Delete a page of top-ups that nobody paid; whether there may be more."""
        page = await self._store.unpaid_top_ups(before=now - self._record, node=node, limit=PAGE)
        deleted = 0
        for payment in page:
            if await self._over(payment) and await self._store.delete_top_up(payment.id):
                deleted += 1
        if deleted:
            log.info("unpaid_top_ups_deleted", count=deleted)
        return deleted > 0 and len(page) == PAGE

    async def _over(self, payment: Incoming) -> bool:
        """Ask the node a last time: whether this invoice can never be paid any more."""
        try:
            invoice = await self._settlements.ask(payment)
        except (AnotherNode, InvoiceUnreadable):  # who made it is not known to be this node
            return False
        if invoice is None:
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
            await self._objects.delete(finished_folder(kept.job_id))
        await self._store.forgotten(kept.order_id)
