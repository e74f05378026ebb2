"""Has the node make the invoices that we sell by."""

from datetime import datetime, timedelta
from typing import Protocol

from lightning import InvoiceBackend, InvoiceUnreadable, Msat, NewInvoice, NodeFailed
from lightning.bolt11_fields import hash_and_amount
from service.payments.payment import Kind, NewPayment
from service.quotes.liquidity import Liquidity


class Seller(Protocol):
    """Makes an invoice: the node itself, or who keeps the preimage of a hold invoice."""

    async def add_invoice(
        self, *, amount: Msat, memo: str, expiry_s: int, description_hash: bytes | None = None
    ) -> NewInvoice:
        """Make one."""
        ...


class Invoicing:
    """Makes invoices that can be paid, and that are what the node says they are."""

    def __init__(self, backend: InvoiceBackend, liquidity: Liquidity, *, expiry_s: int) -> None:
        self._backend = backend
        self._liquidity = liquidity
        self._expiry_s = expiry_s

    async def invoice(
        self,
        amount: Msat,
        *,
        memo: str,
        created_at: datetime,
        holder: Seller | None = None,
        l402_expiry_s: int | None = None,
        description_hash: bytes | None = None,
    ) -> NewPayment:
        """Make an invoice; with a holder, a hold invoice; with an expiry of its own, that of an L402 challenge.

        With a description hash it commits to what LNURL tells of it, and its memo is for our node alone.

        Raises:
            Unavailable: The node cannot receive the amount.
            NodeFailed: The invoice is not what the node says it is.
        """
        await self._liquidity.check(amount)
        node = await self._backend.node()
        seller: Seller = holder or self._backend
        expiry_s = l402_expiry_s or self._expiry_s
        made = await seller.add_invoice(
            amount=amount, memo=memo, expiry_s=expiry_s, description_hash=description_hash
        )
        _check(made, amount)
        return NewPayment(
            kind=Kind.HOLD if holder is not None else Kind.L402 if l402_expiry_s else Kind.LIGHTNING,
            invoice=made.bolt11,
            payment_hash=made.payment_hash,
            # Where the line broke meanwhile, another may have made it: then its signature is read when it matters.
            node=node if await self._backend.node() == node else None,
            expires_at=created_at + timedelta(seconds=expiry_s),
        )


def _check(invoice: NewInvoice, amount: Msat) -> None:
    """Refuse to sell by an invoice that is not what the node says it is: its payment would never be known for ours.

    Raises:
        NodeFailed: It is not.
    """
    try:
        asked = hash_and_amount(invoice.bolt11)
    except InvoiceUnreadable as error:
        raise NodeFailed(f"the node's invoice cannot be read: {error.reason}") from error
    if asked != (invoice.payment_hash, amount):
        raise NodeFailed("the node's invoice has another payment hash or amount than it was made with")
