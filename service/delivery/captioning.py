"""Finds the captions of a video, whole or still being rendered, and puts them into a whole one."""

from service.delivery.caption_track import with_captions
from service.delivery.captions import cues, webvtt
from service.delivery.delivery import Delivery
from service.errors import VideoGrowing
from service.jobs.port import Videos
from service.orders.order import Order
from service.orders.video import FPS, Video, VideoState
from spoken.cues import Cue


class Captioning:
    """Tells what is spoken in videos, and when."""

    def __init__(self, videos: Videos) -> None:
        self._videos = videos

    async def of(self, order: Order) -> str:
        """Return the captions of an order's video as WebVTT, exact as far as it is spoken; of a recording, none.

        Raises:
            VideoGone: It was kept long enough.
        """
        order.remembered()
        return webvtt(await self._cues(order, await self._videos.get(order.id)))

    async def head(self, order: Order, video: Video, delivery: Delivery) -> bytes:
        """Return what a whole video starts with, up to its first segment, with its captions as a track in it.

        Raises:
            VideoGrowing: It is not whole, so nobody knows yet when the rest is spoken.
            VideoInterrupted: It was lost this moment.
        """
        if video.state is not VideoState.READY:
            raise VideoGrowing
        start = await delivery.whole_start(video)
        return with_captions(start, await self._cues(order, video), language=video.choice.language)

    async def _cues(self, order: Order, video: Video | None) -> list[Cue]:
        if order.wish.text is None:
            return []
        duration_ms, parts = order.wish.duration_ms, []
        if video is not None:
            parts = await self._videos.speech(video.id)
            if video.state is VideoState.READY:
                duration_ms = video.frames * 1000 // FPS
        return cues(order.wish.text, parts, duration_ms=duration_ms)
