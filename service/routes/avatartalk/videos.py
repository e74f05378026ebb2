"""The addresses of an account's video, which need no key: whoever has one sees it.

Of a delayed one the first who is about to watch has its owner pay; whoever only looks at the link does not.
"""

import uuid
from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Method

from service.delivery.captioning import Captioning
from service.delivery.delivery import Delivery
from service.delivery.formats import Formats
from service.delivery.prepaid import PrepaidDelivery
from service.errors import OrderNotFound, VideoNotStarted
from service.orders.order import Order, Status
from service.orders.prepaid import PrepaidOrders
from service.routes.avatartalk import refusals
from service.routes.avatartalk.previews import only_looks
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.parts import Part
from service.routes.http.videos import NO_CACHE, As, answer, answer_finished, captions_answer
from service.routes.http.waiting import unless_gone
from service.runtime.clock import Clock

DISPOSITION = 'inline; filename="video.mp4"'

REFUSALS = refusals.described(
    types.INVALID_REQUEST,
    types.RENDER_REFUSED,
    types.INSUFFICIENT_CREDITS,
    types.INTERNAL_ERROR,
    types.RENDERER_BUSY,
    types.RENDERER_UNAVAILABLE,
    types.RESTARTING,
    types.UNAVAILABLE,
) | refusals.missing(
    not_found="There is no such video; or it is delayed, and who asks only looks at its address.",
    gone="The video was deleted, could not be made, or nobody opened it in time.",
)


def operation(name: str) -> Any:
    """Name an operation by its method."""

    def of(_handler: HTTPRouteHandler, method: Method, _path: object) -> str:
        return f"{'head' if method == HttpMethod.HEAD else 'get'}{name}"

    return of


@route(
    "/inference/{video_id:str}/video.mp4",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Watch an account's video",
    description="Streams it while it is rendered; takes Range, If-Range and, of a whole one, If-None-Match. A GET of a"
    " delayed one has it made and paid for by its owner, once, whoever else comes; HEAD, a prefetch and the"
    " preview of a link in a messenger do not. With `format` a whole one is another kind of file; while that is being"
    " made, the answer is 503.",
    tags=["Accounts"],
    operation_id=operation("InferenceVideo"),
    operation_class=openapi.operation(
        headers={
            200: openapi.VIDEO_HEADERS | {"ETag": openapi.ETAG},
            206: openapi.VIDEO_HEADERS | {"ETag": openapi.ETAG, "Content-Range": openapi.CONTENT_RANGE},
            304: {"ETag": openapi.ETAG},
            416: {"Content-Range": openapi.CONTENT_RANGE},
            **refusals.RETRIED,
        }
    ),
    exception_handlers=refusals.HANDLERS,
    responses=openapi.video(parts=True)
    | REFUSALS
    | refusals.described(types.RANGE_NOT_SATISFIABLE, types.VIDEO_GROWING),
)
async def inference_video(
    request: Request[Any, Any, Any],
    video_id: FromPath[str],
    prepaid: Part[PrepaidDelivery],
    prepaid_orders: Part[PrepaidOrders],
    delivery: Part[Delivery],
    now: Part[Clock],
    formats: Part[Formats],
    format: As = "mp4",  # noqa: A002 - as a refusal calls it
) -> ASGIApp:
    """Watch an account's video."""
    order = await find(prepaid_orders, video_id)
    if request.method == HttpMethod.HEAD:
        video = await prepaid.whole(order)
        if video is None:
            order.remembered()
            return ASGIResponse(headers={**NO_CACHE, "Content-Type": "video/mp4"}, is_head_response=True)
    elif order.status is Status.PENDING and only_looks(request):
        raise VideoNotStarted
    else:
        video = await unless_gone(request.receive, prepaid.opened(order))
    if video is None:
        return Response(None, status_code=204).to_asgi_response(None, request)  # nobody reads it
    if format != "mp4":
        return await answer_finished(
            request, formats, video, format, called=video_id, disposition=DISPOSITION
        )
    return answer(request, delivery, video, called=video_id, disposition=DISPOSITION, now=now())


@route(
    "/inference/{video_id:str}/captions.vtt",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Read the captions of an account's video",
    description="What is spoken and when, as WebVTT; until the video is whole, what is not spoken yet has its predicted"
    " time. They cost nothing.",
    tags=["Accounts"],
    operation_id=operation("InferenceCaptions"),
    operation_class=openapi.operation(headers=refusals.RETRIED),
    exception_handlers=refusals.HANDLERS,
    responses=openapi.captions()
    | refusals.described(types.INVALID_REQUEST, types.UNAVAILABLE, types.INTERNAL_ERROR)
    | refusals.missing(not_found="There is no such video.", gone="The video was deleted."),
)
async def inference_captions(
    video_id: FromPath[str], prepaid_orders: Part[PrepaidOrders], captioning: Part[Captioning]
) -> Response[str]:
    """Read the captions of an account's video."""
    return captions_answer(await captioning.of(await find(prepaid_orders, video_id)))


async def find(orders: PrepaidOrders, video_id: str) -> Order:
    """Find an order by exactly the id that was told."""
    try:
        known = str(uuid.UUID(video_id)) == video_id
    except ValueError:
        known = False
    order = await orders.find(video_id) if known else None
    if order is None:
        raise OrderNotFound(video_id)
    return order
