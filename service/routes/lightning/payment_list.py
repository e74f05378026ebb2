"""All payments, for the operator: a bare list, as the source API has it, and `Link` to the page after it (RFC 8288)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.orders.order import Status
from service.orders.port import Filter, Orders
from service.routes.http import cursors, openapi
from service.routes.http import problem_types as types
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.routes.lightning.schemas import PaymentRecord

PAGE, LARGEST_PAGE = 100, 1000


def _moment(meaning: str) -> Any:
    return QueryParameter(description=meaning, examples=[Example(value="2026-01-31T00:00:00Z")])


CreatedFrom = Annotated[datetime | None, _moment("Only quotes made at this moment or later.")]
CreatedTo = Annotated[datetime | None, _moment("Only quotes made before this moment.")]
PaidFrom = Annotated[datetime | None, _moment("Only what was paid at this moment or later.")]
PaidTo = Annotated[datetime | None, _moment("Only what was paid before this moment.")]


@get(
    "/lightning/payments",
    summary="List payments",
    description="The newest page comes first, oldest payment first within it;"
    " the header `Link` with `rel=next` leads to the page of older ones, with the same filters.",
    tags=["Operating"],
    security=openapi.KEY_SECURITY,
    operation_id="listPayments",
    operation_class=openapi.operation(
        limited=False, headers={**openapi.KEY_HEADERS, 200: {"Link": openapi.LINK}}
    ),
    responses=openapi.key_refusals()
    | openapi.problems(
        types.INVALID_REQUEST,
        types.UNAVAILABLE,
        invalid_request="Parameter 'limit': Expected `int` >= 1.",
    ),
)
async def payments(
    request: Request[Any, Any, Any],
    orders: Part[Orders],
    keys: Part[Keys],
    limit: Annotated[
        int, QueryParameter(ge=1, le=LARGEST_PAGE, description="Most payments in the answer.")
    ] = PAGE,
    cursor: cursors.Cursor = None,
    before_id: Annotated[
        int | None, QueryParameter(ge=1, le=cursors.LARGEST_ID, description="Only payments with a lower id.")
    ] = None,
    status: Annotated[Status | None, QueryParameter(description="Only payments in this state.")] = None,
    created_from: CreatedFrom = None,
    created_to: CreatedTo = None,
    paid_from: PaidFrom = None,
    paid_to: PaidTo = None,
) -> Response[list[PaymentRecord]]:
    """List payments."""
    await keys.check(key_of(request), Scope.PAYMENTS)
    bounds = [
        each for each in (before_id, None if cursor is None else cursors.read(cursor)) if each is not None
    ]
    wanted = Filter(
        before_id=min(bounds, default=None),
        status=status,
        created_from=_utc(created_from),
        created_to=_utc(created_to),
        paid_from=_utc(paid_from),
        paid_to=_utc(paid_to),
    )
    page = await orders.page(wanted, limit=limit)
    headers = {"Cache-Control": "no-store"}
    if len(page) == limit and page[0][0].id > 1:
        headers["Link"] = cursors.link(request, page[0][0].id)
    return Response([PaymentRecord.of(*each) for each in page], headers=headers)


def _utc(moment: datetime | None) -> datetime | None:
    """Read a moment without a zone as UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
