"""Accounts with video time that was bought or given in advance."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from service.accounts.port import Accounts
from service.desk.desk import OperatorsDesk
from service.refunds.refund import Ledger
from service.routes.desk import rendering
from service.routes.desk.gate import AnyRequest
from service.routes.http.parts import Part
from service.runtime.cached import Cached

PAGE = 50

MOVES = 50
"""Moves of an account that are shown."""

LARGEST_ID = 2**63 - 1


@get("/accounts", include_in_schema=False)
async def accounts(
    request: AnyRequest,
    desk: Part[OperatorsDesk],
    ledger: Part[Cached[Ledger]],
    above: Annotated[int, QueryParameter(ge=0, le=LARGEST_ID)] = 0,
) -> Response[Any]:
    """List accounts, the oldest first."""
    lines = await desk.books.accounts(above=above, limit=PAGE + 1)
    return rendering.page(
        request,
        "accounts.html",
        place="accounts",
        lines=lines[:PAGE],
        above=lines[PAGE - 1].id if len(lines) > PAGE else None,
        ledger=await ledger.get(),
    )


@get("/accounts/{account_id:int}", include_in_schema=False)
async def account(request: AnyRequest, accounts: Part[Accounts], account_id: FromPath[int]) -> Response[Any]:
    """Show what an account has, and its newest moves."""
    known = 0 < account_id <= LARGEST_ID
    told = await accounts.statement(account_id, before_id=None, limit=MOVES) if known else None
    if told is None:
        raise NotFoundException
    found, moves = told
    return rendering.page(request, "account.html", place="accounts", account=found, moves=moves)


HANDLERS = [accounts, account]
