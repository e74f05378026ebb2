"""Plays a video: what is stored of it, and the rest as it comes."""

from collections.abc import AsyncGenerator, AsyncIterator

from service.errors import VideoBroken
from service.jobs.port import Objects, Videos
from service.orders.choice import Choice
from service.orders.order import Status
from service.orders.port import Orders
from service.orders.video import Video, VideoState
from service.rendering.container import whole_start
from service.rendering.rendering import Rendering
from service.runtime.bells import Bells
from service.runtime.clock import Clock

HELD_S = 5.0
"""Seconds between looks at a payment that is held though the video is whole."""


class Player:
    """Plays videos. A class since each needs to know who renders, and what is stored where."""

    def __init__(
        self,
        *,
        orders: Orders,
        videos: Videos,
        objects: Objects,
        rendering: Rendering,
        bells: Bells,
        now: Clock,
    ) -> None:
        self._orders = orders
        self._videos = videos
        self._objects = objects
        self._rendering = rendering
        self._bells = bells
        self._now = now

    async def play(
        self, order_id: int, start: int = 0, end: int | None = None, *, growing: bool
    ) -> AsyncGenerator[bytes]:
        """Stream the MP4 from `start` to before `end`, or to its end, waiting for what is not rendered yet.

        With `growing` it starts as a video does whose length is not known, even if it becomes whole meanwhile: all
        that a request gets is of one file.

        What may be the last piece comes once the end is stored, and while a payment is held once the money is ours: so
        nobody has a whole video and the money back. A render whose replica has died goes on from here.

        Raises:
            VideoBroken: The render was interrupted, the video deleted or lost, or the payment went back.
        """
        position, held = start, True  # until the order says otherwise
        edition: int | None = None
        with self._bells.listen(order_id) as bell:
            while end is None or position < end:
                video = await self._videos.get(order_id)
                assert video is not None
                if video.state is VideoState.DELETED or edition not in (None, video.edition):
                    raise VideoBroken
                edition = video.edition
                held = held and await self._is_held(order_id)
                size = await self._size_but_last(video, position) if held else video.playable_size
                stored = size if end is None else min(end, size)
                if position < stored:
                    async for chunk in self._stored(video, position, stored, growing=growing):
                        position += len(chunk)
                        if position == video.size and not await self._may_end(video):
                            raise VideoBroken
                        yield chunk
                elif video.state is VideoState.READY and not held:
                    return
                elif video.state in (VideoState.INTERRUPTED, VideoState.FAILED):
                    raise VideoBroken
                elif not video.abandoned_at(self._now()):
                    await bell.wait(self.silence_s(video))
                elif not await self.take_over(video, video.choice):
                    raise VideoBroken

    async def _may_end(self, video: Video) -> bool:
        """Note that the last bytes are about to be handed out, where the video is whole; whether they may be.

        Not where it was lost while somebody read it, and then given up: its price goes back.
        """
        if video.state is not VideoState.READY or video.delivered_at is not None:
            return True
        return await self._videos.deliver(video, self._now())

    async def _is_held(self, order_id: int) -> bool:
        """Whether the payment is not ours yet; raises VideoBroken where it went back."""
        order = await self._orders.get(order_id)
        assert order is not None
        if order.status is Status.CANCELED:
            raise VideoBroken
        return order.status is Status.HELD

    async def _size_but_last(self, video: Video, position: int) -> int:
        """What may be handed out of a video that is not paid for: not its last piece, also once it is whole."""
        if video.state is not VideoState.READY:
            return video.playable_size
        parts = await self._videos.segments(video.id, after=position)
        return parts[-1].offset if parts else position

    async def _stored(self, video: Video, start: int, end: int, *, growing: bool) -> AsyncIterator[bytes]:
        """Stream stored bytes; stops early where the pieces were joined meanwhile, or something is gone."""
        if start >= len(video.init or b"") or (video.object is not None and not growing):
            async for chunk in self._objects_of(video, start, end):
                yield chunk
        elif head := video.init if growing else await self._whole_start(video):
            yield head[start:end]

    async def _objects_of(self, video: Video, start: int, end: int) -> AsyncIterator[bytes]:
        if video.object is not None:
            try:
                async for chunk in self._objects.read(video.object, start, end):
                    yield chunk
            except FileNotFoundError:
                await self._rendering.lose(video)
            return
        for part in await self._videos.segments(video.id, after=start):
            first, last = max(start - part.offset, 0), min(end - part.offset, part.size)
            if first >= last:
                return
            try:
                async for chunk in self._objects.read(part.object, first, last):
                    yield chunk
            except FileNotFoundError:
                now = await self._videos.get(video.order_id)
                if now is not None and now.object is None:
                    await self._rendering.lose(video)
                return

    async def _whole_start(self, video: Video) -> bytes | None:
        """Make the start of a whole video that is in pieces; None where they were joined meanwhile."""
        parts = await self._videos.segments(video.id, after=0)
        if not parts or parts[-1].offset + parts[-1].size != video.size:
            return None
        assert video.init is not None
        return whole_start(video.init, parts)

    async def kept(self, order_id: int) -> Video | None:
        """Return the video of an order. One that was whole and is not where it was put is begun anew."""
        video = await self._videos.get(order_id)
        if video is None or video.object is None or video.state is not VideoState.READY:
            return video
        try:
            if await self._objects.size(video.object) == video.size:
                return video
        except FileNotFoundError:
            pass
        await self._rendering.lose(video)
        return await self._videos.get(order_id)

    async def take_over(self, video: Video, choice: Choice) -> bool:
        """Go on with a render that was abandoned; False where nobody will."""
        order = await self._orders.get(video.order_id)
        assert order is not None
        if await self._rendering.start(order, choice, again=True) is not None:
            return True
        now = await self._videos.get(video.order_id)
        if now is None:
            return False
        # Another replica was first, or who seemed to be gone goes on.
        return now.attempt != video.attempt or not now.abandoned_at(self._now())

    def silence_s(self, video: Video) -> float:
        """How long it takes at most until there is something to do in silence."""
        if video.state is VideoState.READY:  # a held payment is to be taken, which rings
            return HELD_S
        return (video.lease_until - self._now()).total_seconds()
