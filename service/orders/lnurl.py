"""How an order is found by LNURL. Pure."""

import msgspec

from lightning.lnurl import description_hash


class Lnurl(msgspec.Struct, frozen=True, kw_only=True):
    """What leads wallets to the invoice of an order."""

    id_hash: bytes  # sha256 of what its addresses name it by
    metadata: str  # what wallets are shown, to the byte: its hash is in the invoice

    @property
    def description_hash(self) -> bytes:
        """What the invoice commits to."""
        return description_hash(self.metadata)
