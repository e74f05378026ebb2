"""A file that is all stored, as an answer: all of it or a range, to who has it already or not."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

from litestar import HttpMethod, Request
from litestar.response.base import ASGIResponse

from service.errors import RangeNotSatisfiable
from service.routes.http.conditions import has
from service.routes.http.ranges import parse_range
from service.routes.http.streams import VideoStream


def answer_stored(
    request: Request[Any, Any, Any],
    play: Callable[[range], AsyncGenerator[bytes]],
    size: int,
    *,
    etag: str,
    headers: dict[str, str],
    media_type: str = "video/mp4",
    order_id: int | None = None,
) -> ASGIResponse:
    """Answer GET or HEAD; takes Range, If-Range and If-None-Match.

    Args:
        request: What is asked for.
        play: Streams a stretch of the file.
        size: Bytes of the file.
        etag: Names its content.
        headers: What the answer has beside those of ranges.
        media_type: What it is.
        order_id: Whose video, for the log.

    Raises:
        RangeNotSatisfiable: The range lies past its end.
    """
    headers = {**headers, "Accept-Ranges": "bytes", "ETag": etag}
    if has(request, etag):
        return ASGIResponse(status_code=304, headers=headers)
    span, status = range(size), 200
    if request.headers.get("If-Range") in (None, etag):
        asked = parse_range(request.headers.get("Range"), size, whole=True)
        if asked is not None and not asked:
            raise RangeNotSatisfiable(size)
        if asked is not None:
            span, status = asked, 206
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    headers["Content-Length"] = str(len(span))
    return VideoStream(
        play(span),
        order_id=order_id,
        headers=headers,
        media_type=media_type,
        status_code=status,
        is_head_response=request.method == HttpMethod.HEAD,
    )
