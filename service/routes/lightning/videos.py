"""The MP4 of a paid order: made and streamed, or read again."""

from typing import Any

from litestar import HttpMethod, Request, post, route
from litestar.params import FromPath
from litestar.types import ASGIApp

from service.delivery.delivery import Delivery
from service.delivery.port import Snapshots
from service.errors import RangeNotSatisfiable, VideoInterrupted
from service.orders.video import VideoState
from service.routes.http import openapi
from service.routes.http.bodies import read_json
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.parts import Part
from service.routes.http.ranges import parse_range
from service.routes.http.streams import VideoStream
from service.routes.lightning.resolving import resolve
from service.routes.lightning.schemas import VideoRequest
from service.runtime.clock import Clock

NO_CACHE = {"Cache-Control": "no-cache"}


@post(
    "/lightning/generate-video",
    status_code=200,
    summary="Make a paid video and stream it",
    description="Waits for the payment, then streams the MP4 while it is rendered. Asked again it streams the same"
    " video. A connection that breaks before its end can be asked for again: the render goes on where it stopped."
    " Where the quote was made with `hold` it joins the render that the held payment began, and the last half second"
    " comes once the payment is taken.",
    tags=["Buying"],
    operation_class=openapi.body(
        VideoRequest,
        {
            "bolt11_invoice": "lnbc450n1p3...",
            "avatar": "european_woman",
            "emotion": "happy",
            "language": "en",
        },
    ),
    responses=openapi.video()
    | openapi.problems(
        _400="Invoice not paid in time.",
        _404="Invoice lnbc450n1p... not found.",
        _408="The body took too long to arrive. Send it again over a faster line.",
        _409="This video is made with avatar 'arab_man' already, not 'arab_woman'.",
        _410="The video could not be made, and the payment went back; or it was deleted on 2026-01-31.",
        _429="You are asking too often: try again in 2 s.",
        _503="The renderer is busy. Your payment is safe: try again soon.",
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
    video = await delivery.deliver(sold.order, asked.choice)
    return VideoStream(delivery.play(video.order_id), order_id=video.order_id, headers=NO_CACHE)


@route(
    "/lightning/video/{invoice:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Read a video again",
    description="A whole video has an ETag and takes Range and If-Range. One that is still rendered answers 206 for"
    " a range that is there already, else 200 from its first byte.",
    tags=["Buying"],
    responses=openapi.video()
    | openapi.problems(
        _402="This invoice is not paid yet.",
        _404="Invoice lnbc450n1p... not found.",
        _409="The render was interrupted: POST /lightning/generate-video goes on with it.",
        _410="The video could not be made, and the payment went back; or it was deleted on 2026-01-31.",
        _416="The video has 123456 bytes.",
        _429="You are asking too often: try again in 2 s.",
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
    headers = {**NO_CACHE, "Accept-Ranges": "bytes"}
    wanted = request.headers.get("Range")
    if whole:
        etag = f'"{found.order_id}-{found.attempt}-{found.size}"'
        headers["ETag"] = etag
        if request.headers.get("If-Range", etag) != etag:
            wanted = None

    start, end, status = 0, found.size if whole else None, 200
    if span := parse_range(wanted, found.size, whole=whole):
        start, end, status = span.start, span.stop, 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size if whole else '*'}"
    elif span is not None:
        raise RangeNotSatisfiable(found.size)
    elif found.state_at(now()) is VideoState.INTERRUPTED:
        raise VideoInterrupted
    if end is not None:
        headers["Content-Length"] = str(end - start)
    return VideoStream(
        delivery.play(found.order_id, start, end),
        order_id=found.order_id,
        headers=headers,
        status_code=status,
        is_head_response=request.method == HttpMethod.HEAD,
    )
