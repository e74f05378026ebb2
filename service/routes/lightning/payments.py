"""What became of an invoice, for its buyer."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from service.delivery.watching import Watching
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.parts import Part
from service.routes.http.problems import PAYMENT_NOT_FOUND
from service.routes.http.waiting import Wait, unless_gone
from service.routes.lightning.resolving import resolve
from service.routes.lightning.schemas import PaymentAnswer

NO_STORE = {"Cache-Control": "no-store"}


@get(
    "/lightning/payment/{invoice:str}",
    summary="Tell the state of a payment and its video",
    description="`status` is `pending`, `paid`, `expired` or `refunded`; a payment that arrives late makes an expired"
    " one `paid`. `video.state` is `interrupted` while a video rests or waits for a worker, and goes on by itself; once"
    " it is `failed` it was given up and `refund` is there: POST /lightning/refund gives the money back."
    " Of a quote with `hold` it is `held` while the video is made, then `paid`, or `canceled` when the money went back."
    " No API key is needed. With `wait` the answer comes once a `pending` or `held` payment is something else, or as"
    " it is when the time is over.",
    tags=["Buying"],
    exception_handlers=PAYMENT_NOT_FOUND,
    operation_id="getPayment",
    operation_class=openapi.operation(),
    responses=openapi.limited_problems(
        types.INVALID_REQUEST,
        types.INVOICE_NOT_FOUND,
        types.UNAVAILABLE,
        invalid_request="Parameter 'wait': Expected `int` >= 0.",
        invoice_not_found="Payment not found",
    ),
)
async def payment(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    watching: Part[Watching],
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
    wait: Wait = 0,
) -> Response[PaymentAnswer]:
    """Tell the state of a payment and its video."""
    snapshot = await watching.look(await resolve(request, watching, invoice, claim_token or claim_header))
    if wait:
        snapshot = await unless_gone(request.receive, watching.decided(snapshot, wait)) or snapshot
    return Response(PaymentAnswer.of(snapshot), headers=NO_STORE)
