"""Which routes calls have, and what each may take of a client."""

from typing import Any

from litestar.types import Middleware

from service.routes.http.routers import Routes
from service.routes.livetalking import calls, following, proxy
from service.settings import Settings

LARGEST_OFFER_BYTES = 1 << 18


def call_routers(
    settings: Settings, limited: list[Any], held: Middleware, *, largest_json_bytes: int
) -> list[Routes]:
    """Make them.

    Args:
        settings: What the operator set.
        limited: Bound how often a client may ask, and how long it may take for that.
        held: Counts what lasts.
        largest_json_bytes: Of a text.
    """
    return [
        Routes(
            "/",
            middleware=[*limited, held],
            route_handlers=[calls.offer],
            request_max_body_size=LARGEST_OFFER_BYTES,
        ),
        Routes(
            "/",
            middleware=limited,
            route_handlers=[*calls.HANDLERS, *proxy.POSTS],
            request_max_body_size=largest_json_bytes,
        ),
        Routes(
            "/",
            middleware=limited,
            route_handlers=[calls.human_audio],
            request_max_body_size=settings.quotes.largest_upload_bytes,
        ),
        Routes("/", middleware=limited, route_handlers=[*proxy.GETS]),
        Routes("/", middleware=[*limited, held], route_handlers=[following.sse, following.recording]),
    ]
