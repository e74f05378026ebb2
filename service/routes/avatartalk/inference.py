"""`POST /inference`: a video for an account, at once, as a stream, or when somebody opens it."""

from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter
from litestar.types import ASGIApp

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.delivery.delivery import Delivery
from service.delivery.prepaid import PrepaidDelivery
from service.orders.prepaid import PrepaidOrders
from service.orders.video import Video, VideoState
from service.quotes.prepaid import PrepaidOrdering
from service.quotes.prepaid_terms import Taken
from service.routes.avatartalk import bought, refusals
from service.routes.avatartalk.schemas import Inference, InferenceRequest, is_on
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.routes.http.request_ids import add_header
from service.routes.http.streams import VideoStream
from service.routes.http.waiting import unless_gone

NO_STORE = {"Cache-Control": "no-store"}

STREAM_HEADERS = {"Cache-Control": "no-cache", "Content-Disposition": 'attachment; filename="video.mp4"'}

EXAMPLE = {
    "text": "Hello, this is a test message",
    "avatar": "african_man",
    "emotion": "neutral",
    "language": "en",
}


@post(
    "/inference",
    status_code=200,
    summary="Make a video from the video time of an account",
    description="For the holder of a key with the scope `video:make`. Answers once the video is whole, with its"
    " addresses; with `stream=true` by the MP4 itself, while it is rendered, and `Content-Location` says where it can"
    " be read again; with `delayed=true` at once, and the video is made, and paid for, when somebody first opens one of"
    " its addresses. What is set aside is the predicted length, and nobody pays more; what is answered with an error"
    " costs nothing. A client that goes away has its video made: with an `Idempotency-Key` the same request finds it."
    " Without a key it is sold by L402: the answer is 402 with a challenge for this very video, and the same request"
    " with `Authorization: L402 <macaroon>:<preimage>` gets it.",
    tags=["Accounts"],
    security=[{}, *openapi.KEY_SECURITY],
    operation_id="inference",
    operation_class=openapi.operation(
        streamed=True,
        body=InferenceRequest,
        example=EXAMPLE,
        headers={
            **openapi.KEY_HEADERS,
            **refusals.RETRIED,
            200: {**openapi.LOCATED[200], "Webhook-Secret": openapi.WEBHOOK_SECRET},
            402: {"WWW-Authenticate": openapi.CHALLENGE},
        },
    ),
    exception_handlers=refusals.HANDLERS,
    responses=openapi.made_or_streamed(Inference)
    | refusals.described(
        types.INVALID_REQUEST,
        types.RENDER_REFUSED,
        types.INVALID_API_KEY,
        types.CREDENTIAL_REQUIRED,
        types.INSUFFICIENT_CREDITS,
        types.INSUFFICIENT_SCOPE,
        types.CONTENT_REFUSED,
        types.BODY_TOO_SLOW,
        types.BODY_TOO_LARGE,
        types.IDEMPOTENCY_KEY_REUSED,
        types.INTERNAL_ERROR,
        types.RENDERER_BUSY,
        types.RENDERER_UNAVAILABLE,
        types.RESTARTING,
        types.UNAVAILABLE,
    )
    | refusals.missing(gone="The video that this `Idempotency-Key` names was deleted."),
)
async def inference(
    request: Request[Any, Any, Any],
    keys: Part[Keys],
    ordering: Part[PrepaidOrdering],
    prepaid: Part[PrepaidDelivery],
    prepaid_orders: Part[PrepaidOrders],
    delivery: Part[Delivery],
    bought_desk: Part[bought.Desk],
    links: Part[Links],
    stream: Annotated[
        str | None,
        QueryParameter(description="`true`: the answer is the MP4.", examples=[Example(value="true")]),
    ] = None,
    delayed: Annotated[
        str | None,
        QueryParameter(
            description="`true`: the video is made when somebody opens it. It comes before `stream`.",
            examples=[Example(value="true")],
        ),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        HeaderParameter(
            name="Idempotency-Key",
            description="A UUID that names this wish. The same request of the account within a day gets the same video,"
            " paid once; another request gets 422. What failed is asked for anew.",
            examples=[Example(value="8e03978e-40d5-43dd-bc93-6894a57f9324")],
        ),
    ] = None,
) -> ASGIApp:
    """Make a video from the video time of an account."""
    api_key = key_of(request)
    account_id = None if api_key is None else await keys.account(api_key, Scope.VIDEO)
    asked = await read_json(request, InferenceRequest, lenient=True)
    later = is_on(delayed, asked.delayed)
    if account_id is None:
        streamed = is_on(stream, asked.stream)
        return await bought.answer(
            request, bought_desk, asked, streamed=streamed, delayed=later, key=idempotency_key
        )
    taken = await ordering.order(
        asked.text,
        asked.choice,
        account_id=account_id,
        delayed=later,
        key=idempotency_key,
        webhook_url=asked.webhook_url,
        stage=asked.stage,
    )
    if taken.webhook_secret is not None:  # in each answer: a refusal is told of as well
        add_header(request.scope, "Webhook-Secret", taken.webhook_secret)
    if later:
        return await _told(request, links, prepaid_orders, taken, await prepaid.whole(taken.order))
    streamed = is_on(stream, asked.stream)
    video = await unless_gone(request.receive, prepaid.made(taken, whole=not streamed))
    if video is None:
        return Response(None, status_code=204).to_asgi_response(None, request)  # nobody reads it
    if not streamed:
        return await _told(request, links, prepaid_orders, taken, video)
    return VideoStream(
        delivery.play(video.order_id, growing=video.state is not VideoState.READY),
        order_id=video.order_id,
        headers={**STREAM_HEADERS, "Content-Location": f"/inference/{taken.order.public_id}/video.mp4"},
    )


async def _told(
    request: Request[Any, Any, Any],
    links: Links,
    orders: PrepaidOrders,
    taken: Taken,
    video: Video | None,
) -> ASGIApp:
    """Tell of a video that is whole, or has still to be made."""
    used_ms = 0 if video is None else await orders.used_ms(taken.order)
    told = Inference.of(
        taken.order,
        video,
        used_ms=used_ms,
        here=links.here(request),
        webhook_secret=taken.webhook_secret,
    )
    return Response(told, headers=NO_STORE).to_asgi_response(None, request)
