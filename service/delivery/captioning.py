"""Finds the captions of a video, whole or still being rendered."""

from service.delivery.captions import cues, webvtt
from service.jobs.port import Videos
from service.orders.order import Order
from service.orders.video import FPS, VideoState


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
        if order.wish.text is None:
            return webvtt([])
        video = await self._videos.get(order.id)
        duration_ms, parts = order.wish.duration_ms, []
        if video is not None:
            parts = await self._videos.speech(video.id)
            if video.state is VideoState.READY:
                duration_ms = video.frames * 1000 // FPS
        return webvtt(cues(order.wish.text, parts, duration_ms=duration_ms))
