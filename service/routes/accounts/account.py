"""What an account has, and what became of it."""

from datetime import timedelta
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import QueryParameter

from service.accounts.keys import Keys
from service.accounts.port import Accounts, Scope
from service.accounts.prepaid import VideoTime
from service.errors import InvalidApiKey
from service.lnurl.top_ups import AddressTopUps
from service.routes.accounts.schemas import AccountAnswer
from service.routes.http import cursors, openapi
from service.routes.http import problem_types as types
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.runtime.clock import Clock
from service.webhooks.accounts import AccountReceivers

PAGE, LARGEST_PAGE = 50, 500

USAGE = timedelta(days=30)
"""How long ago use is told of, beside today's."""


@get(
    "/account",
    summary="Tell the balance of an account",
    description="For the holder of a key with the scope `account:read`. `usage` is by day, in UTC; the header `Link`"
    " with `rel=next` leads to older moves.",
    tags=["Accounts"],
    security=openapi.KEY_SECURITY,
    operation_id="getAccount",
    operation_class=openapi.operation(headers={**openapi.KEY_HEADERS, 200: {"Link": openapi.LINK}}),
    responses=openapi.key_refusals()
    | openapi.limited_problems(
        types.INVALID_REQUEST, types.UNAVAILABLE, invalid_request="Parameter 'limit': Expected `int` >= 1."
    ),
)
async def account(
    request: Request[Any, Any, Any],
    keys: Part[Keys],
    accounts: Part[Accounts],
    video_time: Part[VideoTime],
    address_top_ups: Part[AddressTopUps],
    receivers: Part[AccountReceivers],
    now: Part[Clock],
    limit: Annotated[
        int, QueryParameter(ge=1, le=LARGEST_PAGE, description="Most moves in the answer.")
    ] = PAGE,
    cursor: cursors.Cursor = None,
) -> Response[AccountAnswer]:
    """Tell the balance of an account."""
    account_id = await keys.account(key_of(request), Scope.ACCOUNT)
    before_id = None if cursor is None else cursors.read(cursor)
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    told = await accounts.statement(account_id, before_id=before_id, limit=limit)
    if told is None:  # it was made for a top-up that nobody paid, and has just gone
        raise InvalidApiKey
    found, page = told
    headers = {"Cache-Control": "no-store"}
    if len(page) == limit and page[-1].id > 1:
        headers["Link"] = cursors.link(request, page[-1].id)
    answer = AccountAnswer.of(
        found,
        unlimited=video_time.unlimited(found),
        most_jobs=video_time.most_open(found),
        usage=await accounts.usage(account_id, since=today - USAGE),
        ledger=page,
        lightning_address=address_top_ups.address(found),
        lnurl=address_top_ups.lnurl(found),
        receiver=await receivers.get(account_id),
    )
    return Response(answer, headers=headers)
