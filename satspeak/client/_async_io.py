"""What waits, for the client that lets others run meanwhile. `_sync_io` has the same names."""

import asyncio
from contextlib import aclosing

from satspeak.payers import Receipt, pay_once

__all__ = ["Receipt", "aclosing", "pause", "pay_once"]

pause = asyncio.sleep
