"""`/sse` follows what is said in a call; `/record/{sessionid}` is what was recorded of it."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, QueryParameter
from litestar.response import ServerSentEvent
from litestar.response.base import ASGIResponse

from service.errors import RangeNotSatisfiable, SessionNotFound
from service.routes.http import openapi
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.routes.http.ranges import parse_range
from service.routes.http.streams import VideoStream
from service.routes.livetalking import shapes
from service.routes.livetalking.calls import TAGS, admitted
from service.routes.livetalking.refusals import HEADERS, NOT_THERE, NOTHING_RECORDED
from service.sessions.call import SpeechEvent
from service.sessions.call_port import Recording
from service.sessions.callers import Callers
from service.sessions.calls import Calls, number_of
from service.sessions.recordings import Recordings

AnyRequest = Request[Any, Any, Any]

CallId = Annotated[
    str, QueryParameter(description="The `sessionid` of the call, as the answer to its offer says.")
]


@get(
    "/sse",
    summary="Follow what is said in a call",
    description='Each event is `{"status": "start" or "end" or "error", "text"}`; the stream ends with the call.',
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="followCall",
    operation_class=openapi.operation(headers=HEADERS),
    exception_handlers=NOT_THERE.handlers,
    responses={
        200: ResponseSpec(
            SpeechEvent,
            generate_examples=False,
            description="The events.",
            media_type="text/event-stream",
            examples=[Example(value='data: {"status":"start","text":"Hello!"}\r\n\r\n')],
        )
    }
    | NOT_THERE.described(404),
)
async def sse(
    request: AnyRequest, callers: Part[Callers], calls: Part[Calls], sessionid: CallId
) -> Response[Any]:
    """Follow what is said in a call."""
    call = calls.get(await admitted(request, callers), number_of(sessionid))
    return ServerSentEvent(_messages(call.events()), headers=shapes.NO_STORE)


async def _messages(events: AsyncGenerator[SpeechEvent]) -> AsyncGenerator[str]:
    async with aclosing(events):
        async for event in events:
            yield msgspec.json.encode(event).decode()


@get(
    "/record/{sessionid:str}",
    summary="Get what was recorded of a call",
    description="The last recording of it, an MP4, be the call over or not. Ranges are served.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="getRecording",
    operation_class=openapi.operation(
        headers={**HEADERS, 200: openapi.VIDEO_HEADERS, 206: openapi.VIDEO_HEADERS}
    ),
    exception_handlers=NOT_THERE.handlers,
    responses=openapi.video(parts=True) | NOT_THERE.described(404, 416),
)
async def recording(
    request: AnyRequest, sessionid: FromPath[str], callers: Part[Callers], recordings: Part[Recordings]
) -> ASGIResponse:
    """Get what was recorded of a call."""
    number = number_of(sessionid)
    token, key = shapes.shown(request), key_of(request)
    opened = await callers.recording(token) if token is not None and key is None else None
    if opened is not None:
        found = await recordings.get(opened)
    else:
        found = await recordings.latest(await callers.account(key, token), number)
    if found is None or found.call != number:
        raise SessionNotFound(NOTHING_RECORDED)
    return answer(request, recordings, found)


def answer(request: AnyRequest, recordings: Recordings, found: Recording) -> ASGIResponse:
    """Answer with a recording, or a part of it."""
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    span, status = range(found.size), 200
    asked = parse_range(request.headers.get("Range"), found.size, whole=True)
    if asked is not None:
        if not asked:
            raise RangeNotSatisfiable(found.size)
        span, status = asked, 206
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{found.size}"
    headers["Content-Length"] = str(len(span))
    return VideoStream(
        _chunks(recordings.read(found, span.start, span.stop)),
        order_id=found.call,
        headers=headers,
        status_code=status,
    )


async def _chunks(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    async for chunk in chunks:
        yield chunk
