"""Makes pages of the desk's templates. No script runs on them, and nobody keeps them."""

from datetime import UTC, datetime
from html import escape
from typing import Any, cast

import msgspec
from litestar import Response
from litestar.exceptions import NotAuthorizedException
from litestar.plugins.minijinja import MiniJinjaTemplateEngine
from minijinja import safe

from service.errors import OrderNotFound
from service.routes.desk.gate import HOME, OPERATOR, SIGN_IN, AnyRequest
from service.routes.desk.words import words
from service.routes.http import problems
from service.routes.pages import assets

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With none at all a browser would not say either which page a change comes from.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}

MSAT = 1000

PLACES = (
    ("money", HOME),
    ("orders", f"{HOME}/orders"),
    ("owed", f"{HOME}/owed"),
    ("accounts", f"{HOME}/accounts"),
    ("system", f"{HOME}/system"),
    ("webhooks", f"{HOME}/webhooks"),
)
"""The pages that the navigation leads to."""


def page(
    request: AnyRequest,
    template: str,
    *,
    place: str = "",
    status_code: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response[Any]:
    """Answer with a page.

    Args:
        request: Who asks.
        template: Of the folder of the desk's pages.
        place: Which of `PLACES` it is.
        status_code: Of the answer.
        headers: Beyond those of every page.
        context: What the template shows.
    """
    said = words()
    engine = cast("MiniJinjaTemplateEngine", request.app.template_engine)
    content = engine.get_template(f"desk/{template}").render(
        w=said.page,
        said=said,
        place=place,
        places=[(name, safe(path), said.page[f"place_{name}"]) for name, path in PLACES],
        operator=request.state.get(OPERATOR),
        style=safe(assets.url("desk.css")),
        sat=sat,
        at=at,
        seconds=seconds,
        number=number,
        **context,
    )
    return Response(
        content.encode(),
        media_type="text/html",
        headers={**HEADERS, **(headers or {})},
        status_code=status_code,
    )


def redirect(path: str) -> Response[Any]:
    """Lead to a page after a change, so that a reload changes nothing again."""
    return Response(None, status_code=303, headers={**HEADERS, "Location": path})


def sat(msat: int | None) -> str:
    """Write an amount of millisatoshi in satoshi."""
    if msat is None:
        return "–"
    whole, rest = divmod(msat, MSAT)
    return f"{whole:,}" + (f".{rest:03d}".rstrip("0") if rest else "")


def at(moment: datetime | None) -> Any:
    """Write a moment, in UTC."""
    if moment is None:
        return "–"
    utc = moment.astimezone(UTC)
    return safe(f'<time datetime="{escape(utc.isoformat())}">{utc:%Y-%m-%d %H:%M:%S}</time>')


def seconds(ms: int | None) -> str:
    """Write milliseconds in seconds."""
    return "–" if ms is None else f"{ms / 1000:,.3f}".rstrip("0").rstrip(".")


def number(value: int) -> str:
    """Write a number so that it can be read."""
    return f"{value:,}"


def _sign_in_first(_request: AnyRequest, _error: Exception) -> Response[Any]:
    return redirect(SIGN_IN)


def nothing(request: AnyRequest, _error: Exception | None = None) -> Response[Any]:
    """Say that nothing of the shop is called what was asked for."""
    return page(request, "nothing.html", status_code=404)


def _problem(request: AnyRequest, error: Exception) -> Response[Any]:
    """Show what the API would say, to people."""
    handle = next(problems.HANDLERS[base] for base in type(error).__mro__ if base in problems.HANDLERS)
    answer = handle(request, error)
    said = msgspec.json.decode(answer.content, type=dict[str, Any])
    return page(
        request,
        "problem.html",
        status_code=answer.status_code or 500,
        headers=dict(answer.headers),
        title=said.get("title", ""),
        detail=said.get("detail", said.get("message", "")),
    )


HANDLERS: dict[Any, Any] = {
    **dict.fromkeys(problems.HANDLERS, _problem),
    NotAuthorizedException: _sign_in_first,
    OrderNotFound: nothing,  # the API speaks of an invoice; here a number was asked for
}
