"""The money of a failed order, given back."""

from typing import Any

from litestar import Request, Response, post
from litestar.openapi.datastructures import ResponseSpec

from service.delivery.port import Snapshots
from service.errors import OrderNotFound
from service.refunds.refund import Proof, RefundState
from service.refunds.refunding import Refunding
from service.routes.http import openapi
from service.routes.http.bodies import read_json
from service.routes.http.parts import Part
from service.routes.lightning.resolving import canonical
from service.routes.lightning.schemas import RefundAnswer, RefundRequest


@post(
    "/lightning/refund",
    status_code=200,
    summary="Give the money of a failed order back",
    description="For a paid order whose video could not be made. Pays an invoice of the buyer: 200 once it is paid, 202"
    " while it is on its way (ask again) or where the operator pays by hand (make it valid for days). Asked again with"
    " the same invoice it tells the same; another invoice is taken only after the first has failed. From the moment"
    " that an invoice is bound the video is not made any more. Whoever paid more than was asked gets that back too;"
    " what the way may cost comes off.",
    tags=["Buying"],
    operation_class=openapi.body(
        RefundRequest,
        {
            "bolt11_invoice": "lnbc450n1p3...",
            "refund_token": "Q4hyK39LQGq1DThnB2vWyzG-MaAdy79zYIvhhHf-eB0",
            "preimage": "5c7b1e0b" * 8,
            "refund_invoice": "lnbc1p3...",
        },
    ),
    responses={
        202: ResponseSpec(
            RefundAnswer, generate_examples=False, description="The money is on its way, or owed."
        )
    }
    | openapi.problems(
        _400="Field 'refund_invoice' asks for 45,000 msat; at most 44,000 are refunded.",
        _404="Invoice lnbc450n1p... not found.",
        _408="The body took too long to arrive. Send it again over a faster line.",
        _409="This video is being rendered: it is refunded only if that fails.",
        _429="You are asking too often: try again in 2 s.",
        _503="The Lightning node cannot be reached. Try again soon.",
    ),
)
async def refund(
    request: Request[Any, Any, Any], snapshots: Part[Snapshots], refunding: Part[Refunding]
) -> Response[RefundAnswer]:
    """Give the money of a failed order back."""
    asked = await read_json(request, RefundRequest)
    proof = Proof(token=asked.refund_token, preimage=bytes.fromhex(asked.preimage))
    sold = await snapshots.find(canonical(asked.bolt11_invoice))
    if sold is None:
        raise OrderNotFound(canonical(asked.bolt11_invoice))
    refund = await refunding.refund(sold.order, sold.payment, proof, canonical(asked.refund_invoice))
    return Response(
        RefundAnswer.of(refund),
        status_code=200 if refund.state is RefundState.REFUNDED else 202,
        headers={"Cache-Control": "no-store"},
    )
