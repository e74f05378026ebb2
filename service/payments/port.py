"""Who keeps preimages."""

from typing import Protocol

from lightning import PaymentHash, Preimage


class Preimages(Protocol):
    """Keeps what takes a held payment."""

    async def add(self, payment_hash: PaymentHash, preimage: Preimage) -> None:
        """Keep one; on disk when this returns, since the node is asked next for an invoice with its hash."""
        ...

    async def get(self, payment_hash: PaymentHash) -> Preimage:
        """Return the one of a hold invoice that we made."""
        ...
