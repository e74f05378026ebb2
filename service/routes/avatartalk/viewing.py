"""The page of an account's video, and the playlist for players that follow no growing file; neither needs a key."""

from typing import Any

from litestar import HttpMethod, Request, Response, get, route
from litestar.params import FromPath

from service.delivery.playlists import Playlists
from service.delivery.prepaid import PrepaidDelivery
from service.errors import VideoGone, VideoNotStarted
from service.orders.order import Status
from service.orders.prepaid import PrepaidOrders
from service.quotes.prepaid_terms import NOBODY_CAME
from service.routes.avatartalk import refusals
from service.routes.avatartalk.previews import only_looks
from service.routes.avatartalk.videos import REFUSALS, find, operation
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.parts import Part
from service.routes.http.videos import playlist_answer
from service.routes.pages import rendering
from service.routes.pages.words import chosen

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:; "
    "form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
"""Any page may have it in a frame: an account shows its videos where it likes."""

MODULE = "made.js"


@route(
    "/inference/{video_id:str}/video.html",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Show an account's video on a page",
    description="To open the page of a delayed video has it made and paid for, as to open the video has. It plays while"
    " it is made, in browsers too that play no growing file by themselves.",
    tags=["Accounts"],
    media_type="text/html",
    operation_id=operation("InferencePage"),
    operation_class=openapi.operation(headers=refusals.RETRIED),
    exception_handlers=refusals.HANDLERS,
    responses=openapi.page() | REFUSALS,
)
async def inference_page(
    request: Request[Any, Any, Any],
    video_id: FromPath[str],
    prepaid: Part[PrepaidDelivery],
    prepaid_orders: Part[PrepaidOrders],
) -> Response[Any]:
    """Show an account's video on a page."""
    order = await find(prepaid_orders, video_id)
    order.remembered()
    if not only_looks(request):
        await prepaid.begin(order)
    return rendering.page(
        request,
        "video.html",
        lang=chosen(request),
        module=MODULE,
        headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"},
        growing=order.status is Status.PENDING or await prepaid.whole(order) is None,
        spoken=order.wish.choice.language or "",
    )


@get(
    "/inference/{video_id:str}/hls.m3u8",
    summary="Play an account's video by HTTP Live Streaming",
    description="A playlist of byte ranges of `video.mp4` beside it. While the video grows it is of the type `EVENT`"
    " and gets longer; of a whole one it has its end. It has nothing made, and there is none before something can be"
    " played.",
    tags=["Accounts"],
    operation_id="getInferencePlaylist",
    operation_class=openapi.operation(headers=refusals.RETRIED),
    exception_handlers=refusals.HANDLERS,
    responses=openapi.playlist()
    | refusals.described(types.INVALID_REQUEST, types.UNAVAILABLE, types.INTERNAL_ERROR)
    | refusals.missing(
        not_found="There is no such video, or nothing of it yet.",
        gone="The video was deleted, could not be made, or nobody opened it in time.",
    ),
)
async def inference_playlist(
    video_id: FromPath[str], prepaid_orders: Part[PrepaidOrders], playlists: Part[Playlists]
) -> Response[str]:
    """Play an account's video by HTTP Live Streaming."""
    order = await find(prepaid_orders, video_id)
    if order.status is Status.PENDING:
        raise VideoNotStarted
    if order.status is Status.EXPIRED:
        raise VideoGone(NOBODY_CAME)
    return playlist_answer(await playlists.of(order, "video.mp4"))
