"""Keeps uploads and videos as objects: in a folder, or in a bucket that speaks S3."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from service.errors import Unavailable

CHUNK_BYTES = 1 << 18
"""How much of an object is in memory at once."""

PAGE = 500
"""Names that are listed at a time."""

PATIENCE = timedelta(seconds=30)
"""How long a bucket is asked again, and how long one answer may take."""


class StoredObjects:
    """Objects in a store. One appears under its name only once it is whole."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, name: str, data: bytes | Iterator[bytes] | AsyncIterator[bytes]) -> None:
        """Store an object for good: a row will say that it is there."""
        with _answering():
            await obstore.put_async(self._store, name, data)

    async def read(self, name: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        """Stream the bytes from `start` to before `end`, or to the last.

        Raises:
            FileNotFoundError: There is no such object.
            Unavailable: The store does not answer.
        """
        with _answering():
            found = await obstore.get_async(
                self._store, name, options={"range": {"offset": start} if end is None else (start, end)}
            )
            async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    async def size(self, name: str) -> int:
        """Tell how many bytes an object has.

        Raises:
            FileNotFoundError: There is no such object.
            Unavailable: The store does not answer.
        """
        with _answering():
            return int((await obstore.head_async(self._store, name))["size"])

    async def delete(self, name: str) -> None:
        """Forget an object, or all below a folder, whose name ends with `/`; of no effect where there is none."""
        with _answering():
            if not name.endswith("/"):
                with contextlib.suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, name)
                return
            async for page in obstore.list(self._store, name.rstrip("/")):
                paths = [found["path"] for found in page]
                try:
                    await obstore.delete_async(self._store, paths)
                except FileNotFoundError:
                    # Somebody else deletes it too, and a folder gives up there: the rest may remain.
                    for path in paths:
                        with contextlib.suppress(FileNotFoundError):
                            await obstore.delete_async(self._store, path)

    async def link(self, name: str, lasts: timedelta) -> str | None:
        """Return a URL at which anybody gets an object for so long; None where the store is a folder."""
        if not isinstance(self._store, S3Store):
            return None
        with _answering():
            return await obstore.sign_async(self._store, "GET", name, lasts)

    async def list(self, folder: str) -> AsyncIterator[list[str]]:
        """List the names of all objects below a folder, some hundreds at a time.

        Raises:
            Unavailable: The store does not answer.
        """
        with _answering():
            async for page in obstore.list(self._store, folder.rstrip("/"), chunk_size=PAGE):
                yield [found["path"] for found in page]


class FolderObjects(StoredObjects):
    """Objects as files below a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(LocalStore(folder, mkdir=True))
        self._folder = folder

    async def put(self, name: str, data: bytes | Iterator[bytes] | AsyncIterator[bytes]) -> None:
        """Store an object; on disk when this returns, since a row will say that it is there."""
        await super().put(name, data)
        await asyncio.to_thread(_sync, self._folder / name, self._folder)


def bucket_objects(bucket: str, prefix: str, *, patience: timedelta = PATIENCE) -> StoredObjects:
    """Keep objects in a bucket; `AWS_...` in the environment say where it is and who may use it."""
    return StoredObjects(
        S3Store(
            bucket,
            prefix=prefix or None,
            client_options={
                "timeout": patience,
                "connect_timeout": timedelta(seconds=5),
                "allow_http": True,  # where the operator's endpoint says so
            },
            retry_config={"retry_timeout": patience},
        )
    )


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    """Say that the store is away, where it is: the same request may work later."""
    try:
        yield
    except BaseError as error:
        raise Unavailable("The videos cannot be reached. Your payment is safe: try again soon.") from error


def _sync(file: Path, root: Path) -> None:
    """Have the disk keep a file, its name, and those of the folders above it, any of which may be new."""
    folders = [folder for folder in file.parents if folder.is_relative_to(root)]
    for path in (file, *folders, root.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
