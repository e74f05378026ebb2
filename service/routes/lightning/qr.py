"""An invoice for the camera of a phone."""

import asyncio
import io
from typing import Any

import segno
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath

from service.accounts.top_up import TopUps
from service.delivery.port import Snapshots
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.conditions import etag_of, has, not_modified
from service.routes.http.parts import Part
from service.routes.http.problems import PAYMENT_NOT_FOUND
from service.routes.lightning.resolving import canonical, resolve
from service.routes.lightning.schemas import lightning_uri

MODULE_PIXELS = 4

CACHED_S = 86_400
"""An invoice never changes, and tomorrow nobody pays it any more."""


@get(
    "/lightning/qr/{invoice:str}",
    summary="Show an invoice as a QR code",
    description="An SVG of the `lightning_uri` of a quote or a top-up, in capitals: a QR code packs those closest.",
    tags=["Buying"],
    operation_id="getInvoiceQrCode",
    operation_class=openapi.operation(headers={200: {"ETag": openapi.ETAG}, 304: {"ETag": openapi.ETAG}}),
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
    | openapi.not_modified()
    | openapi.limited_problems(
        types.INVALID_REQUEST,
        types.INVOICE_NOT_FOUND,
        types.UNAVAILABLE,
        invalid_request="Parameter 'claim_token': Expected `str | null`.",
        invoice_not_found="Payment not found",
    ),
)
async def qr(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    snapshots: Part[Snapshots],
    top_ups: Part[TopUps],
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
) -> Response[bytes]:
    """Show an invoice as a QR code."""
    top_up = await top_ups.find(canonical(invoice))
    if top_up is not None:
        uri, scope = lightning_uri(top_up.invoice).upper(), "public"
    else:
        sold = await resolve(request, snapshots, invoice, claim_token or claim_header)
        uri = lightning_uri(sold.payment.invoice).upper()
        scope = "public" if sold.order.claim_hash is None else "private"
    headers = {"Cache-Control": f"{scope}, max-age={CACHED_S}, immutable", "ETag": etag_of(uri.encode())}
    if has(request, headers["ETag"]):
        return not_modified(headers)
    drawn = await asyncio.to_thread(_draw, uri)  # 20 ms
    return Response(drawn, media_type="image/svg+xml", headers=headers)


def _draw(content: str) -> bytes:
    """Draw a QR code: dark on white whatever is behind it, of the least correction, since screens have no dirt."""
    file = io.BytesIO()
    segno.make_qr(content, error="l").save(
        file, kind="svg", scale=MODULE_PIXELS, light="#fff", xmldecl=False, svgclass=None, lineclass=None
    )
    return file.getvalue()
