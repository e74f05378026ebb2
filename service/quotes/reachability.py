"""Whether buyers' wallets can find a way to the node: an invoice that nobody can pay is made all the same."""

import asyncio
from datetime import datetime, timedelta

import structlog

from lightning import InvoiceBackend, NodeFailed, NodeRefused
from service.runtime.clock import Clock

FRESHNESS = timedelta(minutes=1)
"""Channels are opened and closed by people."""

log = structlog.get_logger()

UNREACHABLE = (
    "the node has only private channels, which no wallet knows of: set SATSPEAK_LND_ROUTE_HINTS=true"
    " or open a public channel"
)


class Reachability:
    """What is wrong with it, asked for at most every minute by all together.

    Args:
        route_hints: Invoices tell of private channels.
    """

    def __init__(self, backend: InvoiceBackend, now: Clock, *, route_hints: bool) -> None:
        self._backend = backend
        self._now = now
        self._route_hints = route_hints
        self._warning = ""
        self._asked_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def warning(self) -> str:
        """Say why wallets find no way to the node; empty where they may, or where the node does not tell.

        Raises:
            NodeUnavailable: The node does not answer at all.
        """
        if self._route_hints:
            return ""
        async with self._asking:
            now = self._now()
            if self._asked_at is None or not timedelta(0) <= now - self._asked_at <= FRESHNESS:
                self._warning = UNREACHABLE if await self._ask() else ""
                self._asked_at = now
        return self._warning

    async def _ask(self) -> bool:
        try:
            return await self._backend.has_only_private_channels()
        except (NodeRefused, NodeFailed) as error:  # such as a macaroon without offchain:read
            log.warning("channels_unknown", error=repr(error))
            return False
