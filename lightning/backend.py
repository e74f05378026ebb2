"""The ports: what selling for Lightning, and giving money back, needs of a node."""

from collections.abc import AsyncGenerator
from typing import Protocol

from lightning.invoice import (
    Invoice,
    Msat,
    NewInvoice,
    NodeInfo,
    Payment,
    PaymentHash,
    Preimage,
    SettleIndex,
    Settlement,
)


class InvoiceBackend(Protocol):
    """A node that makes our invoices and tells when they are paid.

    Every method may raise `NodeUnavailable`, `NodeRefused` or `NodeFailed`.
    """

    async def add_invoice(
        self, *, amount: Msat, memo: str, expiry_s: int, description_hash: bytes | None = None
    ) -> NewInvoice:
        """Make an invoice for exactly `amount`, which a payer may exceed but not fall below.

        Args:
            amount: At least 1 msat.
            memo: Shown by the payer's wallet and open to everyone who sees the invoice; at most 639 bytes.
            expiry_s: Seconds from now until the node refuses new payments. A payment that was on its way in
                time may settle later.
            description_hash: sha256 of what is bought, which then stands in the invoice in place of the memo (BOLT 11,
                field `h`); the node keeps the memo for us.

        Raises:
            InvoiceTermsInvalid: No invoice can have these terms.
        """
        ...

    async def add_hold_invoice(
        self,
        payment_hash: PaymentHash,
        *,
        amount: Msat,
        memo: str,
        expiry_s: int,
        description_hash: bytes | None = None,
    ) -> NewInvoice:
        """Make an invoice whose payment is only held until we settle it, which tells the payer the preimage.

        A held payment that is neither settled nor cancelled goes back some blocks before `Invoice.expiry_height`.

        Args:
            payment_hash: sha256 of a preimage that only we know, and have stored.
            amount: As in `add_invoice`, like the rest.
            memo: Shown by the payer's wallet.
            expiry_s: Seconds in which the payment may begin to be held.
            description_hash: As in `add_invoice`.

        Raises:
            InvoiceTermsInvalid: No invoice can have these terms.
        """
        ...

    def follow(self, payment_hash: PaymentHash) -> AsyncGenerator[Invoice]:
        """Follow one invoice: first as it is, then each other state, through any outage; ends after a final state.

        A state between two others may be left out, and no state comes twice in a row.

        Raises:
            InvoiceNotFound: The node does not know it.
            NodeRefused: Trying again will not help.
        """
        ...

    async def settle(self, preimage: Preimage) -> None:
        """Take a held payment; one that was taken before is fine.

        Raises:
            InvoiceNotFound: The node does not know the invoice.
            InvoiceNotHeld: Nothing is held, or not any longer.
        """
        ...

    async def cancel(self, payment_hash: PaymentHash) -> None:
        """Give a held payment back, and let nobody pay the invoice any more; a cancelled one is fine.

        Raises:
            InvoiceNotFound: The node does not know the invoice.
            InvoiceNotHeld: It is settled.
        """
        ...

    async def lookup(self, payment_hash: PaymentHash) -> Invoice:
        """Ask what became of an invoice.

        Raises:
            InvoiceNotFound: The node does not know it.
        """
        ...

    def settlements(
        self, *, after: SettleIndex, known: PaymentHash | None = None
    ) -> AsyncGenerator[Settlement]:
        """Follow every settlement with an index above `after`, in the order of the index.

        History comes first, then live ones. Reconnects by itself and goes on after the last one that it
        yielded, so a caller that stores the index together with what it did misses none; after a crash
        between the two it sees some again. Ends only when cancelled, or with `NodeRefused`.

        A node that counts anew, since it was restored from its seed, is told from the beginning of that history: the
        index goes back then, and some may come twice. With `known` that is noticed when the node is connected, so that
        what was settled meanwhile is not lost; without it, at the next settlement.

        Args:
            after: The last index that was dealt with; 0 for the node's whole history.
            known: The payment hash that this index was of.
        """
        ...

    async def inbound_msat(self) -> Msat:
        """Ask how much all channels together could receive, at most: an invoice over more can never be paid."""
        ...

    async def outbound_msat(self) -> Msat:
        """Ask how much is ours in all channels together: what was earned, and what refunds are paid out of."""
        ...

    async def node(self) -> str:
        """Return the public key of the node, 33 bytes in hex; asked again only when the line to it was lost.

        Where two answers are the same, what was asked between them was answered by that node.
        """
        ...

    async def has_only_private_channels(self) -> bool:
        """Ask whether all its channels are such as nobody else knows of; False where there are none."""
        ...

    async def ping(self) -> NodeInfo:
        """Ask the node who it is, which it answers once it is ready.

        Raises:
            NodeUnavailable: Not reachable, or still starting.
        """
        ...

    async def aclose(self) -> None:
        """Let go of the node. No other method may be called after."""
        ...


class PaymentBackend(Protocol):
    """A node that pays other people's invoices, each at most once: its payment hash is the key.

    Every method may raise `NodeUnavailable`, `NodeRefused` or `NodeFailed`. Then nothing is known of the payment, not
    even that it was not begun: ask `track`.
    """

    async def until_able(self, amount: Msat) -> None:
        """Wait while the node is up and cannot send so much, but could once it knows the chain and all its channels.

        Returns at once where waiting would not help. Nothing is promised: what could be sent a moment ago may fail.
        """
        ...

    async def pay(self, bolt11: str, *, amount: Msat | None, fee_limit: Msat, timeout_s: int) -> Payment:
        """Pay an invoice, wait for the end of that, and return it.

        An invoice that is paid already, or being paid, is not paid again: that payment is returned as it is. One that
        failed is tried anew. FAILED comes also where the node would not even try, and then it keeps no trace of it.

        Args:
            bolt11: An invoice of another node.
            amount: What to pay where the invoice leaves it open; else None.
            fee_limit: Most that the way there may cost, beside the amount.
            timeout_s: For how long new ways are tried. One that was taken may hang for longer, which ends this call
                with `NodeUnavailable` and not the payment.
        """
        ...

    async def track(self, payment_hash: PaymentHash) -> Payment:
        """Ask what became of a payment, without waiting for its end. One that can never end is FAILED.

        Raises:
            PaymentNotFound: The node was never asked to make it.
        """
        ...

    async def node(self) -> str:
        """Return the public key of the node, as `InvoiceBackend.node` does: a payment is known to that node alone."""
        ...

    async def aclose(self) -> None:
        """Let go of the node. No other method may be called after."""
        ...
