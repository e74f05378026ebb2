"""The OpenAPI document for programs."""

from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin


class EncodedOnce(JsonRenderPlugin):
    """The document as JSON, which is encoded for the first who asks: it never changes while a process runs."""

    _encoded: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the document."""
        if self._encoded is None:
            self._encoded = super().render(request, openapi_schema)
        return self._encoded
