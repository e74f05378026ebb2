"""Links to the service that work outside of the answer that they are in."""

from typing import Any
from urllib.parse import quote, urlencode

from litestar import Request


class Links:
    """Makes links.

    Args:
        public_url: Where the operator says that the service is reached; empty: where the request went.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url

    @property
    def public(self) -> str | None:
        """Where the service is, whatever a request says; None where nobody has said it."""
        return self._public_url or None

    def here(self, request: Request[Any, Any, Any]) -> str:
        """Tell what links begin with, without a slash at its end."""
        return self._public_url or str(request.base_url).rstrip("/")

    def of(self, request: Request[Any, Any, Any], *path: str, **query: str | None) -> str:
        """Link to a resource of the service, by the parts of its path."""
        named = {name: value for name, value in query.items() if value is not None}
        place = "/".join([self.here(request), *(quote(part, safe="") for part in path)])
        return f"{place}?{urlencode(named)}" if named else place
