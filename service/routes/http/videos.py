"""A video as an answer: whole or growing, all of it or a range, to who has it already or not."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, Self

from litestar import HttpMethod, Request, Response
from litestar.params import QueryParameter
from litestar.response.base import ASGIResponse

from service.delivery.delivery import Delivery
from service.delivery.formats import Finished, Format, Formats
from service.errors import RangeNotSatisfiable, VideoInterrupted
from service.orders.video import Video, VideoState
from service.rendering.container import has_room
from service.routes.http.conditions import etag_of, has
from service.routes.http.ranges import parse_range
from service.routes.http.stored import answer_stored
from service.routes.http.streams import VideoStream

VTT = "text/vtt"
M3U8 = "application/vnd.apple.mpegurl"

MEDIA_TYPES = {"mov": "video/quicktime", "webm": "video/webm", "avi": "video/x-msvideo"}

NO_CACHE = {"Cache-Control": "no-cache"}


As = Annotated[
    Literal["mp4", "mov", "webm", "avi"],
    QueryParameter(
        name="format",
        description="Another kind of file, made of a whole video when it is asked for first. While it is being made the"
        " answer is 503, with a Retry-After.",
    ),
]


def answer(
    request: Request[Any, Any, Any],
    delivery: Delivery,
    found: Video,
    *,
    called: str,
    disposition: str,
    now: datetime,
) -> ASGIResponse:
    """Answer GET or HEAD with a video of which something is stored.

    A whole one takes Range, If-Range and If-None-Match. One that grows answers 206 for a range that is there already,
    else 200 from its first byte.

    Args:
        request: What is asked for.
        delivery: Plays it.
        found: The video as it is.
        called: What it is called on the outside, which nobody else knows.
        disposition: What a download is called.
        now: The time.

    Raises:
        RangeNotSatisfiable: The range lies past its end.
        VideoInterrupted: It grows no more by itself for a while.
    """
    whole = found.state is VideoState.READY
    headers = {**NO_CACHE, "Accept-Ranges": "bytes", "Content-Disposition": disposition}
    etags = _Etags.of(called, found)
    headers["ETag"] = etags.whole if whole else etags.growing
    if whole and has(request, etags.whole):
        return ASGIResponse(status_code=304, headers=headers)

    start, end, status = 0, found.size if whole else None, 200
    span = parse_range(request.headers.get("Range"), found.playable_size, whole=whole)
    growing = not whole
    if span is not None:
        bound = request.headers.get("If-Range")
        own_start = len(found.init or b"") if has_room(found.init or b"") else 0
        if bound == etags.growing and span.start >= own_start:  # what it goes on with is the same in both
            growing, headers["ETag"] = True, etags.growing
        elif bound not in (None, headers["ETag"]):
            span = None
        elif (
            whole and bound is None and 0 < span.start < own_start
        ):  # it may go on with a start that has changed
            span = None
    if span:
        start, end, status = span.start, span.stop, 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size if whole else '*'}"
    elif span is not None:
        raise RangeNotSatisfiable(found.size)
    elif found.state_at(now) in (VideoState.INTERRUPTED, VideoState.FAILED):
        raise VideoInterrupted
    if end is not None:
        headers["Content-Length"] = str(end - start)
    return VideoStream(
        delivery.play(found.order_id, start, end, growing=growing),
        order_id=found.order_id,
        headers=headers,
        status_code=status,
        is_head_response=request.method == HttpMethod.HEAD,
    )


def answer_with_head(
    request: Request[Any, Any, Any],
    delivery: Delivery,
    found: Video,
    head: bytes,
    *,
    called: str,
    disposition: str,
) -> ASGIResponse:
    """Answer GET or HEAD with a whole video that starts otherwise than it is stored; its segments come as they are.

    Args:
        request: What is asked for.
        delivery: Plays it.
        found: The video, whole.
        head: In place of all that is before its first segment.
        called: What it is called on the outside, which nobody else knows.
        disposition: What a download is called.

    Raises:
        RangeNotSatisfiable: The range lies past its end.
    """
    longer = len(head) - len(found.init or b"")
    return answer_stored(
        request,
        lambda span: _behind(head, delivery, found.order_id, span, longer),
        found.size + longer,
        etag=etag_of(_Etags.of(called, found).whole.encode() + head),
        headers={**NO_CACHE, "Content-Disposition": disposition},
        order_id=found.order_id,
    )


async def answer_finished(
    request: Request[Any, Any, Any],
    formats: Formats,
    found: Video,
    kind: Format,
    *,
    called: str,
    disposition: str,
) -> ASGIResponse:
    """Answer GET or HEAD with a whole video as another kind of file; takes Range, If-Range and If-None-Match.

    Args:
        request: What is asked for.
        formats: Has it made.
        found: The video.
        kind: Of what kind.
        called: What it is called on the outside, which nobody else knows.
        disposition: What the MP4 is called.

    Raises:
        VideoGrowing: It is not whole.
        WorkerDown: It is being made, or nobody can make it now.
        RangeNotSatisfiable: The range lies past its end.
    """
    file = await formats.of(found, kind)
    etag = etag_of(f"{called} {found.edition} {found.attempt} {kind} {file.size}".encode())
    disposition = disposition.replace(".mp4", f".{kind}")
    headers = {**NO_CACHE, "Accept-Ranges": "bytes", "Content-Disposition": disposition, "ETag": etag}
    if has(request, etag):
        return ASGIResponse(status_code=304, headers=headers)
    span, status = range(file.size), 200
    if request.headers.get("If-Range") in (None, etag):
        asked = parse_range(request.headers.get("Range"), file.size, whole=True)
        if asked is not None and not asked:
            raise RangeNotSatisfiable(file.size)
        if asked is not None:
            span, status = asked, 206
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{file.size}"
    headers["Content-Length"] = str(len(span))
    return VideoStream(
        _of(formats, file, span),
        order_id=found.order_id,
        headers=headers,
        status_code=status,
        is_head_response=request.method == HttpMethod.HEAD,
        media_type=MEDIA_TYPES[kind],
    )


async def _of(formats: Formats, file: Finished, span: range) -> AsyncGenerator[bytes]:
    async for chunk in formats.read(file, span.start, span.stop):
        yield chunk


async def _behind(
    head: bytes, delivery: Delivery, order_id: int, span: range, longer: int
) -> AsyncGenerator[bytes]:
    """Stream a stretch of a head and of the segments behind it, which is so much longer than the stored one."""
    if first := head[span.start : span.stop]:
        yield first
    start, end = max(span.start, len(head)) - longer, span.stop - longer
    if start < end:
        async with aclosing(delivery.play(order_id, start, end, growing=False)) as chunks:
            async for chunk in chunks:
                yield chunk


def captions_answer(captions: str) -> Response[str]:
    """Answer with captions; they become exact as the video is spoken."""
    return Response(captions, media_type=VTT, headers=NO_CACHE)


def playlist_answer(playlist: str) -> Response[str]:
    """Answer with a playlist, which gets longer as long as its video does."""
    return Response(playlist, media_type=M3U8, headers=NO_CACHE)


class _Etags(NamedTuple):
    """The names of a video that grows and of the whole one, which starts otherwise.

    By what it is called, which nobody else knows, and not by a number that would tell how many orders there were.
    """

    growing: str
    whole: str

    @classmethod
    def of(cls, called: str, video: Video) -> Self:
        """Name them. A video that is made anew has new names: by its attempt, which a growing one may change."""
        return cls(
            growing=etag_of(f"{called} {video.edition} growing".encode() + (video.init or b"")),
            whole=etag_of(f"{called} {video.attempt} {video.size}".encode()),
        )
