"""The guide: static files that `satspeak docs build` has written, which are a part of the wheel and of the image."""

import mimetypes
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from service.routes.pages import assets
from service.routes.pages.pages import CACHE_CONTROL, html

FOLDER = Path(__file__).parents[2] / "pages" / "guide"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src blob:; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The theme's signs are `data:` pictures in its style sheet; its search is a worker; an example plays a video."""

AnyRequest = Request[Any, Any, Any]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent."""

    media_type: str
    content: bytes
    packed: bytes  # by gzip


@get(["/guide", "/guide/{path:path}"], include_in_schema=False, sync_to_thread=False)
def guide(request: AnyRequest, path: FromPath[str] = "") -> Response[Any]:
    """Send a page of the guide, or what belongs to one.

    Links of pages are relative, so a page is at a path that ends with a slash.
    """
    names = _names()
    if not is_built():
        return html(request, "guide.html", status_code=404)
    name = path.strip("/")
    page = f"{name}/index.html".lstrip("/")
    if page in names:
        if not request.scope["raw_path"].endswith(b"/"):  # the router does not tell both apart
            return Redirect(f"/guide/{name}/".replace("//", "/"), status_code=308)
        name = page
    if name not in names:
        raise NotFoundException
    found = _file(name)
    headers = {"Content-Security-Policy": POLICY} if found.media_type == "text/html" else {}
    return assets.send(
        request,
        found.content,
        found.packed,
        media_type=found.media_type,
        cache_control=CACHE_CONTROL,
        headers=headers,
    )


def is_built() -> bool:
    """Whether there is one to link to."""
    return bool(_names())


@cache
def _names() -> frozenset[str]:
    """Return the names of all files: what is asked for is compared with them, and no path is ever made of it."""
    return frozenset(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())


@cache
def _file(name: str) -> File:
    content = (FOLDER / name).read_bytes()
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return File(media_type=media_type, content=content, packed=assets.pack(content))
