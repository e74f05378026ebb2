"""Video time that is bought in advance."""

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.openapi.spec import Example
from litestar.params import FromPath, HeaderParameter, QueryParameter

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.accounts.top_up import TopUps
from service.delivery.top_ups import WatchingTopUps
from service.errors import OrderNotFound
from service.quotes.top_ups import Selling
from service.routes.accounts.schemas import TopUpAnswer, TopUpList, TopUpRequest, TopUpState
from service.routes.http import cursors, openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.limiting import client
from service.routes.http.parts import Part
from service.routes.http.problems import PAYMENT_NOT_FOUND
from service.routes.http.waiting import Wait, unless_gone
from service.routes.lightning.resolving import canonical

NO_STORE = {"Cache-Control": "no-store"}

PAGE, LARGEST_PAGE = 50, 500

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A UUID that names this top-up: asked again with it by the same client or account, before the"
        " invoice expires, the answer is the same, its `api_key` too; another request gets 422.",
        examples=[Example(value="8e03978e-40d5-43dd-bc93-6894a57f9324")],
    ),
]


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
        types.IDEMPOTENCY_KEY_REUSED,
        invalid_request="Field 'seconds' must be from 1 to 36,000: so many are sold at once.",
    ),
)
async def top_up(
    request: Request[Any, Any, Any],
    keys: Part[Keys],
    selling: Part[Selling],
    idempotency_key: IdempotencyKey = None,
) -> Response[TopUpAnswer]:
    """Quote video time in advance."""
    asked = await read_json(request, TopUpRequest)
    key = key_of(request)
    account_id = None if key is None else await keys.holder(key)
    quote = await selling.quote(
        asked.seconds, account_id=account_id, client=client(request), key=idempotency_key
    )
    return Response(TopUpAnswer.of(quote), headers=NO_STORE)


@get(
    "/lightning/top-up/{invoice:str}",
    summary="Tell the state of a top-up",
    description="`pending`, `paid` or `expired`; a payment that arrives late makes an expired one `paid`. Once it is"
    " `paid`, the seconds are in the account. No API key is needed. With `wait` the answer comes once a `pending` one"
    " is something else, or as it is when the time is over.",
    tags=["Accounts"],
    operation_id="getTopUp",
    operation_class=openapi.operation(),
    exception_handlers=PAYMENT_NOT_FOUND,
    responses=openapi.limited_problems(
        types.INVALID_REQUEST,
        types.INVOICE_NOT_FOUND,
        types.UNAVAILABLE,
        invalid_request="Parameter 'wait': Expected `int` >= 0.",
        invoice_not_found="Payment not found",
    ),
)
async def top_up_state(
    request: Request[Any, Any, Any],
    invoice: FromPath[str],
    watching_top_ups: Part[WatchingTopUps],
    wait: Wait = 0,
) -> Response[TopUpState]:
    """Tell the state of a top-up."""
    found = await watching_top_ups.find(canonical(invoice))
    if found is None:
        raise OrderNotFound(canonical(invoice))
    if wait:
        found = await unless_gone(request.receive, watching_top_ups.decided(found, wait)) or found
    return Response(TopUpState.of(found), headers=NO_STORE)


@get(
    "/account/top-ups",
    summary="List the top-ups of an account",
    description="For the holder of a key with the scope `account:read`: those that wait for their payment, were paid,"
    " or expired, which are forgotten after a while. The newest first; the header `Link` with `rel=next` leads to older"
    " ones.",
    tags=["Accounts"],
    security=openapi.KEY_SECURITY,
    operation_id="listTopUps",
    operation_class=openapi.operation(headers={**openapi.KEY_HEADERS, 200: {"Link": openapi.LINK}}),
    responses=openapi.key_refusals()
    | openapi.limited_problems(
        types.INVALID_REQUEST, types.UNAVAILABLE, invalid_request="Parameter 'limit': Expected `int` >= 1."
    ),
)
async def list_top_ups(
    request: Request[Any, Any, Any],
    keys: Part[Keys],
    top_ups: Part[TopUps],
    limit: Annotated[
        int, QueryParameter(ge=1, le=LARGEST_PAGE, description="Most top-ups in the answer.")
    ] = PAGE,
    cursor: cursors.Cursor = None,
) -> Response[TopUpList]:
    """List the top-ups of an account."""
    account_id = await keys.account(key_of(request), Scope.ACCOUNT)
    before_id = None if cursor is None else cursors.read(cursor)
    page = await top_ups.of_account(account_id, before_id=before_id, limit=limit)
    headers = dict(NO_STORE)
    if len(page) == limit and page[-1].id > 1:
        headers["Link"] = cursors.link(request, page[-1].id)
    return Response(TopUpList(top_ups=[TopUpState.of(each) for each in page]), headers=headers)
