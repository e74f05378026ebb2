"""Makes the hold invoices of quotes that name all that there is to choose."""

import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from lightning import InvoiceBackend, Msat, NewInvoice, PaymentHash, Preimage
from service.errors import InvalidRequest, Unavailable
from service.orders.choice import Choice
from service.payments.hold_tries import HoldTries
from service.payments.holds import Holds, HoldTerms
from service.payments.port import Payments, Preimages

PREIMAGE_BYTES = 32

FULL_RETRY_S = 60
"""When some that are open or held may be decided."""


class HoldQuotes:
    """Sells in one step."""

    def __init__(
        self,
        *,
        backend: InvoiceBackend,
        payments: Payments,
        preimages: Preimages,
        holds: Holds,
        tries: HoldTries,
        terms: HoldTerms,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._backend = backend
        self._payments = payments
        self._preimages = preimages
        self._holds = holds
        self._tries = tries
        self._cap = terms.hold_quotes
        self._random = random

    async def check(self, choice: Choice, client: str, now: datetime) -> None:
        """Refuse what cannot be rendered without asking the buyer again, and too many.

        Raises:
            InvalidRequest: The quote leaves something open.
            TooManyRequests: The client has too many that were not paid.
            Unavailable: All clients together have.
        """
        missing = [name for name in ("avatar", "emotion", "language") if getattr(choice, name) is None]
        if missing:
            raise InvalidRequest(
                "With 'hold' the video is made as soon as the payment is held, so the quote has to name"
                f" avatar, emotion and language: {' and '.join(missing)} missing. GET /avatars lists them.",
                field=missing[0],
            )
        await self._tries.check(client, now)
        if self._cap and self._holds.live >= self._cap:
            raise Unavailable(
                "Too many payments are held or about to be. Try again soon, or ask without 'hold'.",
                retry_after_s=FULL_RETRY_S,
            )

    async def add_invoice(self, *, amount: Msat, memo: str, expiry_s: int) -> NewInvoice:
        """Make an invoice whose preimage is on disk before the node is asked: nobody else could take the money."""
        preimage = Preimage(self._random(PREIMAGE_BYTES))
        payment_hash = PaymentHash(sha256(preimage).digest())
        await self._preimages.add(payment_hash, preimage)
        return await self._backend.add_hold_invoice(payment_hash, amount=amount, memo=memo, expiry_s=expiry_s)

    async def opened(self, client: str, order_id: int) -> None:
        """See the payment of a quote that was just made to its end."""
        payment = await self._payments.of(order_id)
        self._tries.opened(client, payment.payment_hash, payment.expires_at)
        self._holds.follow(payment)
