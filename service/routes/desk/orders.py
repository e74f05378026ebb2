"""Orders: their list, the search, and one with all that is known of it."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from service.desk.desk import OperatorsDesk
from service.desk.port import Shelf
from service.refunds import owing
from service.routes.desk import rendering
from service.routes.desk.gate import HOME, AnyRequest
from service.routes.http.parts import Part

MOST_DUE = 100
"""Debts of each kind that are listed; how many there are more is said."""


@get("/orders", include_in_schema=False)
async def orders(
    request: AnyRequest,
    desk: Part[OperatorsDesk],
    named: Annotated[str, QueryParameter(name="state")] = "",
    below: Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1)] = None,
) -> Response[Any]:
    """List orders, the newest first."""
    shelf = next((shelf for shelf in Shelf if shelf.value == named), None)
    return rendering.page(
        request,
        "orders.html",
        place="orders",
        page=await desk.looking.page(shelf, below=below),
        shelf="" if shelf is None else shelf.value,
        shelves=[each.value for each in Shelf],
        below=below,
    )


@post("/find", include_in_schema=False)
async def find(request: AnyRequest, desk: Part[OperatorsDesk]) -> Response[Any]:
    """Lead to what a number, invoice or hash names. A form that is sent, since an invoice is to be in no address."""
    asked = (await request.form()).get("q", "")
    found = await desk.looking.find(asked) if isinstance(asked, str) else None
    if found is not None and found.order_id is not None:
        return rendering.redirect(f"{HOME}/orders/{found.order_id}")
    if found is not None and found.account_id is not None:
        return rendering.redirect(f"{HOME}/accounts/{found.account_id}")
    return rendering.nothing(request)


@get("/orders/{order_id:int}", include_in_schema=False)
async def order(request: AnyRequest, desk: Part[OperatorsDesk], order_id: FromPath[int]) -> Response[Any]:
    """Tell the story of an order."""
    story = await desk.looking.story(order_id)
    return rendering.page(request, "order.html", place="orders", s=story)


@get("/owed", include_in_schema=False)
async def owed(request: AnyRequest, desk: Part[OperatorsDesk]) -> Response[Any]:
    """List what is due to buyers, and what is to be done about it."""
    found = await owing.look(desk.debts)
    groups = []
    for step in owing.Step:
        due = [each for each in found.due if each.step is step]
        groups.append({"step": step.value, "due": due[:MOST_DUE], "all": len(due)})
    return rendering.page(request, "owed.html", place="owed", groups=groups, owed=found)


HANDLERS = [orders, find, order, owed]
