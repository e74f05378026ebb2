"""Secrets that a quote hands to its buyer. What is kept of each is its hash."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from typing import Self

import msgspec

TOKEN_BYTES = 32


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a request that may be sent again, so that it gets the same answer."""

    key_hash: bytes
    fingerprint: bytes  # sha256 of what was asked for
    salt: bytes


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What the buyer of one quote is told, and nobody else."""

    refund: str
    claim: str | None  # None: the invoice alone opens the order
    once: Once | None = None  # what the tokens were derived with

    @classmethod
    def random(cls, *, private: bool) -> Self:
        """Make tokens that nobody can tell again."""
        return cls(
            refund=secrets.token_urlsafe(TOKEN_BYTES),
            claim=secrets.token_urlsafe(TOKEN_BYTES) if private else None,
        )

    @classmethod
    def derived(cls, key: str, once: Once, *, private: bool) -> Self:
        """Make tokens that need both to be told again: the buyer's key and our salt.

        So nothing that opens an order is kept, and still a request that is sent again learns the same tokens.
        """
        return cls(
            refund=_derive("refund", key, once.salt),
            claim=_derive("claim", key, once.salt) if private else None,
            once=once,
        )


def digest(token: str) -> bytes:
    """Hash a token for keeping. It is random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()


def _derive(purpose: str, key: str, salt: bytes) -> str:
    mac = hashlib.blake2b(key.encode(), key=salt, person=purpose.encode(), digest_size=TOKEN_BYTES)
    return urlsafe_b64encode(mac.digest()).decode().rstrip("=")
