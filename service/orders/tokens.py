"""Secrets that a quote hands to its buyer. What is kept of each is its hash."""

import hashlib
import secrets
from base64 import b32encode, urlsafe_b64encode
from typing import Self

import msgspec

TOKEN_BYTES = 32

NAME_BYTES = 16
"""Of what an LNURL names a quote by: nobody guesses it, and a QR code of it stays small."""


class IdempotencyKey(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a request that may be sent again, so that it gets the same answer."""

    key_hash: bytes
    fingerprint: bytes  # sha256 of what was asked for
    salt: bytes


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What the buyer of one quote is told, and nobody else."""

    refund: str
    claim: str | None  # None: the invoice alone opens the order
    idempotency: IdempotencyKey | None = None  # what the tokens were derived with
    webhook: bytes | None = None  # signs what the receiver of the order's events is told
    lnurl: str | None = None  # what the LNURL of the quote names it by
    nonce: bytes | None = None  # of an L402 credential, which tells both tokens to its holder

    @classmethod
    def random(cls, *, private: bool, l402: bool = False) -> Self:
        """Make tokens that nobody can tell again, but who holds the credential of an L402 quote."""
        if l402:
            return cls.of_nonce(secrets.token_bytes(TOKEN_BYTES))
        return cls(
            refund=secrets.token_urlsafe(TOKEN_BYTES),
            claim=secrets.token_urlsafe(TOKEN_BYTES) if private else None,
            webhook=secrets.token_bytes(TOKEN_BYTES),
            lnurl=_name(secrets.token_bytes(NAME_BYTES)),
        )

    @classmethod
    def of_nonce(cls, nonce: bytes, idempotency: IdempotencyKey | None = None) -> Self:
        """Make the tokens that the holder of an L402 credential has: whoever shows it is told them again."""
        said = nonce.hex()
        return cls(
            refund=_derive("refund", said, b""),
            claim=_derive("claim", said, b""),
            idempotency=idempotency,
            webhook=_mac("webhook", said, b""),
            nonce=nonce,
        )

    @classmethod
    def derived(cls, key: str, idempotency: IdempotencyKey, *, private: bool, l402: bool = False) -> Self:
        """Make tokens that need both to be told again: the buyer's key and our salt.

        So nothing that opens an order is kept, and still a request that is sent again learns the same tokens.
        """
        if l402:
            return cls.of_nonce(_mac("l402", key, idempotency.salt), idempotency)
        return cls(
            refund=_derive("refund", key, idempotency.salt),
            claim=_derive("claim", key, idempotency.salt) if private else None,
            webhook=_mac("webhook", key, idempotency.salt),
            lnurl=_name(_mac("lnurl", key, idempotency.salt)[:NAME_BYTES]),
            idempotency=idempotency,
        )


def digest(token: str) -> bytes:
    """Hash a token for keeping. It is random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).digest()


def new_name() -> str:
    """Make a name that nobody guesses."""
    return _name(secrets.token_bytes(NAME_BYTES))


def _name(random: bytes) -> str:
    """Write a name as a Lightning Address has it (LUD-16): small letters and digits."""
    return b32encode(random).decode().rstrip("=").lower()


def _derive(purpose: str, key: str, salt: bytes) -> str:
    return urlsafe_b64encode(_mac(purpose, key, salt)).decode().rstrip("=")


def _mac(purpose: str, key: str, salt: bytes) -> bytes:
    return hashlib.blake2b(key.encode(), key=salt, person=purpose.encode(), digest_size=TOKEN_BYTES).digest()
