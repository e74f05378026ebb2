"""LNURL-pay, as far as it is words and numbers: LUD-01 (encoding), LUD-06 (metadata), LUD-16 (identifier). Pure."""

import json
from hashlib import sha256

import bech32

_PREFIX = "lnurl"

LONGEST_DESCRIPTION = 144
"""Characters that a success action may say (LUD-09)."""


def encode(url: str) -> str:
    """Write an address as `lnurl1…`: bech32 without its limit of 90 characters, in lower case."""
    return str(bech32.bech32_encode(_PREFIX, bech32.convertbits(url.encode(), 8, 5) or ()))


def metadata(description: str, *, identifier: str | None) -> str:
    """Write what is bought: the very string that wallets are shown and that invoices commit to.

    Args:
        description: What the wallet shows.
        identifier: The Lightning Address that leads to the same, `name@host`.
    """
    entries = [["text/plain", description]]
    if identifier is not None:
        entries.append(["text/identifier", identifier])
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":"))


def description_hash(metadata: str) -> bytes:
    """Return what the `h` field of an invoice has to be for this metadata."""
    return sha256(metadata.encode()).digest()
