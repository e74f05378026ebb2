"""Lets pages of other sites ask from a browser (Fetch standard, section 3.2)."""

from collections.abc import Sequence

from litestar.config.cors import CORSConfig

CACHED_S = 86_400

SENT = (
    *("Accept", "Accept-Language", "Authorization", "Cache-Control", "Claim-Token", "Content-Language"),
    *("Content-Type", "Idempotency-Key", "If-None-Match", "If-Range", "Last-Event-ID", "Prefer", "Range"),
    *("X-API-Key", "X-Request-Id"),
)
"""What a page may send."""

READ = (
    *("Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Range", "ETag", "Link"),
    *("RateLimit", "RateLimit-Policy", "Refund-Token", "Retry-After", "WWW-Authenticate"),
    *("Webhook-Secret", "X-Request-Id"),
    *("Preference-Applied", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"),
)
"""What a page may read of an answer."""


def open_to_pages_of(origins: Sequence[str]) -> CORSConfig | None:
    """Say whose pages may call the API; cookies never go with that.

    Args:
        origins: Such as `https://shop.example`; `*` is any. None: nobody's.
    """
    if not origins:
        return None
    return CORSConfig(
        allow_origins=[*origins],
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=[*SENT],
        expose_headers=[*READ],
        max_age=CACHED_S,
    )
