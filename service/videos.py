"""Keeps uploads and videos as objects; a folder is the store."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import obstore
from obstore.store import LocalStore

CHUNK_BYTES = 1 << 18
"""How much of an object is in memory at once."""


class FolderObjects:
    """Objects as files below a folder. A file appears under its name only once it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = LocalStore(folder, mkdir=True)

    async def put(self, name: str, data: bytes | Iterator[bytes] | AsyncIterator[bytes]) -> None:
        """Store an object; on disk when this returns, since a row will say that it is there."""
        await obstore.put_async(self._store, name, data)
        await asyncio.to_thread(_sync, self._folder / name)

    async def read(self, name: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        """Stream the bytes from `start` to before `end`, or to the last.

        Raises:
            FileNotFoundError: There is no such object.
        """
        found = await obstore.get_async(
            self._store, name, options={"range": {"offset": start} if end is None else (start, end)}
        )
        async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)

    async def delete(self, prefix: str) -> None:
        """Forget every object whose name starts so."""
        folder, _, _ = prefix.rpartition("/")
        async for page in obstore.list(self._store, folder):
            for found in page:
                if found["path"].startswith(prefix):
                    await obstore.delete_async(self._store, found["path"])


def _sync(file: Path) -> None:
    """Have the disk keep a file and its name."""
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
