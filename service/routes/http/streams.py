"""Streams a video, and breaks the connection where the video breaks."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
import structlog
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

from service.errors import Unavailable, VideoBroken

log = structlog.get_logger()


class VideoStream(ASGIResponse):
    """An MP4 as it comes, or another file.

    Where the video ends early, the response is left without its last chunk: the server then closes the connection,
    and the client knows that it has not all of it (`curl` exits with 18). A proper end would pass for a whole video.
    """

    _should_set_content_length = False

    def __init__(
        self,
        chunks: AsyncGenerator[bytes],
        *,
        headers: dict[str, str],
        order_id: int | None = None,
        status_code: int = 200,
        is_head_response: bool = False,
        media_type: str = "video/mp4",
    ) -> None:
        super().__init__(
            headers={**headers, "Content-Type": media_type},
            media_type=media_type,
            status_code=status_code,
            is_head_response=is_head_response,
        )
        self._chunks = chunks
        self._order_id = order_id

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Send the chunks, until they end or the client has gone."""
        async with anyio.create_task_group() as tasks, aclosing(self._chunks) as chunks:
            tasks.start_soon(_cancel_when_gone, receive, tasks.cancel_scope)
            try:
                async for chunk in chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except (VideoBroken, Unavailable, OSError) as error:
                log.warning("stream_broken", order=self._order_id, error=repr(error))
            else:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            tasks.cancel_scope.cancel()


async def _cancel_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
