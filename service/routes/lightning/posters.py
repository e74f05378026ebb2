"""One picture of a video, for whoever shows a link to it."""

from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from service.delivery.port import Snapshots
from service.delivery.posters import Posters
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.conditions import cacheable
from service.routes.http.parts import Part
from service.routes.lightning.resolving import resolve


@get(
    "/lightning/video/{invoice:str}/poster.jpg",
    summary="Show one picture of a video",
    description="A frame on which the mouth is open, as large as the video. Of a video that is still rendered it is one"
    " of what is there already.",
    tags=["Buying"],
    operation_id="getVideoPoster",
    operation_class=openapi.operation(headers={200: {"ETag": openapi.ETAG}, 304: {"ETag": openapi.ETAG}}),
    responses={
        200: ResponseSpec(bytes, generate_examples=False, description="The picture.", media_type="image/jpeg")
    }
    | openapi.not_modified()
    | openapi.limited_problems(
        types.INVALID_REQUEST,
        types.PAYMENT_REQUIRED,
        types.INVOICE_NOT_FOUND,
        types.NOT_FOUND,
        types.VIDEO_NOT_STARTED,
        types.VIDEO_INTERRUPTED,
        types.REFUND_BOUND,
        types.PAYMENT_GIVEN_BACK,
        types.VIDEO_GONE,
        types.RENDERER_UNAVAILABLE,
        types.UNAVAILABLE,
        invalid_request="Parameter 'claim_token': Expected `str | null`.",
    ),
)
async def poster(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    snapshots: Part[Snapshots],
    posters: Part[Posters],
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
) -> Response[Any]:
    """Show one picture of a video."""
    sold = await resolve(request, snapshots, invoice, claim_token or claim_header)
    picture = await posters.of(sold.order)
    if picture is None:
        raise NotFoundException
    scope = "public" if sold.order.claim_hash is None else "private"
    headers = {"Cache-Control": f"{scope}, max-age=300"}
    return cacheable(request, picture, media_type="image/jpeg", headers=headers)
