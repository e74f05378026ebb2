"""Lets pages of other sites ask (Fetch standard, section 3.2): for surfaces that keep no cookie and know no session."""

from litestar import HttpMethod
from litestar.enums import ScopeType
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Middleware, Receive, Scope, Send

from service.routes.http.request_ids import add_header

CACHED_S = 86_400


def open_to_pages(method: str, *, sent: tuple[str, ...] = (), read: tuple[str, ...] = ()) -> Middleware:
    """Make a middleware that lets any page ask and read the answers, refusals too.

    Args:
        method: By which it asks.
        sent: Headers that it may send beyond those that any page may.
        read: Headers of an answer that it may read beyond those.
    """
    preflight = {"Access-Control-Allow-Methods": method, "Access-Control-Max-Age": str(CACHED_S)}
    if sent:
        preflight["Access-Control-Allow-Headers"] = ", ".join(sent)

    def middleware(app: ASGIApp) -> ASGIApp:
        async def opened(scope: Scope, receive: Receive, send: Send) -> None:
            add_header(scope, "Access-Control-Allow-Origin", "*")
            if scope["type"] == ScopeType.HTTP and scope["method"] == HttpMethod.OPTIONS:
                headers = {**preflight, "Allow": f"{method}, OPTIONS"}
                await ASGIResponse(status_code=204, headers=headers)(scope, receive, send)
                return
            if read:
                add_header(scope, "Access-Control-Expose-Headers", ", ".join(read))
            await app(scope, receive, send)

        return opened

    return middleware
