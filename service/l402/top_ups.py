"""Sells video time by L402: the challenge's invoice is the top-up's.

Its payment credits it, whether the answer is fetched or not. The receipt tells which account has it and, of one that
was made for it, the key: as often as it is shown.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec
import structlog

from lightning import LightningError
from lightning.bolt11_fields import hash_and_amount
from lightning.l402 import ROOT_KEY_BYTES, challenge
from service.accounts.keys import derived_secret
from service.accounts.top_up import TopUp, TopUps
from service.errors import Unavailable
from service.l402 import wishes
from service.l402.credentials import holds, mint, shown
from service.l402.selling import Terms
from service.orders.order import Status
from service.payments.settlements import Settlements
from service.quotes.top_ups import Selling, TopUpQuote
from service.runtime.clock import Clock

RETRY_S = 2

log = structlog.get_logger()


class TopUpChallenge(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever shows no credential has to pay for."""

    quote: TopUpQuote
    macaroon: str
    valid_until: datetime

    @property
    def header(self) -> str:
        """The value of `WWW-Authenticate`."""
        return challenge(self.macaroon, self.quote.invoice)


class RedeemedTopUp(msgspec.Struct, frozen=True, kw_only=True):
    """What a credential was paid for."""

    top_up: TopUp
    key: str | None  # of the account that was made for it


class L402TopUps:
    """Sells video time by L402."""

    def __init__(
        self,
        *,
        terms: Terms,
        selling: Selling,
        top_ups: TopUps,
        settlements: Settlements,
        now: Clock,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._terms = terms
        self._selling = selling
        self._top_ups = top_ups
        self._settlements = settlements
        self._now = now
        self._random = random

    async def challenge(
        self, path: str, seconds: int, *, account_id: int | None, client: str, key: str | None
    ) -> TopUpChallenge:
        """Price video time. Raises as `Selling.quote` does.

        Args:
            path: Where it is asked for, which the credential is bound to.
            seconds: How much.
            account_id: Whose it will be; None: an account's that is made for it.
            client: Who asks.
            key: An idempotency key.
        """
        quote = await self._selling.quote(
            seconds, account_id=account_id, client=client, key=key, l402_expiry_s=self._terms.l402_expiry_s
        )
        payment_hash, _ = hash_and_amount(quote.invoice)
        valid_until = (self._now() + timedelta(seconds=self._terms.l402_valid_s)).replace(microsecond=0)
        macaroon = mint(
            quote.root_key or self._random(ROOT_KEY_BYTES),  # revoked: it opens nothing
            payment_hash,
            quote.nonce,
            wish=wishes.of_top_up(path, seconds, account_id),
            valid_until=valid_until,
        )
        return TopUpChallenge(quote=quote, macaroon=macaroon, valid_until=valid_until)

    async def redeem(
        self, headers: Iterable[str], path: str, seconds: int, *, account_id: int | None
    ) -> RedeemedTopUp | None:
        """Find the top-up that one of the credentials in these headers was paid for, credited.

        Raises:
            LightningError: The node does not say whether it was paid.
            Unavailable: It does not say so yet.

        Returns:
            None where none of them is good for this: then its holder is to be challenged, as one who has none.
        """
        wish = wishes.of_top_up(path, seconds, account_id)
        for credential in shown(headers):
            found = await self._top_ups.of_credential(sha256(credential.macaroon.identifier).digest())
            if found is None or found.root_key is None:
                continue
            if not holds(credential, found.root_key, wish, self._now()):
                continue
            paid = await self._paid(found)
            if paid is not None:
                key = derived_secret(credential.identifier.nonce) if account_id is None else None
                return RedeemedTopUp(top_up=paid, key=key)
        return None

    async def _paid(self, top_up: TopUp) -> TopUp | None:
        """Look whether a top-up is credited whose receipt was shown: the payer has it before we are told."""
        if top_up.status is Status.PAID:
            return top_up
        try:
            await self._settlements.conclude(top_up.payment)
        except LightningError as error:
            log.warning("credential_not_concluded", account=top_up.account_id, error=repr(error))
            raise
        found = await self._top_ups.find(top_up.invoice)
        if found is not None and found.status is not Status.PAID:  # who has the receipt has paid
            raise Unavailable("Your payment is not noted yet. Try again soon.", retry_after_s=RETRY_S)
        return found
