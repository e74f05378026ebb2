"""How often one address may ask, in the headers of this API: so many an hour."""

import math

from litestar.types import Scope

from service.routes.http import openapi
from service.routes.http.limiting import Admission
from service.routes.http.request_ids import add_header
from service.runtime.clock import Clock
from service.runtime.limits import Left, Limiter, Rate

HOUR_S = 3600.0

HEADERS = {
    "X-RateLimit-Limit": openapi.header(
        "Requests an hour that an address has. Left out where the operator sets no limit.",
        "100",
        pattern=r"^\d+$",
    ),
    "X-RateLimit-Remaining": openapi.header("How many of them are left.", "99", pattern=r"^\d+$"),
    "X-RateLimit-Reset": openapi.header(
        "When all of them are there again: seconds since 1970.", "1795000000", pattern=r"^\d+$"
    ),
}


def hourly(per_client: int, now: Clock) -> Admission:
    """Let each address ask so often in an hour; 0 is no limit."""
    return Admission(Limiter(Rate(per_client=per_client, total=0, window_s=HOUR_S)), now, _tell)


def _tell(scope: Scope, left: Left, now: float) -> None:
    add_header(scope, "X-RateLimit-Limit", str(left.quota))
    add_header(scope, "X-RateLimit-Remaining", str(left.remaining))
    add_header(scope, "X-RateLimit-Reset", str(math.ceil(now + left.reset_s)))
