"""Reads other people's invoices. Imports no node; takes milliseconds, so not on an event loop."""

from datetime import UTC, datetime

import bolt11

from lightning.errors import InvoiceUnreadable
from lightning.invoice import Asked, Msat, PaymentHash

LONGEST = 4096
"""Characters. An invoice with the most route hints that a wallet sends has half as many."""

_NETWORKS = {"bc": "mainnet", "tb": "testnet", "tbs": "signet", "bcrt": "regtest"}


def read_invoice(invoice: str) -> Asked:
    """Tell what an invoice asks for.

    Its signature is what binds payee, hash and amount together, and who changed it without naming a payee has merely
    signed as another: whoever pays it pays what is told here. Whether it has expired is for the caller to say.

    Raises:
        InvoiceUnreadable: It is none, or one of a kind that nobody can pay by its hash.
    """
    if len(invoice) > LONGEST:
        raise InvoiceUnreadable(f"it has more than {LONGEST} characters")
    try:
        read = bolt11.decode(invoice)
        network = _NETWORKS[read.currency]
        return Asked(
            payee=read.payee or "",
            payment_hash=PaymentHash(bytes.fromhex(read.payment_hash)),
            amount=Msat(read.amount_msat) if read.amount_msat else None,
            network=network,
            expires_at=datetime.fromtimestamp(read.date + read.expiry, UTC),
        )
    except Exception as error:  # whatever a stranger's bytes make its parts raise
        raise InvoiceUnreadable("it is not a BOLT 11 invoice that can be read") from error
