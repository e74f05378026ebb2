"""API keys: made for an operator's programs or for an account, shown once, kept as hashes."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection

from service.accounts.port import HOLDERS, NAMED_ONLY, OPERATORS, ApiKey, ApiKeys, Bearer, Holder, Scope
from service.errors import InvalidApiKey, KeyNotAllowed
from service.runtime.clock import Clock

PREFIX_CHARS = 10
"""Shown in lists: `sk_` and enough to tell keys apart, far too little to guess the rest."""

SECRET_BYTES = 32


class Keys:
    """Makes, lists, revokes and checks keys."""

    def __init__(
        self,
        store: ApiKeys,
        *,
        now: Clock,
    ) -> None:
        self._store = store
        self._now = now

    async def create(
        self, name: str, scopes: Collection[Scope] = (), *, account_id: int | None = None
    ) -> str:
        """Make a key and return it: the only time that it is known.

        Args:
            name: What it is called in lists.
            scopes: What it is good for; where none is named everything that a key of its kind may be good for, but
                for what has to be named.
            account_id: Whose it is; None makes one of the operator's.

        Raises:
            KeyNotAllowed: A key of its kind is never good for one of these.
        """
        allowed = OPERATORS if account_id is None else HOLDERS
        for scope in scopes:
            if scope not in allowed:
                raise KeyNotAllowed(scope.value)
        key = new_secret()
        await self._store.add(
            name=name,
            prefix=key[:PREFIX_CHARS],
            digest=digest(key),
            scopes=scopes or allowed - NAMED_ONLY,
            account_id=account_id,
            created_at=self._now(),
        )
        return key

    async def list(self) -> list[ApiKey]:
        """Return all keys, revoked ones too."""
        return await self._store.all()

    async def revoke(self, key_id: int) -> bool:
        """Make a key useless from now on; False where there is none with this id, or it is revoked."""
        return await self._store.revoke(key_id, self._now())

    async def check(self, key: str | None, scope: Scope) -> Bearer:
        """Admit whoever shows a key.

        Raises:
            InvalidApiKey: There is none, or it is unknown or revoked.
            KeyNotAllowed: It is good for other things.
        """
        if key is None:
            raise InvalidApiKey
        # Looked up by hash: how long that takes tells nothing about the key.
        return await self.check_hash(digest(key), scope)

    async def check_hash(self, hashed: bytes, scope: Scope) -> Bearer:
        """Admit whoever has shown the key of a hash; raises as `check` does."""
        bearer = await self._store.bearer(hashed)
        if bearer is None:
            raise InvalidApiKey
        if scope not in bearer.scopes:
            raise KeyNotAllowed(scope.value)
        return bearer

    async def holder(self, key: str) -> int:
        """Tell whose account a key is, whatever it is good for: who brings money needs no scope.

        Raises:
            InvalidApiKey: It is unknown or revoked.
            KeyNotAllowed: It is the operator's.
        """
        bearer = await self._store.bearer(digest(key))
        if bearer is None:
            raise InvalidApiKey
        if bearer.account_id is None:
            raise KeyNotAllowed(Scope.ACCOUNT.value)
        return bearer.account_id

    async def account(self, key: str | None, scope: Scope) -> int:
        """Admit whoever shows the key of an account, and tell which; raises as `check` does."""
        return (await self.of_account(key, scope)).account_id

    async def of_account(self, key: str | None, scope: Scope) -> Holder:
        """Admit whoever shows the key of an account, for longer than a request; raises as `check` does."""
        bearer = await self.check(key, scope)
        assert bearer.account_id is not None, "only keys of accounts have the scopes of accounts"
        return Holder(account_id=bearer.account_id, key_id=bearer.key_id)


def new_secret() -> str:
    """Make a key that nobody can guess."""
    return "sk_" + secrets.token_urlsafe(SECRET_BYTES)


def derived_secret(nonce: bytes) -> str:
    """Make the key that whoever knows a nonce can be told again."""
    said = hashlib.blake2b(nonce, person=b"api key", digest_size=SECRET_BYTES).digest()
    return "sk_" + urlsafe_b64encode(said).decode().rstrip("=")


def digest(key: str) -> bytes:
    """Hash a key. A key is random, so a plain hash cannot be guessed back, and checking stays cheap."""
    return hashlib.sha256(key.encode()).digest()
