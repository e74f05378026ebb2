"""Remembers orders between commands: a refund needs a token that is told once, and a private video too.

One file an order, which only its owner reads, in `$XDG_STATE_HOME/satspeak/orders` (`~/.local/state/…`).
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from satspeak.client import Quote

SHORT = 10
"""Digits of the name by which people call an order."""


class Order(msgspec.Struct, kw_only=True):
    """What was bought, or is about to be."""

    url: str
    quote: Quote
    choice: dict[str, str] = {}  # for the delivery, where the quote named none
    out: str = ""  # the file, absolute; empty where it goes to the standard output
    preimage: str | None = None  # the proof of payment, where the wallet told it
    saved: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return name_of(self.quote.bolt11_invoice)


class Orders:
    """The orders of one user of this machine."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        home = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        self._folder = Path(home) / "satspeak" / "orders"

    def keep(self, order: Order) -> None:
        """Write an order, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        making = self._folder / f".{order.name}"
        making.unlink(missing_ok=True)
        making.touch(mode=0o600)
        making.write_bytes(msgspec.json.encode(order))
        making.replace(self._folder / f"{order.name}.json")

    def find(self, named: str | None) -> Order | None:
        """Find an order by its invoice, by the beginning of its name, or the newest one."""
        if not self._folder.is_dir():
            return None
        found = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        if named is not None:
            name = name_of(named) if named.lower().removeprefix("lightning:").startswith("ln") else named
            found = [file for file in found if file.stem.startswith(name)]
        if not found or (named is not None and len({file.stem for file in found}) > 1):
            return None
        return msgspec.json.decode(found[-1].read_bytes(), type=Order)


def name_of(invoice: str) -> str:
    """Name an order by its invoice, shorter than that."""
    plain = invoice.strip().lower().removeprefix("lightning:")
    return hashlib.sha256(plain.encode()).hexdigest()[:SHORT]
