"""What became of an invoice, for its buyer; all of them, for the operator."""

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from lightning import LightningError
from service.errors import PaymentNotFound
from service.keys import Keys
from service.orders import Order
from service.ports import Clock, Orders, Videos
from service.routes import openapi
from service.routes.parts import Part
from service.routes.schemas import PaymentAnswer, PaymentRecord
from service.settlements import Settlements

PAGE, LARGEST_PAGE = 100, 1000


@get(
    "/lightning/payment/{invoice:str}",
    summary="Tell the state of a payment and its video",
    description="`status` is `pending`, `paid` or `expired`; a payment that arrives late makes an expired one `paid`."
    " No API key is needed.",
    tags=["Buying"],
    responses=openapi.problems(_404="Payment not found", _429="You are asking too often: try again in 2 s."),
)
async def payment(
    invoice: FromPath[str],
    orders: Part[Orders],
    videos: Part[Videos],
    settlements: Part[Settlements],
    now: Part[Clock],
) -> PaymentAnswer:
    """Tell the state of a payment and its video."""
    order = await orders.find(canonical(invoice))
    if order is None:
        raise PaymentNotFound(invoice)
    if order.overdue(now()):
        order = await _concluded(order, settlements)
    return PaymentAnswer.of(order, await videos.get(order.id), now())


@get(
    "/lightning/payments",
    summary="List payments",
    description="The newest page comes first, oldest payment first within it;"
    " the header `Link` with `rel=next` leads to the page of older ones.",
    tags=["Operating"],
    security=[{"apiKey": []}],
)
async def payments(
    request: Request[Any, Any, Any],
    orders: Part[Orders],
    keys: Part[Keys],
    limit: Annotated[
        int, QueryParameter(ge=1, le=LARGEST_PAGE, description="Most payments in the answer.")
    ] = PAGE,
    before_id: Annotated[
        int | None, QueryParameter(ge=1, description="Only payments with a lower id.")
    ] = None,
) -> Response[list[PaymentRecord]]:
    """List payments."""
    await keys.check(request.headers.get("Authorization"))
    page = await orders.page(limit=limit, before_id=before_id)
    headers = {"Cache-Control": "no-store"}
    if len(page) == limit and page[0].id > 1:
        headers["Link"] = f'</lightning/payments?limit={limit}&before_id={page[0].id}>; rel="next"'
    return Response([PaymentRecord.of(order) for order in page], headers=headers)


def canonical(invoice: str) -> str:
    """Return an invoice as we stored it: wallets add a scheme, QR codes are in capitals."""
    return invoice.strip().lower().removeprefix("lightning:")


async def _concluded(order: Order, settlements: Settlements) -> Order:
    """Ask the node a last time; while it does not answer, the order stays pending."""
    try:
        return await settlements.conclude(order)
    except LightningError:
        return order
