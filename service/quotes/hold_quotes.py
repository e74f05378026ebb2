"""Makes the hold invoices of quotes that name all that there is to choose."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from hashlib import sha256

from lightning import InvoiceBackend, Msat, NewInvoice, PaymentHash, Preimage
from service.errors import InvalidRequest, Unavailable
from service.orders.choice import Choice
from service.payments.hold_tries import HoldTries
from service.payments.holds import Holds, HoldTerms
from service.payments.port import Payments, Preimages
from service.quotes.open_quotes import Reserved
from service.quotes.room import Room

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
        self._all = Room(self._live, terms.hold_quotes)
        self._random = random

    @contextlib.asynccontextmanager
    async def reserve(self, choice: Choice, client: str, now: datetime) -> AsyncIterator[Reserved]:
        """Take room for another one, which can be rendered without asking the buyer again.

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
        with await self._tries.reserve(client, now) as own:
            of_all = await self._all.reserve(1, now)
            if of_all is None:
                raise Unavailable(
                    "Too many payments are held or about to be. Try again soon, or ask without 'hold'.",
                    retry_after_s=FULL_RETRY_S,
                )
            with of_all:
                yield Reserved(own, of_all)

    async def add_invoice(
        self, *, amount: Msat, memo: str, expiry_s: int, description_hash: bytes | None = None
    ) -> NewInvoice:
        """Make an invoice whose preimage is on disk before the node is asked: nobody else could take the money."""
        preimage = Preimage(self._random(PREIMAGE_BYTES))
        payment_hash = PaymentHash(sha256(preimage).digest())
        await self._preimages.add(payment_hash, preimage)
        return await self._backend.add_hold_invoice(
            payment_hash, amount=amount, memo=memo, expiry_s=expiry_s, description_hash=description_hash
        )

    async def follow(self, order_id: int) -> None:
        """See the payment of a quote that was just made to its end."""
        self._holds.follow(await self._payments.of(order_id))

    async def _live(self, _now: datetime) -> int:
        return self._holds.live
