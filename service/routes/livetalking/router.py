"""Which routes calls have, and what each may take of a client."""

from typing import Any

from litestar import Router
from litestar.types import Middleware

from service.routes.livetalking import calls, following, proxy

LARGEST_OFFER_BYTES = 1 << 18


def call_routers(
    *, in_time: Any, limited: Any, held: Middleware, largest_json_bytes: int, largest_upload_bytes: int
) -> list[Router]:
    """Make them.

    Args:
        in_time: Bounds how long a body may take.
        limited: Bounds how often a client may ask.
        held: Counts what lasts.
        largest_json_bytes: Of a text.
        largest_upload_bytes: Of a recording.
    """
    small: list[Middleware] = [in_time, limited]
    return [
        Router(
            "/",
            middleware=[*small, held],
            route_handlers=[calls.offer],
            request_max_body_size=LARGEST_OFFER_BYTES,
        ),
        Router(
            "/",
            middleware=small,
            route_handlers=[*calls.HANDLERS, *proxy.POSTS],
            request_max_body_size=largest_json_bytes,
        ),
        Router(
            "/",
            middleware=small,
            route_handlers=[calls.human_audio],
            request_max_body_size=largest_upload_bytes,
        ),
        Router("/", middleware=[limited], route_handlers=[*proxy.GETS]),
        Router("/", middleware=[limited, held], route_handlers=[following.sse, following.recording]),
    ]
