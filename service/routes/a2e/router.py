"""Where A2E's API is."""

from litestar import Router
from litestar.types import Middleware

from service.routes.a2e import catalogue, missing, portraits, twins, videos
from service.routes.a2e.envelope import HANDLERS

PREFIX = "/api/v1"


def a2e_router(
    *, in_time: Middleware, limited: Middleware, held_open: Middleware, largest_json: int
) -> Router:
    """Make its routes. What they take and answer is A2E's to document.

    Args:
        in_time: Bounds the time of a body.
        limited: Counts requests.
        held_open: Counts those that last, as each here may.
        largest_json: Bytes of a body.
    """
    return Router(
        PREFIX,
        route_handlers=[
            *catalogue.HANDLERS,
            *videos.HANDLERS,
            *portraits.HANDLERS,
            *twins.HANDLERS,
            *missing.HANDLERS,
        ],
        middleware=[in_time, limited, held_open],
        exception_handlers=HANDLERS,
        request_max_body_size=largest_json,
        include_in_schema=False,
    )
