"""What waits, for the client that keeps its thread. `_async_io` has the same names."""

import asyncio
import time
from contextlib import closing

from satspeak import payers
from satspeak.payers import OpenPayer, Receipt

__all__ = ["Receipt", "closing", "pause", "pay_once"]

pause = time.sleep


def pay_once(wallet: OpenPayer, invoice: str, *, max_sats: int, agreed_sats: int | None = None) -> Receipt:
    """Pay in an event loop of its own: no other may run in this thread."""
    return asyncio.run(payers.pay_once(wallet, invoice, max_sats=max_sats, agreed_sats=agreed_sats))
