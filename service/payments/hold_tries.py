"""Bounds what a client can have rendered for money that then goes back: whoever holds a payment pays nothing yet.

Counted are a client's hold quotes that are open or held, and those whose money went back within the hour.
"""

from datetime import datetime, timedelta

from lightning import PaymentHash
from service.orders.order import UNDECIDED, Status
from service.payments.client_quotes import ClientQuotes, Reservation
from service.payments.port import Payments

PENANCE = timedelta(hours=1)
"""How long one counts whose money went back."""


class HoldTries:
    """Counts hold quotes that were not settled."""

    def __init__(self, payments: Payments, *, per_client: int, total: int) -> None:
        self._quotes = ClientQuotes(
            payments,
            *UNDECIDED,
            Status.CANCELED,
            per_client=per_client,
            total=total,
            refusal=lambda count, wait_s: (
                f"You have {count} quotes with `hold` that are not paid, or went back within the hour:"
                f" ask without `hold`, or try again in {wait_s} s."
            ),
        )

    async def reserve(self, client: str, now: datetime) -> Reservation:
        """Take room for another one.

        Raises:
            TooManyRequests: The client has too many, or a network of its has.
        """
        return await self._quotes.reserve(client, now)

    def note(self, payment_hash: PaymentHash, status: Status, now: datetime) -> None:
        """Count one for what became of it; one of before this process began is nobody's."""
        if status in (Status.PAID, Status.EXPIRED):
            self._quotes.forget(payment_hash)
        elif status is not Status.PENDING:
            self._quotes.put_off(payment_hash, now + PENANCE)
