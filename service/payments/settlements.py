"""Follows the node: which quotes were paid, and which can be paid no more.

The stream of settlements is the truth and wakes who waits. The node is asked about one invoice only before its
quote is called expired or its buyer is sent away, since streams are known to hang in silence (lnd#7727).

Only the node that made an invoice can say that it was not paid. Where another has taken its place, or the first has
not come back yet, its payments stay as they are.
"""

import asyncio
from contextlib import aclosing, suppress
from datetime import timedelta

import structlog

from lightning import (
    AnotherNode,
    Invoice,
    InvoiceBackend,
    InvoiceNotFound,
    InvoiceState,
    InvoiceUnreadable,
    LightningError,
    NodeInfo,
    Settlement,
)
from lightning.reading import read_invoice
from service.orders.order import Status
from service.payments.payment import MEMO, Incoming, Paid
from service.payments.port import Payments
from service.runtime.bells import Bells, of_account
from service.runtime.clock import Clock
from service.runtime.counters import Counters

SWEEP_PAGE = 500
"""Overdue quotes that one look takes; a longer list goes on at the next."""

SKEW = timedelta(minutes=1)
"""By how much a node's clock may be ahead of ours. What it ends so shortly before a quote runs out has run out there,
and is called so once our clock says it too: nobody's money went back."""

log = structlog.get_logger()


class Settlements:
    """Moves payments to where the node says they are.

    Attributes:
        elsewhere: Payments that were held or had run out at the last look, and that another node has to decide.
    """

    def __init__(
        self, *, payments: Payments, backend: InvoiceBackend, bells: Bells, now: Clock, counters: Counters
    ) -> None:
        self._payments = payments
        self._backend = backend
        self._bells = bells
        self._now = now
        self._counters = counters
        self.elsewhere = 0

    async def follow(self) -> None:
        """Deal with every settlement of the node after the last one that was dealt with, for ever."""
        while True:
            node = await self._backend.ping()
            await self._follow(node)
            log.warning("node_replaced", was=node.pubkey)

    async def _follow(self, node: NodeInfo) -> None:
        """Deal with the settlements of one node, until another is there, which has an index of its own."""
        after, known = await self._payments.last_settled(node.pubkey)
        log.info("settlements_followed", node=node.alias, network=node.network, after=after)
        async with aclosing(self._backend.settlements(after=after, known=known)) as settlements:
            async for settlement in settlements:
                try:
                    here = await self._backend.node()
                except LightningError:  # it is told again from where we were
                    here = None
                await self._settle(settlement, node.pubkey if here == node.pubkey else None)
                if here not in (None, node.pubkey):
                    return

    async def _settle(self, settlement: Settlement, node: str | None) -> None:
        paid = await self._payments.settle(settlement, node=node, now=self._now())
        if paid is not None:
            self._paid(paid)
            return
        payment_hash = settlement.payment_hash
        if settlement.memo.startswith(MEMO) and not await self._payments.still([payment_hash], *Status):
            # Its row was lost, as with an older copy of the database; or another shop sells by the same node.
            log.error(
                "settlement_without_order",
                payment_hash=payment_hash.hex(),
                paid_msat=settlement.amount_paid,
                settled_at=settlement.settled_at.isoformat(),
            )
            self._counters.settlements_without_order += 1

    async def conclude(self, payment: Incoming) -> None:
        """Ask the node what became of an invoice, and write it down.

        Raises:
            AnotherNode: Another node is there; the payment stays as it is.
            LightningError: The node did not say; the payment stays as it is.
        """
        await self.note(payment, await self.ask(payment))

    async def ask(self, payment: Incoming) -> Invoice | None:
        """Ask the node that made an invoice what became of it; None where it knows none.

        Raises:
            AnotherNode: Another node is there.
            LightningError: The node did not say.
        """
        await self.require_own_node(payment)
        try:
            return await self._backend.lookup(payment.payment_hash)
        except InvoiceNotFound:  # nodes may forget invoices that were cancelled
            await self.require_own_node(payment)  # it was this one that said so
            return None

    async def require_own_node(self, payment: Incoming) -> None:
        """Make sure that the node that is there made the invoice of a payment.

        Raises:
            AnotherNode: It did not.
            LightningError: The node did not say who it is.
        """
        wanted = payment.node
        if wanted is None:  # an old row; the invoice's signature tells
            wanted = (await asyncio.to_thread(read_invoice, payment.invoice)).payee
            await self._payments.identify(payment.id, wanted)
        here = await self._backend.node()
        if here != wanted:
            raise AnotherNode(wanted=wanted, here=here)

    async def note(self, payment: Incoming, invoice: Invoice | None) -> None:
        """Write down what the node says of an invoice, None where it knows none.

        Each move happens once, whoever else notes the same.
        """
        order_id, now = payment.order_id, self._now()
        match InvoiceState.CANCELED if invoice is None else invoice.state:
            case InvoiceState.SETTLED:
                assert invoice is not None
                paid = await self._payments.mark_paid(
                    invoice.payment_hash, invoice.settled_at or now, invoice.amount_paid, now=now
                )
                if paid is not None:
                    self._paid(paid)
            case InvoiceState.ACCEPTED if payment.hold:
                if await self._payments.mark_held(payment.id, now):
                    log.info("payment_held", order=order_id)
                    self._ring(order_id)
            case InvoiceState.CANCELED if payment.hold and not payment.overdue(now + SKEW):
                if await self._payments.mark_canceled(payment.id, now):
                    log.warning("payment_given_back", order=order_id)
                    self._counters.holds_canceled += 1
                    self._ring(order_id)
            case InvoiceState.OPEN if payment.hold:
                pass  # the node itself ends it, so that no payment can come after
            case InvoiceState.OPEN | InvoiceState.CANCELED if payment.overdue(now):
                if await self._payments.mark_expired(payment.id, now):
                    log.info("quote_expired", order=order_id)
                    self._ring(order_id)
            case _:  # a payment on its way, or time left: the stream will tell
                pass

    async def sweep(self, every_s: float) -> None:
        """Conclude the quotes that have run out, for ever."""
        while True:
            try:
                await self.look()
            except LightningError as error:
                log.warning("sweep_stopped", error=repr(error))
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Conclude the quotes that have run out, and count those that only another node can conclude.

        Page by page: more quotes may be made between two looks than are on one.

        Raises:
            LightningError: The node does not answer.
        """
        node = await self._backend.node()
        asked: set[int] = set()
        while page := [
            payment
            for payment in await self._payments.overdue(self._now(), node=node, limit=SWEEP_PAGE)
            if payment.id not in asked  # one that the node has not decided stays
        ]:
            for payment in page:
                asked.add(payment.id)
                with suppress(AnotherNode, InvoiceUnreadable):
                    await self.conclude(payment)
        before, self.elsewhere = self.elsewhere, await self._payments.count_elsewhere(node, self._now())
        if self.elsewhere != before:
            log.warning("payments_of_another_node", count=self.elsewhere, node=node)

    def _paid(self, paid: Paid) -> None:
        self._counters.settlements += 1
        if paid.order_id is None:
            log.info("account_topped_up", account=paid.account_id)
            if paid.account_id is not None:
                self._bells.ring(of_account(paid.account_id))
        else:
            log.info("order_paid", order=paid.order_id)
            self._ring(paid.order_id)

    def _ring(self, order_id: int | None) -> None:
        """Wake who waits for an order; a top-up has none."""
        if order_id is not None:
            self._bells.ring(order_id)
