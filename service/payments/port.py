"""Who keeps payments and preimages."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from lightning import PaymentHash, Preimage, SettleIndex, Settlement
from service.orders.order import Status
from service.payments.payment import Incoming, Paid, Payment


class Payments(Protocol):
    """Keeps payments. The move to paid happens once, whoever reports it, and outlives a crash."""

    async def of(self, order_id: int) -> Payment:
        """Return the payment of an order."""
        ...

    async def overdue(self, now: datetime, *, node: str, limit: int) -> list[Incoming]:
        """Return pending payments whose quote has run out, the oldest first; of this node, or of nobody knows which."""
        ...

    async def identify(self, payment_id: int, node: str) -> None:
        """Note which node made an invoice, where that was not known."""
        ...

    async def count_elsewhere(self, node: str, now: datetime) -> int:
        """Count the payments that are held or have run out and that another node has to decide."""
        ...

    async def count_open(self, now: datetime) -> int:
        """Count the quotes that can be paid and are not."""
        ...

    async def still(self, payment_hashes: Collection[PaymentHash], *of: Status) -> set[PaymentHash]:
        """Return those of these that are in one of the states."""
        ...

    async def last_settled(self, pubkey: str) -> tuple[SettleIndex, PaymentHash | None]:
        """Return the last settlement of this node that was dealt with, and whose it is; 0 for none."""
        ...

    async def settle(self, settlement: Settlement, *, node: str | None, now: datetime) -> Paid | None:
        """Make the payment paid, whatever its index, and go on from there, both or neither; what for if this paid it.

        What is a top-up adds to its account's video time in the same transaction.

        Args:
            settlement: What was told.
            node: Who told it; None where nobody can say, which moves no index.
            now: When a receiver of the order is told, whenever the node settled.
        """
        ...

    async def mark_paid(
        self, payment_hash: PaymentHash, paid_at: datetime, paid_msat: int, *, now: datetime
    ) -> Paid | None:
        """Make a payment paid that the node, asked, calls settled; what for if this paid it. As `settle` does."""
        ...

    async def mark_expired(self, payment_id: int, now: datetime) -> bool:
        """Make a pending payment expired; whether this did it."""
        ...

    async def holds(self) -> list[Payment]:
        """Return the hold payments that are open or held, the oldest first."""
        ...

    async def mark_held(self, payment_id: int, now: datetime) -> bool:
        """Make a pending payment held; whether this did it."""
        ...

    async def give_back(self, payment_id: int, now: datetime, *, although_rendered: bool) -> bool:
        """Decide that a held payment goes back, and end its order's render; whether it goes back.

        Must be atomic: what is whole stays whole and is taken. What another replica renders goes on, unless
        `although_rendered`. From then on nobody begins a render for it.
        """
        ...

    async def mark_canceled(self, payment_id: int, now: datetime) -> bool:
        """Make a payment canceled that went back, and end its order's render; whether this did it."""
        ...


class Preimages(Protocol):
    """Keeps what takes a held payment."""

    async def add(self, payment_hash: PaymentHash, preimage: Preimage) -> None:
        """Keep one; on disk when this returns, since the node is asked next for an invoice with its hash."""
        ...

    async def get(self, payment_hash: PaymentHash) -> Preimage:
        """Return the one of a hold invoice that we made."""
        ...
