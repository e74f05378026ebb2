"""Follows the node: which quotes were paid, and which can be paid no more.

The stream of settlements is the truth and wakes who waits. The node is asked about one invoice only before its
quote is called expired or its buyer is sent away, since streams are known to hang in silence (lnd#7727).
"""

import asyncio

import structlog

from lightning import Invoice, InvoiceBackend, InvoiceNotFound, InvoiceState, LightningError
from service.payments.payment import Payment
from service.payments.port import Payments
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.counters import Counters

SWEEP_PAGE = 500
"""Overdue quotes that one look takes; a longer list goes on at the next."""

log = structlog.get_logger()


class Settlements:
    """Moves payments to where the node says they are."""

    def __init__(
        self, *, payments: Payments, backend: InvoiceBackend, bells: Bells, now: Clock, counters: Counters
    ) -> None:
        self._payments = payments
        self._backend = backend
        self._bells = bells
        self._now = now
        self._counters = counters

    async def follow(self) -> None:
        """Deal with every settlement of the node after the last one that was dealt with, for ever."""
        node = await self._backend.ping()
        after = await self._payments.settle_index(node.pubkey)
        log.info("settlements_followed", node=node.alias, network=node.network, after=after)
        async for settlement in self._backend.settlements(after=after):
            order_id = await self._payments.settle(node.pubkey, settlement)
            if order_id is not None:
                self._paid(order_id)

    async def conclude(self, payment: Payment) -> None:
        """Ask the node what became of an invoice, and write it down.

        Raises:
            LightningError: The node did not say; the payment stays as it is.
        """
        try:
            invoice = await self._backend.lookup(payment.payment_hash)
        except InvoiceNotFound:  # nodes may forget invoices that were cancelled
            invoice = None
        await self.note(payment, invoice)

    async def note(self, payment: Payment, invoice: Invoice | None) -> None:
        """Write down what the node says of an invoice, None where it knows none.

        Each move happens once, whoever else notes the same.
        """
        order_id = payment.order_id
        match InvoiceState.CANCELED if invoice is None else invoice.state:
            case InvoiceState.SETTLED:
                assert invoice is not None
                paid_at = invoice.settled_at or self._now()
                if await self._payments.mark_paid(invoice.payment_hash, paid_at, invoice.amount_paid):
                    self._paid(order_id)
            case InvoiceState.ACCEPTED if payment.hold:
                if await self._payments.mark_held(payment.id):
                    log.info("payment_held", order=order_id)
                    self._bells.ring(order_id)
            case InvoiceState.CANCELED if payment.hold and not payment.overdue(self._now()):
                if await self._payments.mark_canceled(payment.id):
                    log.warning("payment_given_back", order=order_id)
                    self._counters.holds_canceled += 1
                    self._bells.ring(order_id)
            case InvoiceState.OPEN if payment.hold:
                pass  # the node itself ends it, so that no payment can come after
            case InvoiceState.OPEN | InvoiceState.CANCELED if payment.overdue(self._now()):
                if await self._payments.mark_expired(payment.id):
                    log.info("quote_expired", order=order_id)
                    self._bells.ring(order_id)
            case _:  # a payment on its way, or time left: the stream will tell
                pass

    async def sweep(self, every_s: float) -> None:
        """Conclude the quotes that have run out, for ever."""
        while True:
            try:
                await self._conclude_overdue()
            except LightningError as error:
                log.warning("sweep_stopped", error=repr(error))
            await asyncio.sleep(every_s)

    async def _conclude_overdue(self) -> None:
        """Conclude what has run out, page by page: more quotes may be made between two looks than are on one.

        Raises:
            LightningError: The node does not answer.
        """
        asked: set[int] = set()
        while page := [
            payment
            for payment in await self._payments.overdue(self._now(), limit=SWEEP_PAGE)
            if payment.id not in asked  # one that the node has not decided stays
        ]:
            for payment in page:
                asked.add(payment.id)
                await self.conclude(payment)

    def _paid(self, order_id: int) -> None:
        log.info("order_paid", order=order_id)
        self._counters.settlements += 1
        self._bells.ring(order_id)
