"""Challenges whoever asks for a video with its price, and finds what a credential was paid for.

A credential is good for one wish, as often as its holder likes, until it runs out or is revoked.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from lightning import LightningError
from lightning.bolt11_fields import hash_and_amount
from lightning.l402 import ROOT_KEY_BYTES, Identifier, challenge
from service.delivery.port import Snapshots, Sold
from service.errors import InvalidRequest, KeyTaken
from service.l402.credentials import holds, mint, shown
from service.l402.port import RootKeys
from service.orders.choice import Choice
from service.orders.order import Status
from service.orders.stage import Stage
from service.orders.tokens import Tokens
from service.payments.settlements import Settlements
from service.quotes.idempotency import Idempotency
from service.quotes.quoting import Quote
from service.quotes.seal import Seal
from service.runtime.clock import Clock
from service.runtime.section import PositiveInt, Section
from service.webhooks.signing import secret_of

log = structlog.get_logger()


class Terms(Section, frozen=True, kw_only=True):
    """What a challenge allows."""

    l402_expiry_s: PositiveInt = 300
    """Seconds in which the invoice of an L402 challenge can be paid: programs pay at once, or not at all."""

    l402_valid_s: PositiveInt = 604_800
    """Seconds for which an L402 credential is good from its challenge on. The video itself may be deleted earlier."""


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever shows no credential has to pay for."""

    quote: Quote
    macaroon: str
    valid_until: datetime
    webhook_secret: str | None = None  # None: nobody is told what becomes of it

    @property
    def header(self) -> str:
        """The value of `WWW-Authenticate`."""
        return challenge(self.macaroon, self.quote.invoice)


class Redeemed(msgspec.Struct, frozen=True, kw_only=True):
    """What a credential was paid for, and the tokens that are its holder's."""

    sold: Sold
    tokens: Tokens
    webhook_secret: str | None  # None: nobody is told what becomes of it


class Asking(Protocol):
    """Has a wish quoted."""

    async def __call__(self, tokens: Tokens, seal: Seal) -> Quote:
        """Make the quote."""
        ...


