"""Other kinds of files of a whole video, each made when it is asked for first, and kept as long as the video is."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Literal

import msgspec

from service.delivery.delivery import Delivery
from service.errors import VideoBroken, VideoGrowing, WorkerDown
from service.jobs.names import finished_folder
from service.jobs.port import Objects
from service.orders.video import Video, VideoState

Format = Literal["mov", "webm", "avi"]

WAIT_S = 25.0
"""How long a request waits for one that is being made: less than proxies have patience for."""

RETRY_S = 10


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is kept."""

    name: str
    size: int


class Formats:
    """Has them made. A class since of each there is one in the making, whoever waits for it."""

    def __init__(
        self,
        *,
        delivery: Delivery,
        objects: Objects,
        ask: Callable[[str, AsyncIterator[bytes]], AsyncGenerator[bytes]],
        wait_s: float = WAIT_S,
    ) -> None:
        self._delivery = delivery
        self._objects = objects
        self._ask = ask
        self._wait_s = wait_s
        self._making: dict[str, asyncio.Task[None]] = {}

    async def of(self, video: Video, kind: Format) -> Finished:
        """Return a video as another kind of file, made now or before.

        Raises:
            VideoGrowing: It is not whole.
            WorkerDown: It is being made and takes longer than a request waits, or nobody can make it now.
        """
        if video.state is not VideoState.READY:
            raise VideoGrowing
        name = f"{finished_folder(video.id)}{video.edition}-{video.attempt}.{kind}"
        try:
            return Finished(name=name, size=await self._objects.size(name))
        except FileNotFoundError:
            pass
        task = self._making.get(name)
        if task is None:
            task = self._making[name] = asyncio.create_task(self._make(video, kind, name))
            task.add_done_callback(lambda done: self._made(name, done))
        try:
            await asyncio.wait_for(asyncio.shield(task), self._wait_s)
        except TimeoutError as error:
            raise WorkerDown(
                f"This video is being made into a .{kind}: ask again in {RETRY_S} s.", retry_after_s=RETRY_S
            ) from error
        return Finished(name=name, size=await self._objects.size(name))

    def read(self, file: Finished, start: int, end: int) -> AsyncIterator[bytes]:
        """Stream a stretch of a file."""
        return self._objects.read(file.name, start, end)

    async def aclose(self) -> None:
        """Make nothing any more."""
        for task in self._making.values():
            task.cancel()
        if self._making:
            await asyncio.wait(self._making.values())

    async def _make(self, video: Video, kind: Format, name: str) -> None:
        try:
            async with (
                aclosing(self._delivery.play(video.order_id, 0, video.size, growing=False)) as film,
                aclosing(self._ask(kind, film)) as made,
            ):
                await self._objects.put(name, made)
        except (VideoBroken, OSError) as error:
            raise WorkerDown("The video could not be read to its end. Try again soon.") from error

    def _made(self, name: str, task: asyncio.Task[None]) -> None:
        del self._making[name]
        if not task.cancelled():
            task.exception()  # those who waited for it may be gone
