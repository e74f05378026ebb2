"""Chooses by the path in whose shape an error is told: also where no route is, which no router of a surface sees."""

from collections.abc import Mapping
from typing import Any

from litestar import Response

from service.routes.http.problems import AnyRequest, Handlers


def by_surface(ours: Handlers, surfaces: Mapping[str, Handlers]) -> Handlers:
    """Join handlers of errors.

    Args:
        ours: Of all paths that no surface has.
        surfaces: Of each surface, by the path that all of its paths begin with; the longest decides.
    """
    prefixes = sorted(surfaces, key=len, reverse=True)

    def of(path: str) -> Handlers:
        for prefix in prefixes:
            if path == prefix or path.startswith(f"{prefix}/"):
                return surfaces[prefix]
        return ours

    def answer(request: AnyRequest, error: Any) -> Response[bytes]:
        handlers = of(request.scope["path"])
        return next(handlers[base] for base in type(error).__mro__ if base in handlers)(request, error)

    return dict.fromkeys({*ours, *(kind for handlers in surfaces.values() for kind in handlers)}, answer)
