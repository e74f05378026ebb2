"""What routes are made of."""

from collections.abc import Iterator
from typing import Any, Self

from litestar import Router
from litestar.handlers import BaseRouteHandler
from litestar.routes import BaseRoute, HTTPRoute
from litestar.types import ControllerRouterHandler


class Routes(Router):
    """Routes that stand in one place.

    Litestar copies a router with all that its handlers say, down to the examples of their documents, wherever one is
    put, since it could stand in two places. Ours are made where they are put, and to copy them took a fifth of a start.
    """

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        """Add a handler or a router. What a handler takes is read before it is copied, and so once in a process."""
        if isinstance(value, BaseRouteHandler):
            _ = value.parsed_fn_signature
        return super().register(value)

    def handlers(self) -> Iterator[BaseRouteHandler]:
        """Yield those of all routes, in it and below it."""
        for route in self.routes:
            if isinstance(route, HTTPRoute):
                yield from route.route_handlers
            else:
                yield route.route_handler
