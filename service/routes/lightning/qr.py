"""An invoice for the camera of a phone."""

import asyncio
import io
from typing import Any

import segno
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath

from service.delivery.port import Snapshots
from service.routes.http import openapi
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.parts import Part
from service.routes.http.problems import PAYMENT_NOT_FOUND
from service.routes.lightning.resolving import resolve
from service.routes.lightning.schemas import lightning_uri

MODULE_PIXELS = 4

CACHED_S = 86_400
"""An invoice never changes, and tomorrow nobody pays it any more."""


@get(
    "/lightning/qr/{invoice:str}",
    summary="Show an invoice as a QR code",
    description="An SVG of the quote's `lightning_uri`, in capitals: a QR code packs those closest.",
    tags=["Buying"],
    exception_handlers=PAYMENT_NOT_FOUND,
    responses={
        200: ResponseSpec(
            str,
            generate_examples=False,
            description="The QR code.",
            media_type="image/svg+xml",
            examples=[Example(value='<svg xmlns="http://www.w3.org/2000/svg">...</svg>')],
        )
    }
    | openapi.problems(_404="Payment not found", _429="You are asking too often: try again in 2 s."),
)
async def qr(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    snapshots: Part[Snapshots],
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
) -> Response[bytes]:
    """Show an invoice as a QR code."""
    sold = await resolve(request, snapshots, invoice, claim_token or claim_header)
    scope = "public" if sold.order.claim_hash is None else "private"
    return Response(
        await asyncio.to_thread(_draw, lightning_uri(sold.payment.invoice).upper()),  # 20 ms
        media_type="image/svg+xml",
        headers={"Cache-Control": f"{scope}, max-age={CACHED_S}, immutable"},
    )


def _draw(content: str) -> bytes:
    """Draw a QR code: dark on white whatever is behind it, of the least correction, since screens have no dirt."""
    file = io.BytesIO()
    segno.make_qr(content, error="l").save(
        file, kind="svg", scale=MODULE_PIXELS, light="#fff", xmldecl=False, svgclass=None, lineclass=None
    )
    return file.getvalue()
