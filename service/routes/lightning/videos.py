"""The MP4 of a paid order: made and streamed, or read again."""

import contextlib
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from litestar import HttpMethod, Request, Response, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.types import ASGIApp, Method

from service.delivery.captioning import Captioning
from service.delivery.delivery import Delivery
from service.delivery.formats import Formats
from service.delivery.port import Snapshots
from service.errors import VideoInterrupted, VideoNotStarted
from service.orders.video import VideoState
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.naming import named
from service.routes.http.parts import Part
from service.routes.http.streams import VideoStream
from service.routes.http.videos import (
    NO_CACHE,
    As,
    answer,
    answer_finished,
    answer_with_head,
    captions_answer,
)
from service.routes.http.waiting import unless_gone
from service.routes.lightning.resolving import resolve
from service.routes.lightning.schemas import VideoRequest
from service.runtime.clock import Clock

EXAMPLE = {
    "bolt11_invoice": "lnbc450n1p3...",
    "avatar": "european_woman",
    "emotion": "happy",
    "language": "en",
}


Track = Annotated[
    Literal["track"] | None,
    QueryParameter(
        description="`track` puts the captions into the file. A recording has none, and stays as it is."
    ),
]


FILE = "video.mp4"
"""A video by its address and this is the same: some players go by how a name ends."""


def _video_operation(_handler: HTTPRouteHandler, method: Method, path: Sequence[object]) -> str:
    name = "headVideo" if method == HttpMethod.HEAD else "getVideo"
    return f"{name}File" if path and str(path[-1]) == FILE else name


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
        headers={**NO_CACHE, "Content-Disposition": named(sold.order, video)},
    )


@route(
    ["/lightning/video/{invoice:str}", f"/lightning/video/{{invoice:str}}/{FILE}"],
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Read a video again",
    description="A video has an ETag and takes Range and If-Range; a whole one takes If-None-Match, too."
    " One that is still rendered answers 206 for a range that is there already, else 200 from its first byte. Once it"
    " is whole, its first few thousand bytes say how long it is, and it has another ETag; all other bytes stay where"
    " they are. So a download that began while it grew goes on with either ETag, or with none. With `captions=track` a"
    " whole one has its captions in it, as a track that players offer; that file has an ETag of its own.",
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
        types.VIDEO_GROWING,
        types.REFUND_BOUND,
        types.PAYMENT_GIVEN_BACK,
        types.VIDEO_GONE,
        types.RANGE_NOT_SATISFIABLE,
        types.RENDERER_UNAVAILABLE,
        types.UNAVAILABLE,
        invalid_request="Parameter 'claim_token': Expected `str | null`.",
    ),
)
async def video(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    snapshots: Part[Snapshots],
    delivery: Part[Delivery],
    captioning: Part[Captioning],
    now: Part[Clock],
    formats: Part[Formats],
    captions: Track = None,
    format: As = "mp4",  # noqa: A002 - as a refusal calls it
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
) -> ASGIApp:
    """Read a video again."""
    sold = await resolve(request, snapshots, invoice, claim_token or claim_header)
    found = await delivery.video(sold.order)
    if format != "mp4":
        return await answer_finished(
            request,
            formats,
            found,
            format,
            called=sold.payment.invoice,
            disposition=named(sold.order, found),
        )
    if captions is not None and sold.order.wish.text is not None:
        head = await captioning.head(sold.order, found, delivery)
        return answer_with_head(
            request,
            delivery,
            found,
            head,
            called=sold.payment.invoice,
            disposition=named(sold.order, found),
        )
    return answer(
        request,
        delivery,
        found,
        called=sold.payment.invoice,
        disposition=named(sold.order, found),
        now=now(),
    )


@get(
    "/lightning/video/{invoice:str}/captions.vtt",
    summary="Read the captions of a video",
    description="What is spoken and when, as WebVTT, about a sentence at a time; while the video is rendered, what is"
    " not spoken yet has its predicted time. Of a recording there are none.",
    tags=["Buying"],
    operation_id="getCaptions",
    operation_class=openapi.operation(),
    responses=openapi.captions()
    | openapi.limited_problems(
        types.INVALID_REQUEST,
        types.PAYMENT_REQUIRED,
        types.INVOICE_NOT_FOUND,
        types.REFUND_BOUND,
        types.PAYMENT_GIVEN_BACK,
        types.VIDEO_GONE,
        types.UNAVAILABLE,
        invalid_request="Parameter 'claim_token': Expected `str | null`.",
    ),
)
async def captions(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    snapshots: Part[Snapshots],
    delivery: Part[Delivery],
    captioning: Part[Captioning],
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
) -> Response[str]:
    """Read the captions of a video."""
    sold = await resolve(request, snapshots, invoice, claim_token or claim_header)
    with contextlib.suppress(VideoNotStarted, VideoInterrupted):
        await delivery.video(sold.order)
    return captions_answer(await captioning.of(sold.order))
