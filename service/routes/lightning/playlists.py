"""The video of a paid order as a playlist, for players that know HTTP Live Streaming and no other way to follow it."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.params import FromPath

from service.delivery.playlists import Playlists
from service.delivery.port import Snapshots
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.parts import Part
from service.routes.http.videos import playlist_answer
from service.routes.lightning.resolving import resolve
from service.routes.lightning.videos import FILE


@get(
    "/lightning/video/{invoice:str}/hls.m3u8",
    summary="Play a video by HTTP Live Streaming",
    description="A playlist of byte ranges of `GET /lightning/video/{invoice}/video.mp4`. While the video grows it is"
    " of the type `EVENT` and gets longer; of a whole one it has its end. A claim token in a header is to come"
    " with each range, too; one in the address is put into theirs.",
    tags=["Buying"],
    operation_id="getPlaylist",
    operation_class=openapi.operation(),
    responses=openapi.playlist()
    | openapi.limited_problems(
        types.INVALID_REQUEST,
        types.PAYMENT_REQUIRED,
        types.INVOICE_NOT_FOUND,
        types.VIDEO_NOT_STARTED,
        types.VIDEO_INTERRUPTED,
        types.REFUND_BOUND,
        types.PAYMENT_GIVEN_BACK,
        types.VIDEO_GONE,
        types.UNAVAILABLE,
        invalid_request="Parameter 'claim_token': Expected `str | null`.",
    ),
)
async def playlist(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    snapshots: Part[Snapshots],
    playlists: Part[Playlists],
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
) -> Response[str]:
    """Play a video by HTTP Live Streaming."""
    sold = await resolve(request, snapshots, invoice, claim_token or claim_header)
    video = FILE
    if claim_token:
        video += f"?claim_token={quote(claim_token.strip(), safe='')}"
    return playlist_answer(await playlists.of(sold.order, video))
