"""An invoice for the camera of a phone."""

import asyncio
import io
from typing import Any

import segno
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath

from service.orders import claims
from service.orders.port import Orders
from service.routes.http import openapi
from service.routes.http.claims import Claim, claim_of
from service.routes.http.parts import Part
from service.routes.http.problems import PAYMENT_NOT_FOUND
from service.routes.lightning.payments import canonical
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
    request: Request[Any, Any, Any], invoice: FromPath[str], orders: Part[Orders], claim_token: Claim = None
) -> Response[bytes]:
    """Show an invoice as a QR code."""
    order = await claims.find(orders, canonical(invoice), claim_of(request, claim_token))
    scope = "public" if order.claim_hash is None else "private"
    return Response(
        await asyncio.to_thread(_draw, lightning_uri(canonical(invoice)).upper()),  # 20 ms
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
