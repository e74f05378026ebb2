"""Answers a request for a quote that is sent again with the quote that it got: one wish, one invoice.

For clients whose connection broke before the answer came (`Idempotency-Key`, by
draft-ietf-httpapi-idempotency-key-header-07). A key is good until its quote expires.

It is the client's own: the same key of two clients is two keys, or who guessed or copied one and its text would be told
another's tokens. So who comes back from another network, as phones do, gets a new quote instead of the same one, which
costs nobody anything: neither is paid yet.
"""

import asyncio
import contextlib
import hashlib
import re
import secrets
import uuid
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from service.errors import InvalidRequest, KeyReused, KeyTaken
from service.orders.port import Orders
from service.orders.tokens import IdempotencyKey, Tokens
from service.pricing.price import Price
from service.quotes.quoting import Quote, Quoting
from service.runtime.clock import Clock

SALT_BYTES = 32

_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE | re.ASCII)
"""RFC 9562, section 4, of any version."""

_COMMON = {str(uuid.UUID(int=0)), str(uuid.UUID(int=2**128 - 1))}
"""Those that everybody has: nil and max."""


class Idempotency:
    """Makes a quote for each key once. A class since requests with one key at the same time wait for the first.

    Attributes:
        quoting: Makes the quotes. Here, so that a handler asks for one part: two cost a task each and their group.
    """

    def __init__(
        self,
        *,
        quoting: Quoting,
        orders: Orders,
        now: Clock,
        salt: Callable[[], bytes] = lambda: secrets.token_bytes(SALT_BYTES),
    ) -> None:
        self.quoting = quoting
        self._orders = orders
        self._now = now
        self._salt = salt
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def quote(
        self,
        key: str | None,
        asked: bytes,
        make: Callable[[Tokens], Awaitable[Quote]],
        *,
        client: str,
        private: bool,
        l402: bool = False,
    ) -> Quote:
        """Return the quote that was made with this key, or make one. A request that failed leaves nothing.

        Args:
            key: What the buyer calls this wish; None quotes anew each time.
            asked: What is wished for, in whatever form is the same each time.
            make: Quotes, and keeps `Tokens.idempotency` with the order.
            client: Whose key it is.
            private: Whether the quote gets a claim token.
            l402: Whether its tokens are those of a credential.

        Raises:
            InvalidRequest: The key is no UUID.
            KeyReused: The key was used to ask for something else.
        """
        if key is None:
            return await make(Tokens.random(private=private, l402=l402))
        key = parse_key(key)
        key_hash = hashlib.sha256(f"{client} {key}".encode()).digest()
        fingerprint = hashlib.sha256(asked).digest()
        async with self._locks.setdefault(key_hash, asyncio.Lock()):
            while True:
                if found := await self._orders.of_idempotency_key(key_hash, self._now()):
                    idempotency, order, payment = found
                    if idempotency.fingerprint != fingerprint:
                        raise KeyReused
                    tokens = Tokens.derived(key, idempotency, private=order.claim_hash is not None, l402=l402)
                    return Quote(
                        duration_ms=order.wish.duration_ms,
                        language=order.wish.language,
                        price=Price(amount_sat=order.amount_sat, usd_micros=order.usd_micros),
                        percent=order.wish.percent,
                        invoice=payment.invoice,
                        expires_at=payment.expires_at,
                        tokens=tokens,
                        lnurl=self.quoting.lnurl(tokens),
                    )
                idempotency = IdempotencyKey(key_hash=key_hash, fingerprint=fingerprint, salt=self._salt())
                with contextlib.suppress(KeyTaken):  # its quote is the one
                    return await make(Tokens.derived(key, idempotency, private=private, l402=l402))


def parse_key(header: str) -> str:
    """Read a key, whose letters may be in either case. The draft writes it in quotes; most clients leave them out.

    Raises:
        InvalidRequest: It is no UUID.
    """
    text = header.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    match = _UUID.fullmatch(text)
    if match is None or (key := match.group(1).lower()) in _COMMON:
        raise InvalidRequest(
            "Header 'Idempotency-Key' must be a UUID that you made for this request,"
            " such as 8e03978e-40d5-43dd-bc93-6894a57f9324.",
            field="Idempotency-Key",
        )
    return key
