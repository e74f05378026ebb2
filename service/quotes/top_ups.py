"""Sells video time in advance: seconds → price → invoice; its payment adds them to the account.

By a Lightning Address the payer names the amount instead: amount → milliseconds, rounded down to a whole one.
"""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from weakref import WeakValueDictionary

import msgspec

from lightning import Msat
from lightning.l402 import ROOT_KEY_BYTES, Identifier
from service.accounts.account import Account
from service.accounts.keys import PREFIX_CHARS, derived_secret, digest
from service.accounts.top_up import NewKey, NewTopUp, TopUp, TopUps
from service.errors import InvalidRequest, KeyReused, KeyTaken
from service.orders.root_key import RootKey
from service.orders.tokens import TOKEN_BYTES, IdempotencyKey, Tokens
from service.payments.payment import MEMO
from service.pricing.port import RateSource
from service.pricing.price import Price, price, time_for
from service.quotes.idempotency import SALT_BYTES, parse_key
from service.quotes.invoicing import Invoicing
from service.quotes.open_quotes import OpenQuotes
from service.runtime.clock import Clock, from_millis, to_millis
from service.runtime.counters import Counters
from service.runtime.section import NotNegativeInt, Section

MS = 1000

KEY_NAME = "top-up"
"""What a key is called in lists that came with its account's first top-up."""

LEEWAY = 10
"""The bounds that a Lightning Address tells are narrower by this part of them than those that are kept to: between its
two steps the rate may move."""


class TopUpTerms(Section, frozen=True, kw_only=True):
    """What is sold in advance."""

    top_up_s: NotNegativeInt = 3600
    """Most seconds of video time that one top-up sells, an hour; 0 sells none. Until it is used, the operator owes it,
    so this is what one payment may leave with them."""


class TopUpQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What video time costs until the invoice expires."""

    account_id: int
    key: str | None  # of an account that was made for it, told to nobody else
    ms: int
    price: Price
    invoice: str
    expires_at: datetime
    nonce: bytes  # of its credential, where it is sold by L402
    root_key: bytes | None  # None: it is not, or the credential was revoked


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What one payment to a Lightning Address may be, in satoshi."""

    least_sat: int
    most_sat: int


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A top-up before it is priced and sold."""

    ms: int
    account_id: int | None
    client: str
    nonce: bytes
    cost: Price
    memo: str
    idempotency: IdempotencyKey | None = None
    l402_expiry_s: int | None = None
    description_hash: bytes | None = None


class Selling:
    """Quotes video time. A class since requests with one idempotency key at the same time wait for the first."""

    def __init__(
        self,
        *,
        terms: TopUpTerms,
        usd_micros_per_second: int,
        top_ups: TopUps,
        rates: RateSource,
        open_quotes: OpenQuotes,
        invoicing: Invoicing,
        counters: Counters,
        now: Clock,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._terms = terms
        self._usd_micros_per_second = usd_micros_per_second
        self._top_ups = top_ups
        self._rates = rates
        self._open_quotes = open_quotes
        self._invoicing = invoicing
        self._counters = counters
        self._now = now
        self._random = random
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def quote(
        self,
        seconds: int,
        *,
        account_id: int | None,
        client: str,
        key: str | None = None,
        l402_expiry_s: int | None = None,
    ) -> TopUpQuote:
        """Sell so many seconds, to an account or to a new one with a key, which is worth nothing until they are paid.

        Args:
            seconds: How many.
            account_id: Whose they will be; None: an account's that is made for them.
            client: Who asks.
            key: An idempotency key: asked again with it, before the invoice expires, it is the same top-up.
            l402_expiry_s: It is sold by L402, and its invoice is good for so long.

        Raises what the node raises, or:

        Raises:
            InvalidRequest: So many are not sold at once, or none in advance; or the key is no UUID.
            KeyReused: The key was used to ask for something else.
            TooManyRequests: The client has too many quotes that are not paid.
            Unavailable: All clients have, or the node cannot receive the amount.
            RateUnavailable: Nothing can be priced now.
        """
        self._require_some()
        if not 0 < seconds <= self._terms.top_up_s:
            raise InvalidRequest(
                f"Field 'seconds' must be from 1 to {self._terms.top_up_s:,}: so many are sold at once.",
                field="seconds",
            )

        async def sell(nonce: bytes, idempotency: IdempotencyKey | None) -> TopUpQuote:
            return await self._sell(
                _Asked(
                    ms=seconds * MS,
                    account_id=account_id,
                    client=client,
                    nonce=nonce,
                    cost=price(seconds * MS, self._usd_micros_per_second, await self._rates.current()),
                    memo=f"{MEMO} time, {seconds} s",
                    idempotency=idempotency,
                    l402_expiry_s=l402_expiry_s,
                )
            )

        if key is None:
            return await sell(self._random(TOKEN_BYTES), None)
        key = parse_key(key)
        whose = client if account_id is None else f"account {account_id}"
        l402 = l402_expiry_s is not None
        key_hash = hashlib.sha256(f"top-up {l402} {whose} {key}".encode()).digest()
        fingerprint = hashlib.sha256(str(seconds).encode()).digest()
        async with self._locks.setdefault(key_hash, asyncio.Lock()):
            while True:
                if found := await self._top_ups.of_idempotency_key(key_hash, self._now()):
                    assert found.idempotency is not None
                    if found.idempotency.fingerprint != fingerprint:
                        raise KeyReused
                    return _again(found, _nonce(key, found.idempotency), made_account=account_id is None)
                idempotency = IdempotencyKey(
                    key_hash=key_hash, fingerprint=fingerprint, salt=self._random(SALT_BYTES)
                )
                with contextlib.suppress(KeyTaken):  # its top-up is the one
                    return await sell(_nonce(key, idempotency), idempotency)

    async def bounds(self) -> Bounds:
        """Tell what a payment to a Lightning Address may be: about a second's price and that of all that is sold.

        Raises:
            InvalidRequest: No video time is sold in advance.
            RateUnavailable: Nothing can be priced now.
        """
        bounds = await self._bounds()
        least = bounds.least_sat + -(-bounds.least_sat // LEEWAY)
        most = bounds.most_sat - bounds.most_sat // LEEWAY
        return Bounds(least_sat=least, most_sat=most) if least <= most else bounds

    async def quote_amount(
        self, amount_sat: int, *, account: Account, client: str, description_hash: bytes
    ) -> TopUpQuote:
        """Sell an account as much as an amount buys, by an invoice that commits to what LNURL tells of it.

        Raises as `quote` does.
        """
        bounds = await self._bounds()
        if not bounds.least_sat <= amount_sat <= bounds.most_sat:
            raise InvalidRequest(
                f"From {bounds.least_sat:,} to {bounds.most_sat:,} sat are taken at once, not {amount_sat:,}.",
                field="amount",
            )
        rate = await self._rates.current()
        ms = min(time_for(amount_sat, self._usd_micros_per_second, rate), self._terms.top_up_s * MS)
        return await self._sell(
            _Asked(
                ms=ms,
                account_id=account.id,
                client=client,
                nonce=self._random(TOKEN_BYTES),
                cost=Price(
                    amount_sat=amount_sat, usd_micros=price(ms, self._usd_micros_per_second, rate).usd_micros
                ),
                memo=f"{MEMO} time, {ms / MS:.3f} s",
                description_hash=description_hash,
            )
        )

    async def _bounds(self) -> Bounds:
        self._require_some()
        rate = await self._rates.current()
        least, most = (
            price(seconds * MS, self._usd_micros_per_second, rate).amount_sat
            for seconds in (1, self._terms.top_up_s)
        )
        return Bounds(least_sat=least, most_sat=most)

    def _require_some(self) -> None:
        if not self._terms.top_up_s:
            raise InvalidRequest("No video time is sold in advance here: ask the operator.")

    async def _sell(self, asked: _Asked) -> TopUpQuote:
        created_at = from_millis(to_millis(self._now()))
        async with self._open_quotes.reserve(asked.client, created_at) as room:
            payment = await self._invoicing.invoice(
                Msat(asked.cost.amount_msat),
                memo=asked.memo,
                created_at=created_at,
                l402_expiry_s=asked.l402_expiry_s,
                description_hash=asked.description_hash,
            )
            key = derived_secret(asked.nonce) if asked.account_id is None else None
            first = None
            if key is not None:
                first = NewKey(name=KEY_NAME, prefix=key[:PREFIX_CHARS], digest=digest(key))
            root_key = None
            if asked.l402_expiry_s is not None:
                identifier = Identifier(payment.payment_hash, asked.nonce).pack()
                root_key = RootKey(
                    identifier_hash=sha256(identifier).digest(), key=self._random(ROOT_KEY_BYTES)
                )
            account_id = await self._top_ups.add(
                NewTopUp(
                    account_id=asked.account_id,
                    key=first,
                    ms=asked.ms,
                    price=asked.cost,
                    payment=payment,
                    created_at=created_at,
                    root_key=root_key,
                    idempotency=asked.idempotency,
                )
            )
            self._counters.quotes += 1
            room.keep(payment.payment_hash, payment.expires_at)
        return TopUpQuote(
            account_id=account_id,
            key=key,
            ms=asked.ms,
            price=asked.cost,
            invoice=payment.invoice,
            expires_at=payment.expires_at,
            nonce=asked.nonce,
            root_key=None if root_key is None else root_key.key,
        )


def _nonce(key: str, idempotency: IdempotencyKey) -> bytes:
    """Derive what the secrets of a top-up follow from, so that a request that is sent again learns them again."""
    nonce = Tokens.derived(key, idempotency, private=True, l402=True).nonce
    assert nonce is not None
    return nonce


def _again(found: TopUp, nonce: bytes, *, made_account: bool) -> TopUpQuote:
    return TopUpQuote(
        account_id=found.account_id,
        key=derived_secret(nonce) if made_account else None,
        ms=found.ms,
        price=found.price,
        invoice=found.invoice,
        expires_at=found.payment.expires_at,
        nonce=nonce,
        root_key=found.root_key,
    )
