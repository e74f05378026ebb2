"""One picture of a video, for whoever shows a link to it."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from service.delivery.delivery import Delivery
from service.errors import VideoBroken
from service.orders.choice import Choice
from service.orders.order import Order
from service.orders.video import FPS

START_BYTES = 2 << 20
"""Of the video that is looked through: some seconds."""

LOOKED_THROUGH_FRAMES = 4 * FPS
"""What comes after them changes no poster: a worker looks at no more."""

MOST = 128
"""Posters that are kept, about 40 kB each."""


class Posters:
    """Makes posters. A class since those of the latest videos are kept."""

    def __init__(
        self, *, delivery: Delivery, ask: Callable[[Choice, bytes], Awaitable[bytes | None]]
    ) -> None:
        self._delivery = delivery
        self._ask = ask
        self._kept: OrderedDict[tuple[int, int], tuple[int, bytes]] = OrderedDict()
        # Of each video one at a time, however many ask: each is seconds of video to decode.
        self._making: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()

    async def of(self, order: Order) -> bytes | None:
        """Return a JPEG of a frame on which its mouth is open; None where nobody can make one.

        Raises:
            ServiceError: There is no video, as `Delivery.video` says; WorkerDown where nobody who could says so.
        """
        video = await self._delivery.video(order)
        key = video.id, video.edition
        async with self._making.setdefault(key, asyncio.Lock()):
            seen = min(video.playable_frames, LOOKED_THROUGH_FRAMES)
            # Of a growing one a better frame may come: what was made of less is made anew.
            if (kept := self._kept.get(key)) is not None and kept[0] >= seen:
                self._kept.move_to_end(key)
                return kept[1]
            end = min(video.playable_size, START_BYTES)
            try:
                start = [chunk async for chunk in self._delivery.play(order.id, 0, end, growing=True)]
            except VideoBroken:
                return None
            made = await self._ask(video.choice, b"".join(start))
            if made is not None:
                self._kept[key] = seen, made
                self._kept.move_to_end(key)
                if len(self._kept) > MOST:
                    self._kept.popitem(last=False)
            return made
