"""The MP4 of a paid order: made and streamed, or read again."""

from typing import Any, NamedTuple, Self

from litestar import HttpMethod, Request, Response, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Method

from service.delivery.delivery import Delivery
from service.delivery.port import Snapshots
from service.errors import RangeNotSatisfiable, VideoInterrupted
from service.orders.order import Order
from service.orders.video import Video, VideoState
from service.rendering.container import has_room
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.conditions import etag_of, has
from service.routes.http.naming import disposition
from service.routes.http.parts import Part
from service.routes.http.ranges import parse_range
from service.routes.http.streams import VideoStream
from service.routes.http.waiting import unless_gone
from service.routes.lightning.resolving import resolve
from service.routes.lightning.schemas import VideoRequest
from service.runtime.clock import Clock

NO_CACHE = {"Cache-Control": "no-cache"}

EXAMPLE = {
    "bolt11_invoice": "lnbc450n1p3...",
    "avatar": "european_woman",
    "emotion": "happy",
    "language": "en",
}


def _video_operation(_handler: HTTPRouteHandler, method: Method, _path: object) -> str:
    return "headVideo" if method == HttpMethod.HEAD else "getVideo"


@post(
    "/lightning/generate-video",
    status_code=200,
    summary="Make a paid video and stream it",
    description="Waits for the payment, then streams the MP4 while it is rendered. Asked again it streams the same"
    " video. A connection that breaks before its end can be asked for again: the render goes on where it stopped."
    " Where the quote was made with `hold` it joins the render that the held payment began, and the last half second"
    " comes once the payment is taken.",
    tags=["Buying"],
    operation_id="generateVideo",
    operation_class=openapi.operation(body=VideoRequest, example=EXAMPLE),
    responses=openapi.video()
    | openapi.limited_problems(
        *openapi.BODY_REFUSALS,
        types.INVOICE_NOT_PAID,
        types.CHOICE_CONTRADICTS_QUOTE,
        types.RENDER_REFUSED,
        types.INVOICE_NOT_FOUND,
        types.CHOICE_FIXED,
        types.REFUND_BOUND,
        types.PAYMENT_GIVEN_BACK,
        types.VIDEO_GONE,
        types.RENDERER_BUSY,
        types.RENDERER_UNAVAILABLE,
        types.NODE_UNAVAILABLE,
        types.RESTARTING,
        types.UNAVAILABLE,
    ),
)
async def generate_video(
    request: Request[Any, Any, Any],
    snapshots: Part[Snapshots],
    delivery: Part[Delivery],
    claim_header: ClaimHeader = None,
) -> ASGIApp:
    """Make a paid video and stream it."""
    asked = await read_json(request, VideoRequest)
    sold = await resolve(request, snapshots, asked.bolt11_invoice, asked.claim_token or claim_header)
    video = await unless_gone(request.receive, delivery.deliver(sold.order, asked.choice))
    if video is None:
        return Response(None, status_code=204).to_asgi_response(None, request)  # nobody reads it
    return VideoStream(
        delivery.play(video.order_id, growing=video.state is not VideoState.READY),
        order_id=video.order_id,
        headers={**NO_CACHE, "Content-Disposition": _named(sold.order, video)},
    )


@route(
    "/lightning/video/{invoice:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Read a video again",
    description="A video has an ETag and takes Range and If-Range; a whole one takes If-None-Match, too."
    " One that is still rendered answers 206 for a range that is there already, else 200 from its first byte. Once it"
    " is whole, its first few thousand bytes say how long it is, and it has another ETag; all other bytes stay where"
    " they are. So a download that began while it grew goes on with either ETag, or with none.",
    tags=["Buying"],
    operation_id=_video_operation,
    operation_class=openapi.operation(
        headers={
            200: openapi.VIDEO_HEADERS | {"ETag": openapi.ETAG},
            206: openapi.VIDEO_HEADERS | {"ETag": openapi.ETAG, "Content-Range": openapi.CONTENT_RANGE},
            304: {"ETag": openapi.ETAG},
            416: {"Content-Range": openapi.CONTENT_RANGE},
        }
    ),
    responses=openapi.video(parts=True)
    | openapi.limited_problems(
        types.INVALID_REQUEST,
        types.PAYMENT_REQUIRED,
        types.INVOICE_NOT_FOUND,
        types.VIDEO_NOT_STARTED,
        types.VIDEO_INTERRUPTED,
        types.REFUND_BOUND,
        types.PAYMENT_GIVEN_BACK,
        types.VIDEO_GONE,
        types.RANGE_NOT_SATISFIABLE,
        types.UNAVAILABLE,
        invalid_request="Parameter 'claim_token': Expected `str | null`.",
    ),
)
async def video(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    snapshots: Part[Snapshots],
    delivery: Part[Delivery],
    now: Part[Clock],
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
) -> ASGIApp:
    """Read a video again."""
    sold = await resolve(request, snapshots, invoice, claim_token or claim_header)
    found = await delivery.video(sold.order)
    whole = found.state is VideoState.READY
    headers = {**NO_CACHE, "Accept-Ranges": "bytes", "Content-Disposition": _named(sold.order, found)}
    etags = _Etags.of(sold.payment.invoice, found)
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
    elif found.state_at(now()) in (VideoState.INTERRUPTED, VideoState.FAILED):
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


class _Etags(NamedTuple):
    """The names of a video that grows and of the whole one, which starts otherwise.

    By the invoice, which nobody else knows, and not by a number that would tell how many orders there were.
    """

    growing: str
    whole: str

    @classmethod
    def of(cls, invoice: str, video: Video) -> Self:
        """Name them. A video that is made anew has new names: by its attempt, which a growing one may change."""
        return cls(
            growing=etag_of(f"{invoice} {video.edition} growing".encode() + (video.init or b"")),
            whole=etag_of(f"{invoice} {video.attempt} {video.size}".encode()),
        )


def _named(order: Order, video: Video) -> str:
    choice = video.choice
    return disposition(order.wish.text or "", otherwise=f"{choice.avatar}-{choice.emotion}")
