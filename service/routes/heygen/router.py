"""Puts this surface together: its paths, and what a request has to pass before it reaches one."""

from collections.abc import Sequence

from litestar.types import Middleware

from service.routes.heygen import catalogue, health, scripts, videos
from service.routes.heygen.limiting import hourly
from service.routes.http.limiting import held_open
from service.routes.http.routers import Routes
from service.runtime.clock import Clock
from service.runtime.shares import Shares

PREFIX = "/api/v1"

LARGEST_BODY_BYTES = 10 * 5000 * 12 + 65_536
"""Ten scripts of 5,000 characters, each of which JSON may write as two \\uXXXX, and what is around them."""


def heygen_router(
    per_hour: int, streams: Shares, now: Clock, *, in_time: Middleware, polls_limited: Middleware
) -> Routes:
    """Make the routes of `/api/v1`.

    Args:
        per_hour: Requests that one address has; 0 is no limit.
        streams: What there may be of requests that last.
        now: The clock.
        in_time: Bounds the time that a body takes.
        polls_limited: The limit of what counts against no hour.
    """
    an_hour = hourly(per_hour, now).middleware()
    lasting: Sequence[Middleware] = [in_time, an_hour, held_open(streams)]
    return Routes(
        PREFIX,
        route_handlers=[
            Routes("/", route_handlers=[health.health], middleware=[polls_limited]),
            Routes(
                "/",
                route_handlers=[
                    videos.get_video,
                    videos.get_batch,
                    catalogue.list_voices,
                    catalogue.list_avatars,
                ],
                middleware=[an_hour],
            ),
            Routes(
                "/",
                route_handlers=[
                    videos.create_video,
                    videos.create_batch,
                    scripts.generate_script,
                    scripts.analyze_script,
                    scripts.translate_script,
                    catalogue.clone_voice,
                    catalogue.delete_voice,
                    catalogue.create_avatar,
                ],
                middleware=lasting,
                request_max_body_size=LARGEST_BODY_BYTES,
            ),
        ],
    )
