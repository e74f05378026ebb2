"""Where the studio is, and what each request of it may take of a client."""

from litestar.types import Middleware

from service.routes.http.routers import Routes
from service.routes.studio import media
from service.routes.studio.receiving import FORM_SLACK_BYTES
from service.settings import Settings


def studio_router(
    settings: Settings, *, in_time: Middleware, limited: Middleware, held_open: Middleware, largest_json: int
) -> Routes:
    """Make the routes of the studio.

    Args:
        settings: What the operator set.
        in_time: Bounds the time of a body.
        limited: Counts requests.
        held_open: Counts those that last.
        largest_json: Bytes of a body that is held in memory.
    """
    return Routes(
        "/",
        middleware=[limited],
        route_handlers=[
            media.list_media,
            media.delete_medium,
            Routes("/", route_handlers=[media.medium], middleware=[held_open]),
            Routes(
                "/",
                route_handlers=[media.fetch],
                middleware=[in_time, held_open],
                request_max_body_size=largest_json,
            ),
            Routes(
                "/",
                route_handlers=[media.upload],
                middleware=[in_time, held_open],
                request_max_body_size=settings.library.largest_bytes() + FORM_SLACK_BYTES,
            ),
        ],
    )
