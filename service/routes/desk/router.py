"""Puts the desk together: its pages, and what a request has to pass before it reaches one."""

from collections.abc import Callable, Sequence

from litestar.types import Middleware

from service.desk.desk import OperatorsDesk
from service.routes.desk import accounts, money, orders, rendering, session, system
from service.routes.desk.gate import HOME, gate
from service.routes.http.limiting import Admission, held_open
from service.routes.http.routers import Routes
from service.runtime.clock import Clock
from service.runtime.limits import Limiter, Rate
from service.runtime.shares import Shares
from service.settings import Settings

AT_ONCE, AT_ONCE_PER_CLIENT = 16, 4
"""Requests to the desk: buyers have the rest of the process."""

LARGEST_FORM_BYTES = 16_384


def desk_router(
    settings: Settings, desk: Callable[[], OperatorsDesk], now: Clock, middleware: Sequence[Middleware]
) -> Routes:
    """Make the routes of the desk.

    Args:
        settings: What the operator set.
        desk: Gives the desk, once the application has started.
        now: The clock.
        middleware: What every request passes first.
    """
    terms = settings.desk
    tries = Admission(
        Limiter(
            Rate(per_client=terms.desk_sign_ins_per_minute_per_client, total=terms.desk_sign_ins_per_minute)
        ),
        now,
    ).middleware()
    room = held_open(Shares(per_client=AT_ONCE_PER_CLIENT, total=AT_ONCE, what="requests to the desk"))
    return Routes(
        HOME,
        route_handlers=[
            Routes("/", route_handlers=[session.sign_in], middleware=[tries]),
            session.sign_in_page,
            session.sign_out,
            money.money,
            money.payments_csv,
            *orders.HANDLERS,
            *accounts.HANDLERS,
            *system.HANDLERS,
        ],
        middleware=[*middleware, room, gate(desk, settings.program.public_url)],
        exception_handlers=rendering.HANDLERS,
        request_max_body_size=LARGEST_FORM_BYTES,
        include_in_schema=False,
    )
