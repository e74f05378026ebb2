"""The small files that browsers, searchers and finders of weaknesses ask every site for."""

import functools
from datetime import UTC, datetime, timedelta
from string import Template
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException

from service.routes.http.conditions import cacheable, cacheable_json
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.routes.pages.assets import asset
from service.routes.pages.pages import FOLDER
from service.routes.pages.rendering import here
from service.runtime.clock import Clock
from service.runtime.web import WebTerms

A_DAY = {"Cache-Control": "public, max-age=86400"}

ROBOTS = "User-agent: *\nDisallow: /lightning/payment\nDisallow: /lightning/qr/\nDisallow: /account\n"
"""What is of no use to searchers. Pages, posters and videos are: cards of links are made by programs that read this."""

VALID = timedelta(days=180)
"""RFC 9116, section 2.5.5, recommends less than a year."""

AnyRequest = Request[Any, Any, Any]


@get("/favicon.svg", include_in_schema=False, sync_to_thread=False)
def favicon(request: AnyRequest) -> Response[Any]:
    """Show the sign of the shop."""
    return cacheable(request, asset("favicon.svg").content, media_type="image/svg+xml", headers=A_DAY)


@get("/favicon.ico", include_in_schema=False, sync_to_thread=False)
def old_favicon(request: AnyRequest) -> Response[Any]:
    """Show the same to whoever looks where it used to be."""
    return cacheable(request, asset("favicon.svg").content, media_type="image/svg+xml", headers=A_DAY)


@get("/manifest.webmanifest", include_in_schema=False, sync_to_thread=False)
def manifest(request: AnyRequest) -> Response[Any]:
    """Describe the shop to a phone that puts it on its home screen (https://www.w3.org/TR/appmanifest/)."""
    answer = {
        "name": "satspeak",
        "short_name": "satspeak",
        "start_url": "/",
        "display": "standalone",
        "background_color": "#fbfaf7",
        "theme_color": "#fbfaf7",
        "icons": [{"src": "/favicon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
    }
    return cacheable_json(request, answer, headers=A_DAY)


@get("/robots.txt", include_in_schema=False, sync_to_thread=False)
def robots(request: AnyRequest) -> Response[Any]:
    """Tell searchers what is none of theirs (RFC 9309)."""
    return cacheable(request, ROBOTS.encode(), media_type="text/plain", headers=A_DAY)


@get("/llms.txt", include_in_schema=False, sync_to_thread=False)
def llms(request: AnyRequest, links: Part[Links]) -> Response[Any]:
    """Tell language models and their programs how to buy (https://llmstxt.org)."""
    content = _llms().substitute(here=links.here(request)).encode()
    return cacheable(request, content, media_type="text/markdown", headers=A_DAY)


@functools.cache
def _llms() -> Template:
    return Template((FOLDER / "llms.txt").read_text())


@get("/.well-known/security.txt", include_in_schema=False, sync_to_thread=False)
def security(request: AnyRequest, web: Part[WebTerms], now: Part[Clock]) -> Response[Any]:
    """Tell whom to write to about a weakness (RFC 9116); there is no such file where the operator names nobody."""
    if not web.security_contact:
        raise NotFoundException
    today = now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: {web.security_contact}",
        f"Expires: {_written(today + VALID)}",
        "Preferred-Languages: en",
        f"Canonical: {here(request)}/.well-known/security.txt",
    )
    content = "".join(f"{line}\n" for line in lines).encode()
    return cacheable(request, content, media_type="text/plain", headers=A_DAY)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


HANDLERS = [favicon, old_favicon, manifest, robots, llms, security]
