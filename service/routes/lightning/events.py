"""The life of an order as server-sent events (WHATWG HTML, section 9.2)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Meta

from service.delivery.watching import Snapshot, Watching
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.claims import Claim, ClaimHeader
from service.routes.http.parts import Part
from service.routes.http.problems import PAYMENT_NOT_FOUND
from service.routes.http.shapes import Base
from service.routes.lightning.resolving import resolve
from service.routes.lightning.schemas import PaymentAnswer


class Event(Base, frozen=True, kw_only=True):
    """One of the stream."""

    event: Annotated[Literal["payment"], Meta(description="What it tells of.")]
    data: Annotated[str, Meta(description="What GET /lightning/payment/{invoice} answers, as JSON.")]
    id: Annotated[str, Meta(description="Differs where there is something new to tell.")] = ""


EXAMPLE = (
    "id: paid-rendering-24\r\nevent: payment\r\n"
    'data: {"invoice":"lnbc450n1p3...","amount_sat":45,"amount_usd":0.045,"status":"paid",'
    '"created_at":"2026-01-01T12:00:00Z","paid_at":"2026-01-01T12:00:41Z",'
    '"video":{"state":"rendering","frames":24,"seconds":0.96},"refund":null}\r\n\r\n'
)


@get(
    "/lightning/payment/{invoice:str}/events",
    summary="Follow a payment and its video",
    description="Each event `payment` carries what GET /lightning/payment/{invoice} answers. The stream ends once the"
    " video is whole and paid, the quote has expired, or a held payment went back; whoever comes back to an ended one"
    " with its `Last-Event-ID`, as browsers do, gets 204 and is to stop. It ends early when the service restarts:"
    " come back.",
    tags=["Buying"],
    operation_id="followPayment",
    operation_class=openapi.operation(),
    exception_handlers=PAYMENT_NOT_FOUND,
    responses={
        200: ResponseSpec(
            Event,
            generate_examples=False,
            description="The events.",
            media_type="text/event-stream",
            examples=[Example(value=EXAMPLE)],
        ),
        204: ResponseSpec(None, generate_examples=False, description="There is no more to follow."),
    }
    | openapi.limited_problems(
        types.INVALID_REQUEST,
        types.INVOICE_NOT_FOUND,
        types.UNAVAILABLE,
        invalid_request="Parameter 'claim_token': Expected `str | null`.",
        invoice_not_found="Payment not found",
    ),
)
async def events(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    watching: Part[Watching],
    claim_token: Claim = None,
    claim_header: ClaimHeader = None,
) -> Response[Any]:
    """Follow a payment and its video."""
    snapshot = await watching.look(await resolve(request, watching, invoice, claim_token or claim_header))
    if snapshot.final and request.headers.get("Last-Event-ID") == snapshot.state:
        return Response(None, status_code=204)
    return ServerSentEvent(_messages(watching.changes(snapshot.order)), headers={"Cache-Control": "no-store"})


async def _messages(changes: AsyncGenerator[Snapshot | None]) -> AsyncGenerator[ServerSentEventMessage]:
    async with aclosing(changes):
        async for snapshot in changes:
            if snapshot is None:
                yield ServerSentEventMessage(data=None, comment="")
                continue
            answer = PaymentAnswer.of(snapshot)
            yield ServerSentEventMessage(data=msgspec.json.encode(answer), event="payment", id=snapshot.state)
