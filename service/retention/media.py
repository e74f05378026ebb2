"""Deletes what stands in libraries once its time is over.

Its bytes go first, then its row says so: a crash between both leaves work for the next look. The row stays a while
longer, so that a link says that it led to something.
"""

import asyncio
from datetime import timedelta

import structlog

from service.jobs.port import Objects
from service.retention.port import EndedMedia
from service.runtime.clock import SteadyClock

PAGE = 500

REMEMBERED = timedelta(days=30)
"""How long a link says that what it led to is gone; then it is as unknown as any."""

log = structlog.get_logger()


class MediaRetention:
    """Looks for media whose time is over."""

    def __init__(self, store: EndedMedia, objects: Objects, clock: SteadyClock) -> None:
        self._store = store
        self._objects = objects
        self._clock = clock

    async def sweep(self, every_s: float) -> None:
        """Look again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Delete what is over, if it is certain what time it is."""
        now = self._clock.certain()
        if now is None:
            return
        while ended := await self._store.ended(now, limit=PAGE):
            for medium in ended:
                await self._objects.delete(medium.object)
                await self._store.forgotten(medium.id)
            log.info("media_deleted", media=len(ended))
        while await self._store.delete_records(before=now - REMEMBERED, limit=PAGE) == PAGE:
            pass
