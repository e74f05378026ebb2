"""The money: by day, by avatar, and as CSV."""

from datetime import UTC, date, timedelta
from typing import Annotated, Any

from litestar import Response, get
from litestar.params import QueryParameter
from litestar.response import Stream

from service.desk.desk import OperatorsDesk
from service.desk.money import SPANS, Figures
from service.orders.port import Tally
from service.refunds.refund import Ledger
from service.routes.desk import plots, rendering
from service.routes.desk.gate import AnyRequest
from service.routes.desk.words import words
from service.routes.http.parts import Part
from service.runtime.cached import Cached
from service.runtime.clock import Clock

MONTH = 30


@get("/", include_in_schema=False)
async def money(
    request: AnyRequest,
    desk: Part[OperatorsDesk],
    tally: Part[Cached[Tally]],
    ledger: Part[Cached[Ledger]],
    now: Part[Clock],
    days: Annotated[int, QueryParameter()] = MONTH,
) -> Response[Any]:
    """Show the money of the last days, and all that there ever was."""
    span = days if days in SPANS else MONTH
    figures = await desk.money.figures(span)
    today = now().astimezone(UTC).date()
    highest = max((share.received_msat for share in figures.shares), default=0)
    return rendering.page(
        request,
        "money.html",
        place="money",
        span=span,
        spans=SPANS,
        figures=figures,
        top=max((max(day.received_msat, day.refunded_msat) for day in figures.days), default=0),
        plot=_plot(figures),
        row=lambda value: plots.row(value, highest),
        tally=await tally.get(),
        ledger=await ledger.get(),
        first=(today - timedelta(days=MONTH - 1)).isoformat(),
        last=today.isoformat(),
    )


@get("/payments.csv", include_in_schema=False)
async def payments_csv(
    desk: Part[OperatorsDesk],
    first: Annotated[date, QueryParameter(name="from")],
    last: Annotated[date, QueryParameter(name="to")],
) -> Stream:
    """Send the payments of a time, as they are read."""
    return Stream(
        desk.export.rows(first, last),
        media_type="text/csv; charset=utf-8; header=present",
        headers={
            **rendering.HEADERS,
            "Content-Disposition": f'attachment; filename="payments-{first}-{last}.csv"',
        },
    )


def _plot(figures: Figures) -> Any:
    said = words().page
    bars = [
        plots.Bar(
            title=f"{day.day}: {rendering.sat(day.received_msat)} sat",
            value=day.received_msat,
            front=day.refunded_msat,
        )
        for day in figures.days
    ]
    name = (
        said["plot_days"]
        .replace("{first}", str(figures.days[0].day))
        .replace("{last}", str(figures.days[-1].day))
        .replace("{sum}", rendering.sat(figures.received_msat))
    )
    return plots.columns(bars, name=name)
