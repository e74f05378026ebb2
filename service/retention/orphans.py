"""Deletes what clients sent and no row names: of a crash between both, or of a commit whose answer was lost.

Recordings of quotes and of voices, the media of libraries, and what stands behind people: that last has one object
for all orders that show it, and goes by this alone. Each is stored shortly before its row is written, so one that is
named by none is no orphan yet. It is one where that was so at two looks in a row, which are an hour apart by a clock
that nobody can set.

Of another database that has the same store every recording would be one. So the store is marked with the name of the
database that it is of, and nobody else sweeps it.
"""

import asyncio
from collections.abc import Collection
from typing import Protocol

import structlog

from service.catalogue.own import VOICES
from service.errors import StoreOfAnother
from service.jobs.names import BACKGROUNDS
from service.jobs.port import MEDIA, UPLOADS, Objects

EVERY_S = 3600.0
"""Seconds between looks: longer than any recording waits for its row."""

FOLDERS = (UPLOADS, MEDIA, BACKGROUNDS, VOICES)
"""Where those are that may have none."""

SUSPECTS = 100_000
"""Names that are remembered between two looks; of more the others wait for later looks."""

MARK = "database"
"""The object that names the database of a store."""

log = structlog.get_logger()


class Uploads(Protocol):
    """Knows which recordings belong to an order or a voice, and which media to a library."""

    async def database(self) -> str:
        """Return the name of this database."""
        ...

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
        """Delete what was named by no row now and at the last look, if the store is ours."""
        try:
            ours = await self.check() or await self._mark()
        except StoreOfAnother as error:
            log.error("store_of_another", failure=error.detail)  # noqa: TRY400 - no traceback helps
            ours = False
        if not ours:
            self._suspects = set()
            return
        suspects: set[str] = set()
        for folder in FOLDERS:
            async for page in self._objects.list(folder):
                unnamed = set(page) - await self._uploads.named(page)
                for name in unnamed & self._suspects:
                    await self._objects.delete(name)
                    log.warning("orphan_deleted", upload=name)
                suspects |= set(sorted(unnamed - self._suspects)[: SUSPECTS - len(suspects)])
        self._suspects = suspects

    async def check(self) -> bool:
        """Tell whether the store is marked as ours; False where it is not marked.

        Raises:
            StoreOfAnother: It is marked with the name of another database.
        """
        try:
            mark = b"".join([chunk async for chunk in self._objects.read(MARK, 0, None)])
        except FileNotFoundError:
            return False
        if mark.decode(errors="replace") != await self._uploads.database():
            raise StoreOfAnother
        return True

    async def _mark(self) -> bool:
        """Mark a store that may only be ours: it has no recording, or one that a row of ours names.

        Of two who mark it at once one is told at the next look, before which neither deletes anything.
        """
        if not await self._may_be_ours():
            log.warning("store_not_marked", reason="it has recordings, and none of them is ours")
            return False
        await self._objects.put(MARK, (await self._uploads.database()).encode())
        log.info("store_marked")
        return True

    async def _may_be_ours(self) -> bool:
        recordings = False
        for folder in FOLDERS:
            async for page in self._objects.list(folder):
                recordings = True
                if await self._uploads.named(page):
                    return True
        return not recordings
