"""Where A2E's API is."""

from litestar.types import Middleware

from service.routes.a2e import catalogue, missing, portraits, streaming, twins, videos, voices
from service.routes.a2e.envelope import HANDLERS
from service.routes.http.routers import Routes

PREFIX = "/api/v1"


ROUTES = [
    *catalogue.HANDLERS,
    *videos.HANDLERS,
    *portraits.HANDLERS,
    *twins.HANDLERS,
    *streaming.HANDLERS,
    *voices.HANDLERS,
    *missing.HANDLERS,
]

PLACES = {f"{PREFIX}/{path.split('/')[1]}" for handler in ROUTES for path in handler.paths}
"""How the paths of this API begin: what is asked for below them in vain is told in its shape, too."""


def a2e_router(
    *, in_time: Middleware, limited: Middleware, held_open: Middleware, largest_json: int
) -> Routes:
    """Make its routes. What they take and answer is A2E's to document.

    Args:
        in_time: Bounds the time of a body.
        limited: Counts requests.
        held_open: Counts those that last, as each here may.
        largest_json: Bytes of a body.
    """
    return Routes(
        PREFIX,
        route_handlers=ROUTES,
        middleware=[in_time, limited, held_open],
        exception_handlers=HANDLERS,
        request_max_body_size=largest_json,
        include_in_schema=False,
    )
