"""Where a request carries an API key."""

from typing import Any

from litestar.connection import ASGIConnection

HEADER = "X-API-Key"


def key_of(request: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """Return the key that a request shows: as `Authorization: Bearer`, else in a header of its own."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip() or None
    return request.headers.get(HEADER, "").strip() or None
