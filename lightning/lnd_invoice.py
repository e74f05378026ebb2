"""An invoice as LND tells it, as ours."""

from datetime import UTC, datetime
from typing import Any

from lndgrpc.compiled import lightning_pb2 as ln

from lightning.errors import NodeFailed
from lightning.invoice import Invoice, InvoiceState, Msat, PaymentHash, Preimage, SettleIndex

_STATES = {
    ln.Invoice.OPEN: InvoiceState.OPEN,
    ln.Invoice.ACCEPTED: InvoiceState.ACCEPTED,
    ln.Invoice.SETTLED: InvoiceState.SETTLED,
    ln.Invoice.CANCELED: InvoiceState.CANCELED,
}


def decode(invoice: Any) -> Invoice:
    """Translate.

    Raises:
        NodeFailed: A newer LND says what we do not know: no guess where money is.
    """
    state = _STATES.get(invoice.state)
    if state is None:
        raise NodeFailed(f"the node knows an invoice state that we do not: {invoice.state}")
    settled = state is InvoiceState.SETTLED
    return Invoice(
        payment_hash=PaymentHash(invoice.r_hash),
        bolt11=invoice.payment_request,
        amount=Msat(invoice.value_msat),
        state=state,
        amount_paid=Msat(invoice.amt_paid_msat if settled else 0),
        settle_index=SettleIndex(invoice.settle_index) if settled else None,
        settled_at=datetime.fromtimestamp(invoice.settle_date, UTC) if settled else None,
        preimage=Preimage(invoice.r_preimage) if settled and invoice.r_preimage else None,
        expiry_height=_expiry_height(invoice) if state is InvoiceState.ACCEPTED else None,
    )


def _expiry_height(invoice: Any) -> int:
    """Find the block at which the first part of a held payment can be taken back."""
    held = [part.expiry_height for part in invoice.htlcs if part.state == ln.ACCEPTED]
    if not held:
        raise NodeFailed("the node holds a payment and does not tell until when")
    return int(min(held))
