"""Style sheets, modules and pictures of the pages. Each has a name that changes with its content and is kept for ever.

There is no build step: files are read when the program starts. A module that imports another names it by its plain
name (`./words.js`), which is replaced here by the name that it is sent under.
"""

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from service.routes.http.conditions import etag_of, has, not_modified

FOLDER = Path(__file__).parents[2] / "pages" / "static"

FOR_EVER = "public, max-age=31536000, immutable"

MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

_IMPORT = re.compile(r'(?<=from "\./)[\w-]+\.js(?=")')

AnyRequest = Request[Any, Any, Any]


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent."""

    name: str
    media_type: str
    content: bytes
    packed: bytes  # by gzip

    @property
    def url(self) -> str:
        """Where it is."""
        return f"/assets/{self.name}"


@cache
def asset(file: str) -> Asset:
    """Return a file of the folder, by its plain name."""
    path = FOLDER / file
    content = path.read_text()
    if path.suffix == ".js":
        content = _IMPORT.sub(lambda found: asset(found[0]).name, content)
    encoded = content.encode()
    mark = hashlib.sha256(encoded).hexdigest()[:12]
    return Asset(
        name=f"{path.stem}.{mark}{path.suffix}",
        media_type=MEDIA_TYPES[path.suffix],
        content=encoded,
        packed=pack(encoded),
    )


def url(file: str) -> str:
    """Return where a file is, for a template."""
    return asset(file).url


def modules_of(file: str) -> list[str]:
    """Return where a module and all that it imports are, so that a page can have them fetched at once."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in found:
            found[name] = None
            for other in _IMPORT.findall((FOLDER / name).read_text()):
                visit(other)

    visit(file)
    return [url(name) for name in found]


@cache
def _by_name() -> dict[str, Asset]:
    every = (asset(path.name) for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES)
    return {each.name: each for each in every}


def pack(content: bytes) -> bytes:
    """Compress, the same bytes for the same content."""
    return gzip.compress(content, mtime=0)


def accepts_gzip(request: AnyRequest) -> bool:
    """Whether a client takes gzip (RFC 9110, section 12.5.3)."""
    for offer in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


@get("/assets/{name:str}", include_in_schema=False, sync_to_thread=False)
def assets(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Send one of them."""
    found = _by_name().get(name)
    if found is None:
        raise NotFoundException
    return send(request, found.content, found.packed, media_type=found.media_type, cache_control=FOR_EVER)


def send(
    request: AnyRequest,
    content: bytes,
    packed: bytes,
    *,
    media_type: str,
    cache_control: str,
    headers: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response[Any]:
    """Answer with a content, packed for whoever takes that, or with 304."""
    sent, coding = (packed, "gzip") if accepts_gzip(request) else (content, None)
    told = {
        "Cache-Control": cache_control,
        "ETag": etag_of(sent),
        "Vary": "Accept-Encoding",
        **(headers or {}),
    }
    if status_code == 200 and has(request, told["ETag"]):  # noqa: PLR2004 - HTTP's own number
        return not_modified(told)
    if coding:
        told["Content-Encoding"] = coding
    return Response(sent, media_type=media_type, headers=told, status_code=status_code)
