"""Who keeps the root keys of credentials."""

from typing import Protocol

import msgspec


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that was issued and not revoked."""

    order_id: int
    key: bytes  # its macaroon's root key
    webhook_secret: str | None = None  # signs what the receiver of its order is told; None: it has none


class RootKeys(Protocol):
    """Finds root keys. They are kept with their orders: a challenge never leaves before both are on disk."""

    async def find(self, identifier_hash: bytes) -> Issued | None:
        """Find one by the sha256 of its macaroon's identifier; None where it was revoked, or never was."""
        ...
