"""LND's hold invoices: made, followed, settled and cancelled.

`SubscribeInvoices` never tells that a payment is held or went back (lnd#3120); `SubscribeSingleInvoice` does, and
sends the present state first, so that a stream that broke is simply opened anew. Of an invoice that LND does not
know it says nothing at all, for ever.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from hashlib import sha256
from typing import Any, NoReturn

import grpc.aio
import structlog
from lndgrpc.compiled import invoices_pb2, lightning_pb2

from lightning.errors import InvoiceNotFound, InvoiceNotHeld, NodeFailed, NodeUnavailable
from lightning.invoice import (
    Invoice,
    InvoiceState,
    Msat,
    NewInvoice,
    PaymentHash,
    Preimage,
    check_terms,
)
from lightning.lnd_errors import translated
from lightning.lnd_invoice import decode
from lightning.pauses import pauses_between_attempts

_RENEW_S = 300.0
"""A stream that is silent for so long is opened anew: they are known to hang (lnd#7727)."""

_FINAL = (InvoiceState.SETTLED, InvoiceState.CANCELED)

_log = structlog.get_logger(__name__)


class HoldInvoices:
    """The hold invoices of one node.

    Args:
        stub: LND's `InvoicesStub`.
        lightning: LND's `LightningStub`.
        route_hints: Whether invoices tell of channels that are not announced.
        deadline_s: Longest wait for one answer.
    """

    def __init__(self, stub: Any, lightning: Any, *, route_hints: bool, deadline_s: float) -> None:
        self._stub = stub
        self._lightning = lightning
        self._route_hints = route_hints
        self._call = {"timeout": deadline_s}

    async def add(
        self,
        payment_hash: PaymentHash,
        *,
        amount: Msat,
        memo: str,
        expiry_s: int,
        description_hash: bytes | None,
    ) -> NewInvoice:
        """Make one, with LND's own final CLTV delta: 80 blocks, of which it holds a payment for 62."""
        check_terms(amount=amount, memo=memo, expiry_s=expiry_s, description_hash=description_hash)
        request = invoices_pb2.AddHoldInvoiceRequest(
            hash=payment_hash,
            value_msat=amount,
            memo=memo,
            description_hash=description_hash,
            expiry=expiry_s,
            private=self._route_hints,
        )
        with translated():
            answer = await self._stub.AddHoldInvoice(request, **self._call)
        return NewInvoice(bolt11=answer.payment_request, payment_hash=payment_hash)

    async def lookup(self, payment_hash: PaymentHash) -> Invoice:
        """Ask for an invoice of any kind."""
        with translated(not_found=InvoiceNotFound(payment_hash)):
            answer = await self._lightning.LookupInvoice(
                lightning_pb2.PaymentHash(r_hash=payment_hash), **self._call
            )
        return decode(answer)

    async def settle(self, preimage: Preimage) -> None:
        """Take a held payment."""
        try:
            with translated():
                await self._stub.SettleInvoice(invoices_pb2.SettleInvoiceMsg(preimage=preimage), **self._call)
        except NodeFailed as error:
            await self._explain(error, PaymentHash(sha256(preimage).digest()))

    async def cancel(self, payment_hash: PaymentHash) -> None:
        """Give a held payment back."""
        try:
            with translated():
                await self._stub.CancelInvoice(
                    invoices_pb2.CancelInvoiceMsg(payment_hash=payment_hash), **self._call
                )
        except NodeFailed as error:
            await self._explain(error, payment_hash)

    async def _explain(self, error: NodeFailed, payment_hash: PaymentHash) -> NoReturn:
        """Raise what the invoice's state explains of an error; LND itself tells it in a sentence only."""
        invoice = await self.lookup(payment_hash)
        if invoice.state is InvoiceState.ACCEPTED:
            raise error
        raise InvoiceNotHeld(payment_hash, invoice.state) from error

    async def follow(self, payment_hash: PaymentHash) -> AsyncGenerator[Invoice]:
        """Follow one, through any outage."""
        told: InvoiceState | None = None
        pauses = pauses_between_attempts()
        while told not in _FINAL:
            try:
                await self.lookup(payment_hash)  # raises where the stream would be silent for ever
                async with aclosing(self._states(payment_hash)) as states:
                    async for invoice in states:
                        pauses = pauses_between_attempts()
                        if invoice.state is not told:
                            yield invoice
                            told = invoice.state
            except (NodeUnavailable, NodeFailed) as error:
                _log.warning("hold interrupted", error=str(error))
            if told not in _FINAL:
                await asyncio.sleep(next(pauses))

    async def _states(self, payment_hash: PaymentHash) -> AsyncGenerator[Invoice]:
        """Read one stream, until it ends or is silent for too long."""
        call = self._stub.SubscribeSingleInvoice(
            invoices_pb2.SubscribeSingleInvoiceRequest(r_hash=payment_hash)
        )
        try:
            while (invoice := await _next(call)) is not None:
                yield invoice
        finally:
            call.cancel()


async def _next(call: Any) -> Invoice | None:
    """Read the next state; None where none came for long, or the node ended the stream, as when it stops."""
    with translated():
        try:
            async with asyncio.timeout(_RENEW_S):
                message = await call.read()
        except TimeoutError:
            return None
    return None if message is grpc.aio.EOF else decode(message)
