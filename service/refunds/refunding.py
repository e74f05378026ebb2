"""Gives money back for a video that failed: once, whatever crashes.

An invoice of the buyer is bound before the node is asked to pay it, and stays bound until the node says how that ended.
The node pays a hash once. So to ask again is safe; to ask for another invoice is not, until the first has failed.
"""

import asyncio
import contextlib
from datetime import datetime, timedelta

import msgspec
import structlog

from lightning import (
    AnotherNode,
    InvoiceBackend,
    InvoiceUnreadable,
    LightningError,
    Payment,
    PaymentBackend,
    PaymentHash,
    PaymentNotFound,
    PaymentState,
)
from lightning.reading import read_invoice
from service.errors import Draining, InvalidRequest, OrderNotFound, RefundFailed, Unavailable
from service.jobs.port import Videos
from service.orders.order import Order, Status
from service.orders.video import Video, VideoState
from service.payments.payment import Payment as IncomingPayment
from service.refunds.refund import (
    Proof,
    Refund,
    Refunds,
    RefundState,
    RefundTerms,
    Shares,
    check_invoice,
    check_refundable,
)
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.counters import Counters
from service.runtime.stopping import Stopping
from service.runtime.waiting import Waiting
from service.runtime.waits import Waits

PAY_S = 60
"""For how long the node looks for ways to the buyer."""

ASK_AGAIN = timedelta(seconds=15)
"""After this a node that knows nothing of a payment was not reached, or died over it: it is asked again."""

FOLLOW_EVERY_S = 5.0
"""Between looks at refunds whose end nobody waits for."""