class L402Selling:
    """Sells by L402."""

    def __init__(
        self,
        *,
        terms: Terms,
        idempotency: Idempotency,
        root_keys: RootKeys,
        snapshots: Snapshots,
        settlements: Settlements,
        now: Clock,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._terms = terms
        self._idempotency = idempotency
        self._root_keys = root_keys
        self._snapshots = snapshots
        self._settlements = settlements
        self._now = now
        self._random = random

    async def challenge_text(
        self,
        wish: str,
        text: str,
        choice: Choice,
        *,
        client: str,
        key: str | None,
        webhook_url: str | None = None,
        stage: Stage | None = None,
    ) -> Challenge:
        """Price a text. Raises as `Quoting.quote_text` does, and where the choice leaves something open.

        Args:
            wish: Its name, which the credential is bound to.
            text: What is spoken.
            choice: Who speaks, and how.
            client: Who asks.
            key: An idempotency key.
            webhook_url: Who is told what becomes of it: fixed here, and no part of the wish. Who comes with the receipt
                and names another gets the video all the same, and is not asked to pay again.
            stage: Where, and on what.
        """
        _require_all(choice)

        async def ask(tokens: Tokens, seal: Seal) -> Quote:
            return await self._idempotency.quoting.quote_text(
                text,
                choice,
                tokens,
                client=client,
                seal=seal,
                webhook_url=webhook_url,
                stage=stage,
            )

        return await self._challenge(wish, ask, client=client, key=key, webhook_url=webhook_url)

    async def challenge_audio(
        self,
        wish: str,
        wav: Path,
        choice: Choice,
        *,
        client: str,
        key: str | None,
        webhook_url: str | None = None,
        stage: Stage | None = None,
    ) -> Challenge:
        """Price a recording, as `challenge_text` does a text."""
        _require_all(choice)

        async def ask(tokens: Tokens, seal: Seal) -> Quote:
            return await self._idempotency.quoting.quote_audio(
                wav,
                choice,
                tokens,
                client=client,
                seal=seal,
                webhook_url=webhook_url,
                stage=stage,
            )

        return await self._challenge(wish, ask, client=client, key=key, webhook_url=webhook_url)

    async def redeem(self, headers: Iterable[str], wish: str) -> Redeemed | None:
        """Find what one of the credentials in these headers was paid for.

        Raises:
            LightningError: The node does not say whether it was paid, which may have been too late for us.

        Returns:
            None where none of them is good for this wish, or any longer: then its holder is to be challenged, as one
            who has none. The order is paid, but where the node does not say so now: then `Delivery` waits for it.
        """
        for credential in shown(headers):
            issued = await self._root_keys.find(sha256(credential.macaroon.identifier).digest())
            if issued is None or not holds(credential, issued.key, wish, self._now()):
                continue
            sold = await self._paid(issued.order_id)
            if sold is not None:
                return Redeemed(
                    sold=sold,
                    tokens=Tokens.of_nonce(credential.identifier.nonce),
                    webhook_secret=issued.webhook_secret,
                )
        return None

    async def _challenge(
        self, wish: str, ask: Asking, *, client: str, key: str | None, webhook_url: str | None
    ) -> Challenge:
        fresh: bytes | None = None

        async def make(tokens: Tokens) -> Quote:
            nonlocal fresh
            fresh = self._random(ROOT_KEY_BYTES)
            try:
                return await ask(tokens, Seal(root_key=fresh, expiry_s=self._terms.l402_expiry_s))
            except KeyTaken:  # the quote that is told was sealed by another replica, with its own key
                fresh = None
                raise

        quote = await self._idempotency.quote(
            key,
            f"l402{wish}{webhook_url or ''}".encode(),  # a wish has always as many letters
            make,
            client=client,
            private=True,
            l402=True,
        )
        payment_hash, _ = hash_and_amount(quote.invoice)
        assert quote.tokens.nonce is not None
        if fresh is None:  # its quote was made before
            identifier = Identifier(payment_hash, quote.tokens.nonce).pack()
            issued = await self._root_keys.find(sha256(identifier).digest())
            fresh = (
                self._random(ROOT_KEY_BYTES) if issued is None else issued.key
            )  # revoked: it opens nothing
        valid_until = (self._now() + timedelta(seconds=self._terms.l402_valid_s)).replace(microsecond=0)
        macaroon = mint(fresh, payment_hash, quote.tokens.nonce, wish=wish, valid_until=valid_until)
        return Challenge(
            quote=quote,
            macaroon=macaroon,
            valid_until=valid_until,
            webhook_secret=None if webhook_url is None else _webhook_secret(quote.tokens),
        )

    async def _paid(self, order_id: int) -> Sold | None:
        """Find an order whose receipt was shown; None where it gives its holder nothing any more.

        The payer has the receipt before we are told of the payment, so the node is asked. Whether the quote has run
        out meanwhile is nothing to who has paid it.
        """
        sold = await self._snapshots.get(order_id)
        if sold is not None and sold.order.status in (Status.PENDING, Status.EXPIRED):
            try:
                await self._settlements.conclude(sold.payment)
            except LightningError as error:
                if sold.order.status is Status.EXPIRED:  # nobody waits for its payment any more
                    raise
                log.warning("credential_not_concluded", order=order_id, error=repr(error))
            sold = await self._snapshots.get(order_id)
        if sold is None or sold.order.status is Status.REFUNDED or sold.order.forgotten_at is not None:
            return None
        return sold


def _webhook_secret(tokens: Tokens) -> str:
    assert tokens.webhook is not None
    return secret_of(tokens.webhook)


def _require_all(choice: Choice) -> None:
    """Refuse what could not be made without asking again.

    Raises:
        InvalidRequest: An avatar or an emotion is missing.
    """
    for name in ("avatar", "emotion"):
        if getattr(choice, name) is None:
            raise InvalidRequest(
                f"Field '{name}' is missing. GET /avatars lists what can be chosen.", field=name
            )
