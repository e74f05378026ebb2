"""Opens paths to the pages of any site: who calls them shows a key or a link, and never a cookie."""

from collections.abc import Collection

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from service.routes.http.cors import CACHED_S, SENT

PATHS = frozenset({"/offer", "/human", "/humanaudio", "/interrupt_talk", "/is_speaking", "/record", "/sse"})
FOLDERS = ("/record/", "/api/v1/avatar/")

_ANY = (b"access-control-allow-origin", b"*")
_PREFLIGHT = [
    _ANY,
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", ", ".join(SENT).encode()),
    (b"access-control-max-age", str(CACHED_S).encode()),
]


def open_to_all_pages(
    app: ASGIApp, paths: Collection[str] = PATHS, folders: tuple[str, ...] = FOLDERS
) -> ASGIApp:
    """Wrap an application: answer preflights for these paths, and let any page read their answers (Fetch, 3.2)."""

    async def opened(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not (
            scope["path"] in paths or scope["path"].startswith(folders)
        ):
            await app(scope, receive, send)
            return
        names = {name for name, _ in scope["headers"]}
        if scope["method"] == "OPTIONS" and {b"origin", b"access-control-request-method"} <= names:
            await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return

        async def send_opened(message: Message) -> None:
            if message["type"] == "http.response.start" and b"origin" in names:
                others = [header for header in message["headers"] if header[0].lower() != _ANY[0]]
                message["headers"] = [*others, _ANY]
            await send(message)

        await app(scope, receive, send_opened)

    return opened
