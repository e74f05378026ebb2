"""What an API key is, and who keeps them."""

from collections.abc import Collection
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec


class Scope(Enum):
    """What a key is good for."""

    PAYMENTS = "payments:read"
    METRICS = "metrics:read"


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, without its secret."""

    id: int
    name: str
    prefix: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None


class ApiKeys(Protocol):
    """Keeps the hashes of API keys."""

    async def add(
        self, *, name: str, prefix: str, digest: bytes, scopes: Collection[Scope], created_at: datetime
    ) -> None:
        """Keep a new key."""
        ...

    async def all(self) -> list[ApiKey]:
        """Return all keys, revoked ones too, the oldest first."""
        ...

    async def revoke(self, key_id: int, now: datetime) -> bool:
        """Revoke a key; False where there is none to revoke."""
        ...

    async def scopes(self, digest: bytes) -> frozenset[Scope] | None:
        """Return what the key with this hash is good for; None where there is none, or it is revoked."""
        ...
