"""Deletes the preimages of invoices that nobody has.

One is kept before the node is asked for the invoice, and its payment after. Where the node refuses, its answer is lost
or we die between, no payment comes: the invoice, if there is one, never left the house, so that nobody can pay it.

One without a payment is no such thing yet; it is where that was so at two looks in a row, as with `orphans`.
"""

import asyncio
from collections.abc import Collection
from typing import Protocol

import structlog

from lightning import PaymentHash

EVERY_S = 3600.0
"""Seconds between looks: longer than any quote waits for its node and its row."""

SUSPECTS = 10_000
"""Hashes that are remembered between two looks; of more the others wait for later looks."""

log = structlog.get_logger()


class Preimages(Protocol):
    """Knows which preimages no payment has."""

    async def unused(self, *, limit: int) -> set[PaymentHash]:
        """Return the hashes of such preimages, the same ones each time as long as there are more than `limit`."""
        ...

    async def delete_unused(self, hashes: Collection[PaymentHash]) -> int:
        """Delete those of them that no payment has now; how many."""
        ...


class UnusedPreimages:
    """Looks for preimages that no payment has."""

    def __init__(self, preimages: Preimages) -> None:
        self._preimages = preimages
        self._suspects: set[PaymentHash] = set()

    async def sweep(self, every_s: float = EVERY_S) -> None:
        """Look again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Delete what no payment had now and at the last look."""
        unused = await self._preimages.unused(limit=SUSPECTS)
        if unused & self._suspects:
            deleted = await self._preimages.delete_unused(unused & self._suspects)
            log.info("unused_preimages_deleted", preimages=deleted)
        self._suspects = unused - self._suspects
