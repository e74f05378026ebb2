"""Where a page of a list ended: below an id, so that it is stable, whatever is added (`Link`, RFC 8288)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlencode

from litestar import Request
from litestar.params import QueryParameter

from service.errors import InvalidRequest

LARGEST_ID = 2**63 - 1

Cursor: TypeAlias = Annotated[
    str | None, QueryParameter(description="Where the page before this one ended; `Link` has it.")
]
"""The parameter of a list."""

CURSOR = b"before:"
"""What a cursor begins with, before the id that all of its page are below."""

_PLACES = {"cursor", "before_id"}


def link(request: Request[Any, Any, Any], before_id: int) -> str:
    """Lead to the next page of the same list, with the same filters."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in _PLACES]
    query = urlencode([*kept, ("cursor", _write(before_id))])
    return f'<{request.url.path}?{query}>; rel="next"'


def read(cursor: str) -> int:
    """Read the id that the page is below.

    Raises:
        InvalidRequest: It is none of ours.
    """
    try:
        said = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        before_id = int(said.removeprefix(CURSOR)) if said.startswith(CURSOR) else 0
    except ValueError:
        before_id = 0
    if not 0 < before_id <= LARGEST_ID:
        raise InvalidRequest(
            "Parameter 'cursor' is none of ours: take it from the header 'Link'.", field="cursor"
        )
    return before_id


def _write(before_id: int) -> str:
    return urlsafe_b64encode(CURSOR + str(before_id).encode()).decode().rstrip("=")