log = structlog.get_logger()


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a buyer is told of their money, once the video has failed."""

    state: RefundState | None  # None: it can be asked for
    amount_msat: int  # what it is, or the most that it can be


class Refunding:
    """Refunds orders. A class since requests join the payments that run."""

    def __init__(
        self,
        *,
        videos: Videos,
        refunds: Refunds,
        backend: InvoiceBackend,
        payer: PaymentBackend | None,
        bells: Bells,
        stopping: Stopping,
        now: Clock,
        counters: Counters,
        terms: RefundTerms,
        waits: Waits,
    ) -> None:
        self._videos = videos
        self._refunds = refunds
        self._backend = backend
        self._payer = payer  # None: nobody gave us a macaroon that may pay
        self._bells = bells
        self._waiting = Waiting(bells, stopping, now)
        self._now = now
        self._counters = counters
        self._fee_limit_ppm = terms.refund_fee_limit_ppm
        self._longest_wait = timedelta(seconds=waits.status_wait_s)
        self._driving: dict[bytes, asyncio.Task[None]] = {}

    async def refund(
        self, order: Order, payment: IncomingPayment, proof: Proof, refund_invoice: str
    ) -> Refund:
        """Give the money of a failed order back by an invoice of its buyer; the same again tells how that is.

        Returns:
            It: REFUNDED, or still PAYING after the longest wait, or OWED.

        Raises:
            OrderNotFound: The proof is not this order's: nobody learns that there is one.
            InvalidRequest: The buyer's invoice does not fit.
            NotRefundable: The order has not failed, or another invoice is bound.
            RefundFailed: The node could not pay this invoice.
            LightningError: The node does not say who it is; nothing is bound.
        """
        if not proof.proves(order, payment):
            raise OrderNotFound(payment.invoice)
        bound = await self._refunds.latest(order.id)
        if bound is None or bound.invoice != refund_invoice:
            bound = await self._bind(payment, refund_invoice)
        if bound.state is RefundState.PAYING:
            bound = await self._ended(bound)
        if bound.state is RefundState.FAILED:
            raise RefundFailed(
                f"This invoice could not be paid: {bound.failure}. Send another; your money is still yours."
            )
        return bound

    async def offer(self, payment: IncomingPayment, video: Video | None) -> Offer | None:
        """Tell how the money of an order is, where its video was given up."""
        if payment.status not in (Status.PAID, Status.REFUNDED):
            return None
        if video is None or video.state is not VideoState.FAILED or video.delivered_at is not None:
            return None
        refund = await self._refunds.latest(payment.order_id)
        if refund is None or refund.state is RefundState.FAILED:
            most = Shares.of(payment.paid_msat, self._fee_limit_ppm).refund_msat
            return Offer(state=None if refund is None else refund.state, amount_msat=most)
        return Offer(state=refund.state, amount_msat=refund.amount_msat)

    async def follow(self) -> None:
        """Bring every bound refund to its end, for ever: those too that a crash left."""
        log.info("refunds_followed", paid_by="operator" if self._payer is None else "node")
        if self._payer is None:
            await asyncio.Event().wait()
        await self._refunds.pay_owed()
        while True:
            for refund in await self._refunds.paying():
                self._drive_on(refund)
            await asyncio.sleep(FOLLOW_EVERY_S)

    async def aclose(self) -> None:
        """Stop listening to the node; it goes on, and so does the next start."""
        for task in self._driving.values():
            task.cancel()
        if self._driving:
            await asyncio.wait(self._driving.values())

    async def _bind(self, payment: IncomingPayment, refund_invoice: str) -> Refund:
        check_refundable(payment.status, await self._videos.get(payment.order_id))
        try:
            asked = await asyncio.to_thread(read_invoice, refund_invoice)
        except InvoiceUnreadable as error:
            raise InvalidRequest(
                f"Field 'refund_invoice': {error.reason}.", field="refund_invoice"
            ) from error
        shares = Shares.of(payment.paid_msat, self._fee_limit_ppm)
        node = await self._backend.ping()
        amount = check_invoice(asked, payment, shares, node, self._now())
        if await self._is_foreign(asked.payment_hash):
            raise InvalidRequest(
                "Field 'refund_invoice' is known to our node already: send a new one.", field="refund_invoice"
            )
        refund = Refund(
            order_id=payment.order_id,
            payment_hash=asked.payment_hash,
            invoice=refund_invoice,
            open_amount=asked.amount is None,
            state=RefundState.OWED if self._payer is None else RefundState.PAYING,
            amount_msat=amount,
            fee_limit_msat=shares.fee_limit_msat,
            expires_at=asked.expires_at,
        )
        bound = await self._refunds.bind(refund, self._now())
        log.info("refund_bound", order=payment.order_id, state=bound.state.value, amount_msat=amount)
        self._bells.ring(payment.order_id)
        return bound

    async def _is_foreign(self, payment_hash: PaymentHash) -> bool:
        """Whether the node knows a payment of this hash that is no refund of ours: its success would prove nothing."""
        if self._payer is None:
            return False
        with contextlib.suppress(PaymentNotFound):
            await self._payer.track(payment_hash)
            return await self._refunds.find(payment_hash) is None  # which is stored before the node is asked
        return False

    async def _ended(self, refund: Refund) -> Refund:
        """Wait until the node has paid or has not, for as long as a request may."""

        async def look() -> Refund:
            return await self._refunds.find(refund.payment_hash) or refund

        self._drive_on(refund)
        try:
            return await self._waiting.until(
                refund.order_id,
                look,
                lambda seen: seen.state is not RefundState.PAYING,
                longest=self._longest_wait,
            )
        except Draining:
            return await look()

    def _drive_on(self, refund: Refund) -> None:
        """Have a task bring a refund further, unless one does."""
        if self._payer is None or refund.payment_hash in self._driving:
            return
        task = asyncio.create_task(self._drive(refund, self._payer))
        self._driving[refund.payment_hash] = task
        task.add_done_callback(lambda _: self._driving.pop(refund.payment_hash))

    async def _drive(self, refund: Refund, payments: PaymentBackend) -> None:
        """Learn how a refund is; have it paid where the node was not asked yet."""
        notes = log.bind(order=refund.order_id)
        try:
            payment, asked_at = await self._payment(refund, payments)
            if payment is None or payment.state is PaymentState.IN_FLIGHT:
                return
            ended = await self._refunds.end(payment, self._now(), asked_at=asked_at)
        except (
            LightningError,
            Unavailable,
        ) as error:  # node or database: it stays bound, the next look asks again
            notes.warning("refund_unknown", error=repr(error))
            return
        if ended:
            notes.info(
                "refund_ended", state=payment.state.value, failure=payment.failure, fee_msat=payment.fee
            )
            self._counters.refunds += payment.state is PaymentState.SUCCEEDED
        self._bells.ring(refund.order_id)

    async def _payment(
        self, refund: Refund, payments: PaymentBackend
    ) -> tuple[Payment | None, datetime | None]:
        """Return what the node says, and when it was asked for that; None where it is not known yet.

        Raises:
            AnotherNode: It was another that was asked to pay: whether that did is not known here.
        """
        here = await _own_node(refund, payments)
        with contextlib.suppress(PaymentNotFound):
            payment = await payments.track(refund.payment_hash)
            # One that failed and that we did not see fail: the node, or whoever asked it, died over it.
            if not payment.retriable:
                return payment, refund.asked_at
        await _own_node(refund, payments)  # it was that one that knew nothing of the payment
        # A node that was just started would fail it. So wait before it is asked; once the invoice has expired, have
        # it say so: then another may be bound.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout((refund.expires_at - self._now()).total_seconds()):
                await payments.until_able(refund.amount_msat)
        now = self._now()
        if not await self._refunds.begin(
            refund.payment_hash, node=here, now=now, again_before=now - ASK_AGAIN
        ):
            return None, None  # somebody else is about to ask the node
        paid = await payments.pay(
            refund.invoice,
            amount=refund.amount_msat if refund.open_amount else None,
            fee_limit=refund.fee_limit_msat,
            timeout_s=PAY_S,
        )
        return paid, now


async def _own_node(refund: Refund, payments: PaymentBackend) -> str:
    here = await payments.node()
    if refund.node is not None and refund.node != here:
        raise AnotherNode(wanted=refund.node, here=here)
    return here
