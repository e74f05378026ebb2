"""Recordings of calls: stored once they are whole, found by the number of their call, forgotten after some days."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from service.jobs.port import Objects
from service.runtime.clock import Clock
from service.sessions.call_port import Recording, RecordingRows
from service.sessions.call_terms import CallTerms
from service.sessions.records import FRAME_MS

CHUNK_BYTES = 1 << 20

PAGE = 200
"""Recordings that one look forgets."""

log = structlog.get_logger()


class Recordings:
    """Keeps recordings.

    Args:
        rows: Knows of them.
        objects: Keeps their bytes.
        folder: Where they are while they grow; what a program that was killed left there is deleted.
        terms: What the operator allows.
        now: The clock.
    """

    def __init__(
        self, *, rows: RecordingRows, objects: Objects, folder: Path, terms: CallTerms, now: Clock
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.mp4*"):
            left.unlink()
        self._rows = rows
        self._objects = objects
        self._folder = folder
        self._terms = terms
        self._now = now

    def path(self) -> Path:
        """Name a file for a recording that begins."""
        return self._folder.resolve() / f"{uuid.uuid4()}.mp4"

    async def keep(self, account_id: int, call: int, path: Path, frames: int) -> None:
        """Store a recording whose file is whole; without a frame there is nothing to keep.

        Raises:
            Unavailable: The store does not answer.
        """
        if not frames:
            return
        size = (await asyncio.to_thread(path.stat)).st_size
        try:
            await self._store(account_id, call, path, size=size, ms=frames * FRAME_MS)
        finally:
            await asyncio.to_thread(path.unlink)

    async def _store(self, account_id: int, call: int, path: Path, *, size: int, ms: int) -> Recording:
        now = self._now()
        recording = Recording(
            id=path.stem,
            account_id=account_id,
            call=call,
            size=size,
            ms=ms,
            expires_at=now + timedelta(days=self._terms.recordings_days),
        )
        await self._rows.begin(recording, now)
        await self._objects.put(recording.object, _chunks(path))
        await self._rows.store(recording.id)
        log.info("recording_kept", recording=recording.id, account=account_id, ms=recording.ms)
        return recording

    async def fetched(self, account_id: int, call: int, path: Path) -> Recording:
        """Store a recording that was made elsewhere, whose length is not known; the same is stored once.

        Raises:
            Unavailable: The store does not answer.
        """
        size = (await asyncio.to_thread(path.stat)).st_size
        before = await self.latest(account_id, call)
        if before is not None and before.size == size and await self._same(before, path):
            return before
        return await self._store(account_id, call, path, size=size, ms=0)

    async def _same(self, recording: Recording, path: Path) -> bool:
        """Tell whether a file is what was stored of a recording."""
        stored = hashlib.sha256()
        async for chunk in self.read(recording, 0, recording.size):
            stored.update(chunk)
        with path.open("rb") as file:
            found = await asyncio.to_thread(hashlib.file_digest, file, "sha256")
        return stored.digest() == found.digest()

    async def latest(self, account_id: int, call: int) -> Recording | None:
        """Return the last recording of an account's call, be it over or not."""
        return await self._rows.latest(account_id, call)

    async def get(self, recording_id: str) -> Recording | None:
        """Return a recording."""
        return await self._rows.get(recording_id)

    async def name(self, recording: Recording, title: str) -> None:
        """Note what its owner calls it."""
        await self._rows.name(recording.id, title)

    def read(self, recording: Recording, start: int, end: int) -> AsyncIterator[bytes]:
        """Stream the bytes from `start` to before `end`."""
        return self._objects.read(recording.object, start, end)

    async def link(self, recording: Recording) -> str | None:
        """Return a URL at which the object store hands it out for a while; None where it does not do that."""
        return await self._objects.link(recording.object, timedelta(seconds=self._terms.call_token_s))

    async def sweep(self, every_s: float) -> None:
        """Forget those whose time is over, for ever."""
        while True:
            await self.look(self._now())
            await asyncio.sleep(every_s)

    async def look(self, now: datetime) -> None:
        """Forget those whose time is over."""
        while over := await self._rows.expired(now, limit=PAGE):
            for recording in over:
                await self._objects.delete(recording.object)
                await self._rows.forget(recording.id)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
