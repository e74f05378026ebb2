"""Deletes recordings that no row names: of a crash between both, or of a commit whose answer was lost.

A recording is stored shortly before its row is written, so one that is named by none is no orphan yet. It is one where
that was so at two looks in a row, which are an hour apart by a clock that nobody can set.
"""

import asyncio
from collections.abc import Collection
from typing import Protocol

import structlog

from service.jobs.port import UPLOADS, Objects

EVERY_S = 3600.0
"""Seconds between looks: longer than any recording waits for its row."""

SUSPECTS = 100_000
"""Names that are remembered between two looks; of more the others wait for later looks."""

log = structlog.get_logger()


class Uploads(Protocol):
    """Knows which recordings belong to an order."""

    async def named(self, names: Collection[str]) -> set[str]:
        """Return those of these names that a row has."""
        ...


class Orphans:
    """Looks for recordings that no row names."""

    def __init__(self, uploads: Uploads, objects: Objects) -> None:
        self._uploads = uploads
        self._objects = objects
        self._suspects: set[str] = set()

    async def sweep(self, every_s: float = EVERY_S) -> None:
        """Look again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Delete what was named by no row now and at the last look."""
        suspects: set[str] = set()
        async for page in self._objects.list(UPLOADS):
            unnamed = set(page) - await self._uploads.named(page)
            for name in unnamed & self._suspects:
                await self._objects.delete(name)
                log.warning("orphan_deleted", upload=name)
            suspects |= set(sorted(unnamed - self._suspects)[: SUSPECTS - len(suspects)])
        self._suspects = suspects
