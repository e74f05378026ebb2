"""The money of a failed order, given back."""

from typing import Any

from litestar import Request, Response, post
from litestar.openapi.datastructures import ResponseSpec

from service.delivery.port import Snapshots
from service.errors import OrderNotFound
from service.refunds.refund import Proof, RefundState
from service.refunds.refunding import Refunding
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.parts import Part
from service.routes.lightning.resolving import canonical
from service.routes.lightning.schemas import RefundAnswer, RefundRequest


@post(
    "/lightning/refund",
    status_code=200,
    summary="Give the money of a failed order back",
    description="For a paid order whose video was given up (`failed`). Pays an invoice of the buyer: 200 once it is"
    " paid, 202 while it is on its way (ask again) or where the operator pays by hand (make it valid for days). Asked"
    " again with the same invoice it tells the same; another invoice is taken only after the first has failed. From the"
    " moment that an invoice is bound the video is not made any more. Whoever paid more than was asked gets that back"
    " too; what the way may cost comes off.",
    tags=["Buying"],
    operation_id="refundPayment",
    operation_class=openapi.operation(
        body=RefundRequest,
        example={
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
    | openapi.limited_problems(
        *openapi.BODY_REFUSALS,
        types.INVOICE_NOT_FOUND,
        types.NOT_REFUNDABLE,
        types.REFUND_BOUND,
        types.REFUND_FAILED,
        types.NODE_UNAVAILABLE,
        types.UNAVAILABLE,
        invalid_request="Field 'refund_invoice' asks for 45,000 msat; at most 44,000 are refunded.",
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
