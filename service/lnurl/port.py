"""Who keeps what LNURLs lead to."""

from typing import Protocol

import msgspec


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """An order that an LNURL leads to."""

    order_id: int
    metadata: str


class LnurlNames(Protocol):
    """Finds orders by their LNURLs, which are kept with them."""

    async def find(self, id_hash: bytes) -> Named | None:
        """Find one by the sha256 of its name."""
        ...
