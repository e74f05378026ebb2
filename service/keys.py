"""API keys: made for an operator's programs, shown once, kept as hashes."""

import hashlib
import secrets
from collections.abc import Callable

from service.errors import InvalidApiKey
from service.ports import ApiKey, ApiKeys, Clock

PREFIX_CHARS = 10
"""Shown in lists: `sk_` and enough to tell keys apart, far too little to guess the rest."""


class Keys:
    """Makes, lists, revokes and checks keys."""

    def __init__(
        self, store: ApiKeys, *, now: Clock, secret: Callable[[], str] = lambda: secrets.token_urlsafe(32)
    ) -> None:
        self._store = store
        self._now = now
        self._secret = secret

    async def create(self, name: str) -> str:
        """Make a key and return it: the only time that it is known."""
        key = "sk_" + self._secret()
        await self._store.add(
            name=name, prefix=key[:PREFIX_CHARS], digest=_digest(key), created_at=self._now()
        )
        return key

    async def list(self) -> list[ApiKey]:
        """Return all keys, revoked ones too."""
        return await self._store.all()

    async def revoke(self, key_id: int) -> bool:
        """Make a key useless from now on; False where there is none with this id, or it is revoked."""
        return await self._store.revoke(key_id, self._now())

    async def check(self, authorization: str | None) -> None:
        """Admit an `Authorization: Bearer KEY` header.

        Raises:
            InvalidApiKey: There is none, or its key is unknown or revoked.
        """
        scheme, _, key = (authorization or "").partition(" ")
        # Looked up by hash: how long that takes tells nothing about the key.
        if scheme.lower() != "bearer" or not await self._store.is_valid(_digest(key.strip())):
            raise InvalidApiKey


def _digest(key: str) -> bytes:
    """Hash a key. A key is random, so a plain hash cannot be guessed back, and checking stays cheap."""
    return hashlib.sha256(key.encode()).digest()
