"""Has portraits drawn and packs made, by processes beside the renders. Knows no HTTP and no OpenGL.

A portrait's process stays, since loading and building are most of the work; a pack's ends with it. Each is told one
thing at a time. How many may wait is bounded before anything is begun.
"""

import asyncio
import os
import struct
import sys
import tarfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import structlog

from worker.drawing import (
    Answer,
    Drawn,
    DrawPortrait,
    FilmPerson,
    FitPicture,
    Fitted,
    ImportPerson,
    Missing,
    Packed,
    Refused,
    Request,
    packed,
)
from worker.errors import CannotBeDrawn, CannotDraw, DrawingFailed, StudioBusy

log = structlog.get_logger()

PORTRAIT_S = 900.0
"""Longest time for one portrait: some 12 s of a processor, but renders go first. A caller who goes ends it."""
IMPORT_S = 1200.0
"""Longest time for a picture or film of somebody: up to two minutes of a processor, but renders go first."""

# Renders go first; somebody waits for a portrait, but nobody for a pack.
_PORTRAIT_NICENESS, _PACK_NICENESS = 5, 10
_MAX_WAITING = 4  # of each kind, beside the one that runs
_PORTRAIT_RETRY_S, _PACK_RETRY_S = 15, 60
_LENGTH = struct.Struct(">I")
_PIXELS = "50000000"  # that OpenCV reads of a picture


class Studio:
    """Draws one portrait and makes one pack at a time."""

    def __init__(self) -> None:
        self._easel = _Hand(stays=True, niceness=_PORTRAIT_NICENESS)
        self._camera = _Hand(stays=False, niceness=_PACK_NICENESS)
        self._portraits = _Queue(_PORTRAIT_RETRY_S)
        self._packs = _Queue(_PACK_RETRY_S)

    async def portrait(self, request: DrawPortrait) -> Drawn:
        """Draw a prompt.

        Raises:
            CannotBeDrawn: it asks for what is not drawn.
            CannotDraw: something is not installed.
            StudioBusy: too many wait.
            DrawingFailed: it broke off or took too long.
        """
        async with self._portraits.turn():
            answer = await self._easel.ask(request, within_s=PORTRAIT_S)
        assert isinstance(answer, Drawn)
        return answer

    async def fit(self, request: FitPicture) -> bytes:
        """Cut a picture of somebody, drawn elsewhere, to a size.

        Returns:
            A JPEG.

        Raises:
            As `portrait`.
        """
        async with self._portraits.turn():
            answer = await self._easel.ask(request, within_s=PORTRAIT_S)
        assert isinstance(answer, Fitted)
        return answer.picture

    async def film(self, request: FilmPerson) -> bytes:
        """Film somebody drawn; however long it takes. `request.folder` is chosen here.

        Returns:
            The pack as a tar of `avatar.json` and its films.

        Raises:
            As `portrait`.
        """
        async with self._packs.turn(), _folder(request.name) as folder:
            await self._camera.ask(msgspec.structs.replace(request, folder=str(folder)), within_s=None)
            return await asyncio.to_thread(_tar, folder)

    @asynccontextmanager
    async def importing(self) -> AsyncGenerator["Importing", None]:
        """Wait for a turn to import somebody, and hold it while what is sent is read.

        Raises:
            StudioBusy: too many wait.
        """
        async with self._packs.turn():
            with TemporaryDirectory(prefix="satspeak-import-") as home:
                yield Importing(self._camera, Path(home))

    async def close(self) -> None:
        """End what draws."""
        await self._easel.stop()
        await self._camera.stop()


class Importing:
    """A turn in which somebody is imported.

    Attributes:
        source: Where to write the picture or film.
        mouths: Where to write the film of the mouth, if there is one.
    """

    def __init__(self, camera: "_Hand", home: Path) -> None:
        self._camera, self._home = camera, home
        self.source, self.mouths = home / "source", home / "mouths"

    async def pack(self, request: ImportPerson) -> tuple[bytes, tuple[str, ...]]:
        """Make a pack of what was written to `source`, and to `mouths`; folder and files are chosen here.

        Returns:
            The pack as a tar, and what is not as good as it could be.

        Raises:
            As `Studio.portrait`.
        """
        folder = self._home / request.name
        folder.mkdir()
        request = msgspec.structs.replace(
            request,
            folder=str(folder),
            source=str(self.source),
            mouths=str(self.mouths) if self.mouths.exists() else None,
        )
        answer = await self._camera.ask(request, within_s=IMPORT_S)
        assert isinstance(answer, Packed)
        return await asyncio.to_thread(_tar, folder), answer.warnings


class _Queue:
    """One at a time, and a bounded number behind it."""

    def __init__(self, retry_after_s: int) -> None:
        self._retry_after_s = retry_after_s
        self._lock = asyncio.Lock()
        self._there = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None, None]:
        if self._there > _MAX_WAITING:
            raise StudioBusy(self._retry_after_s * self._there)
        self._there += 1
        try:
            async with self._lock:
                yield
        finally:
            self._there -= 1


class _Hand:
    """A process that answers one request at a time, started when it is needed.

    Args:
        stays: for the next request; else it ends with each.
        niceness: how far it lets others go first.
    """

    def __init__(self, *, stays: bool, niceness: int) -> None:
        self._stays = stays
        self._niceness = niceness
        self._process: Process | None = None

    async def ask(self, request: Request, *, within_s: float | None) -> Answer:
        """Return what it answers; a process that is given up in the middle is killed."""
        done = False
        try:
            async with asyncio.timeout(within_s):
                answer = await self._exchange(request)
            done = True
        except TimeoutError as exc:
            raise DrawingFailed(f"Drawing took longer than {within_s:.0f} s.") from exc
        except (asyncio.IncompleteReadError, ConnectionError) as exc:
            raise DrawingFailed("The process that draws has ended.") from exc
        finally:
            if not done or not self._stays:
                await self.stop()
        if isinstance(answer, Refused):
            raise CannotBeDrawn(answer.reason)
        if isinstance(answer, Missing):
            await self.stop()  # what is installed later is found then
            raise CannotDraw(answer.reason)
        return answer

    async def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process and process.returncode is None:
            process.kill()
            await process.wait()

    async def _exchange(self, request: Request) -> Answer:
        if self._process is None or self._process.returncode is not None:
            log.info("drawing starts")
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "worker.drawing",
                str(self._niceness),
                stdin=PIPE,
                stdout=PIPE,
                env={**os.environ, "OPENCV_IO_MAX_IMAGE_PIXELS": _PIXELS},
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(packed(request))
        await stdin.drain()
        length = _LENGTH.unpack(await stdout.readexactly(_LENGTH.size))[0]
        answer: Answer = msgspec.msgpack.decode(await stdout.readexactly(length), type=Answer)
        return answer


@asynccontextmanager
async def _folder(name: str) -> AsyncGenerator[Path, None]:
    with TemporaryDirectory(prefix="satspeak-film-") as home:
        folder = Path(home) / name
        folder.mkdir()
        yield folder


def _tar(folder: Path) -> bytes:
    """Pack a folder's files, the same bytes for the same files."""
    sink = BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for path in sorted(folder.iterdir()):
            entry = tarfile.TarInfo(path.name)
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return sink.getvalue()
