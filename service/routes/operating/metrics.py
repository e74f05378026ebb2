"""What a Prometheus reads: text exposition format 0.0.4. No label carries an invoice or a text; there are none."""

from collections.abc import Iterator
from typing import Any

from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.orders.port import Tally
from service.payments.settlements import Settlements
from service.refunds.refund import Ledger
from service.rendering.workers import Workers
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.runtime.cached import Cached
from service.runtime.counters import Counters
from service.runtime.stopping import Stopping
from service.sessions.live import Live

MEDIA_TYPE = "text/plain; version=0.0.4"

COUNTERS = {
    "quotes": "Quotes made.",
    "settlements": "Orders and top-ups that became paid.",
    "settlements_without_order": "Payments of invoices that say they are ours and that no order has.",
    "holds_canceled": "Held payments that went back, since their video was not made in time.",
    "renders_started": "Renders begun; one that goes on after it was interrupted begins again.",
    "renders_finished": "Renders that made their video whole.",
    "renders_failed": "Renders that were interrupted or refused; their orders can ask again.",
    "renders_moved": "Times that a render went on with another worker.",
    "refunds": "Orders whose buyer got the money back from our node.",
}
"""What each of `Counters` means."""

MONEY = {
    "received": "Paid by buyers, ever.",
    "refunded": "Paid back to buyers, ever.",
    "fees": "Paid to nodes on the way of refunds, ever.",
    "owed": "Refunds that are to be paid.",
    "undelivered": "Received for orders that have neither a whole video nor their money back.",
    "topped_up": "Received for video time in advance, ever.",
}
"""What each sum of the `Ledger` means."""


@get(
    "/metrics",
    operation_id="getMetrics",
    operation_class=openapi.operation(limited=False, headers=openapi.KEY_HEADERS),
    summary="Tell figures to a Prometheus",
    description="Counters start from 0 with the process; gauges are of the whole shop. Sales are the operator's"
    " business, so it takes an API key with the scope `metrics:read`: `authorization: {credentials_file: ...}` in the"
    " scrape config.",
    tags=["Operating"],
    security=openapi.KEY_SECURITY,
    responses={
        200: ResponseSpec(str, generate_examples=False, description="The figures.", media_type="text/plain"),
    }
    | openapi.key_refusals()
    | openapi.problems(types.UNAVAILABLE),
)
async def metrics(
    request: Request[Any, Any, Any],
    keys: Part[Keys],
    counters: Part[Counters],
    tally: Part[Cached[Tally]],
    ledger: Part[Cached[Ledger]],
    workers: Part[Workers],
    live: Part[Live],
    stopping: Part[Stopping],
    settlements: Part[Settlements],
) -> Response[str]:
    """Tell figures to a Prometheus."""
    await keys.check(key_of(request), Scope.METRICS)
    counted, money = await tally.get(), await ledger.get()
    lines = [
        *(
            line
            for name, meaning in COUNTERS.items()
            for line in _family(f"{name}_total", "counter", meaning, getattr(counters, name))
        ),
        *_family("quotes_open", "gauge", "Quotes that can be paid now.", counted.open_quotes),
        *_family("orders_undelivered", "gauge", "Paid orders without a whole video.", counted.undelivered),
        *_family(
            "orders_failed", "gauge", "Paid orders that were given up: refunds that are due.", counted.failed
        ),
        *_family(
            "requests_waiting", "gauge", "Requests that wait for something to happen.", stopping.waiting
        ),
        *_family("orders_owed", "gauge", "Refunds that are to be paid.", money.owed),
        *(
            line
            for name, meaning in MONEY.items()
            for line in _family(f"money_{name}_msat", "gauge", meaning, getattr(money, f"{name}_msat"))
        ),
        *_family(
            "prepaid_ms", "gauge", "Milliseconds of video time that accounts have not used.", money.prepaid_ms
        ),
        *_family(
            "prepaid_used_ms",
            "gauge",
            "Milliseconds of video time that accounts have used, ever.",
            money.prepaid_used_ms,
        ),
        *_family(
            "payments_elsewhere",
            "gauge",
            "Payments that only another node can decide than the one that is there.",
            settlements.elsewhere,
        ),
        *_family("payments_held", "gauge", "Payments held until their video is whole.", counted.held),
        *_family("workers", "gauge", "Workers that are set.", len(workers.all)),
        *_family("live_sessions", "gauge", "Live sessions at this service.", live.active),
        *_family("workers_well", "gauge", "Workers that answered their last health check.", workers.well),
    ]
    return Response(
        "".join(f"{line}\n" for line in lines), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
    )


def _family(name: str, kind: str, meaning: str, value: int) -> Iterator[str]:
    name = f"satspeak_{name}"
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value}"
