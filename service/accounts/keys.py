"""API keys: made for an operator's programs, shown once, kept as hashes."""

import hashlib
import secrets
from collections.abc import Callable, Collection

from service.accounts.port import ApiKey, ApiKeys, Scope
from service.errors import InvalidApiKey, KeyNotAllowed
from service.runtime.clock import Clock

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

    async def create(self, name: str, scopes: Collection[Scope] = tuple(Scope)) -> str:
        """Make a key and return it: the only time that it is known."""
        key = "sk_" + self._secret()
        await self._store.add(
            name=name,
            prefix=key[:PREFIX_CHARS],
            digest=_digest(key),
            scopes=scopes,
            created_at=self._now(),
        )
        return key

    async def list(self) -> list[ApiKey]:
        """Return all keys, revoked ones too."""
        return await self._store.all()

    async def revoke(self, key_id: int) -> bool:
        """Make a key useless from now on; False where there is none with this id, or it is revoked."""
        return await self._store.revoke(key_id, self._now())

    async def check(self, authorization: str | None, scope: Scope) -> None:
        """Admit an `Authorization: Bearer KEY` header.

        Raises:
            InvalidApiKey: There is none, or its key is unknown or revoked.
            KeyNotAllowed: The key is good for other things.
        """
        scheme, _, key = (authorization or "").partition(" ")
        # Looked up by hash: how long that takes tells nothing about the key.
        scopes = await self._store.scopes(_digest(key.strip())) if scheme.lower() == "bearer" else None
        if scopes is None:
            raise InvalidApiKey
        if scope not in scopes:
            raise KeyNotAllowed(scope.value)


def _digest(key: str) -> bytes:
    """Hash a key. A key is random, so a plain hash cannot be guessed back, and checking stays cheap."""
    return hashlib.sha256(key.encode()).digest()
