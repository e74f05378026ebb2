"""Video time that is bought in advance."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from service.accounts.keys import Keys
from service.accounts.top_up import TopUps
from service.errors import OrderNotFound
from service.quotes.top_ups import Selling
from service.routes.accounts.schemas import TopUpAnswer, TopUpRequest, TopUpState
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.limiting import client
from service.routes.http.parts import Part
from service.routes.http.problems import PAYMENT_NOT_FOUND
from service.routes.lightning.resolving import canonical

NO_STORE = {"Cache-Control": "no-store"}


@post(
    "/lightning/top-up",
    status_code=200,
    summary="Quote video time in advance",
    description="Answers with an invoice; its payment adds the seconds to the account of the key that is shown. Without"
    " a key it makes an account and a key, `api_key`, which is worth nothing until the invoice is paid.",
    tags=["Accounts"],
    security=[{}, *openapi.KEY_SECURITY],
    operation_id="topUp",
    operation_class=openapi.operation(
        body=TopUpRequest, example={"seconds": 600}, headers=openapi.KEY_HEADERS
    ),
    responses=openapi.key_refusals()
    | openapi.limited_problems(
        *openapi.BODY_REFUSALS,
        types.NODE_UNAVAILABLE,
        types.RATE_UNAVAILABLE,
        types.UNAVAILABLE,
        invalid_request="Field 'seconds' must be from 1 to 36,000: so many are sold at once.",
    ),
)
async def top_up(
    request: Request[Any, Any, Any], keys: Part[Keys], selling: Part[Selling]
) -> Response[TopUpAnswer]:
    """Quote video time in advance."""
    asked = await read_json(request, TopUpRequest)
    key = key_of(request)
    account_id = None if key is None else await keys.holder(key)
    quote = await selling.quote(asked.seconds, account_id=account_id, client=client(request))
    return Response(TopUpAnswer.of(quote), headers=NO_STORE)


@get(
    "/lightning/top-up/{invoice:str}",
    summary="Tell the state of a top-up",
    description="`pending`, `paid` or `expired`; a payment that arrives late makes an expired one `paid`. Once it is"
    " `paid`, the seconds are in the account. No API key is needed.",
    tags=["Accounts"],
    operation_id="getTopUp",
    operation_class=openapi.operation(),
    exception_handlers=PAYMENT_NOT_FOUND,
    responses=openapi.limited_problems(
        types.INVALID_REQUEST,
        types.INVOICE_NOT_FOUND,
        types.UNAVAILABLE,
        invalid_request="Parameter 'invoice': Expected `str`.",
        invoice_not_found="Payment not found",
    ),
)
async def top_up_state(invoice: FromPath[str], top_ups: Part[TopUps]) -> Response[TopUpState]:
    """Tell the state of a top-up."""
    found = await top_ups.find(canonical(invoice))
    if found is None:
        raise OrderNotFound(canonical(invoice))
    return Response(TopUpState.of(found), headers=NO_STORE)
