"""The OpenAPI document for programs, and the AsyncAPI document of its WebSockets."""

from typing import Any

from litestar import Request, Response, get
from litestar.openapi.plugins import JsonRenderPlugin

from service.routes.avatartalk.asyncapi import document
from service.routes.http.conditions import cacheable_json
from service.routes.http.links import Links
from service.routes.http.parts import Part


class EncodedOnce(JsonRenderPlugin):
    """The document as JSON, which is encoded for the first who asks: it never changes while a process runs."""

    _encoded: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the document."""
        if self._encoded is None:
            self._encoded = super().render(request, openapi_schema)
        return self._encoded


@get("/schema/asyncapi.json", include_in_schema=False, sync_to_thread=False)
def asyncapi(request: Request[Any, Any, Any], links: Part[Links]) -> Response[Any]:
    """Describe the WebSockets."""
    return cacheable_json(request, document(links.here(request)), headers={})
