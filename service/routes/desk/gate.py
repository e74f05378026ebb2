"""Who may come to the desk: whoever has signed in, from pages of the desk itself.

A change needs all of this: a cookie that no other site's request carries (`SameSite=Strict`), an `Origin` that is this
very service, and no `Sec-Fetch-Site` that says otherwise. Pages of other origins may read nothing of it, whatever the
operator opened the API to.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import ScopeType
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.types import ASGIApp, Message, Middleware, Receive, Scope, Send

from service.desk.desk import OperatorsDesk

HOME = "/desk"

SIGN_IN = f"{HOME}/sign-in"

COOKIE, SECURE_COOKIE = "desk", "__Secure-desk"

OPERATOR = "operator"
"""Under which a request's state has who sits at the desk."""

READING = ("GET", "HEAD")

_OF_OTHERS = b"access-control-"

AnyRequest = Request[Any, Any, Any]


def gate(desk: Callable[[], OperatorsDesk], public_url: str) -> Middleware:
    """Make a middleware that turns away who has not signed in, and changes that other sites ask for.

    Args:
        desk: Gives the desk, once the application has started.
        public_url: Where the operator says that the service is reached.

    Raises:
        PermissionDeniedException: Another site asks for a change, or nobody says which.
        NotAuthorizedException: There is no session.
    """

    def middleware(app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            request = AnyRequest(scope)
            if request.method not in READING and not is_own(request, public_url):
                raise PermissionDeniedException(
                    "This change was not asked for by a page of the desk. Behind a proxy that speaks TLS, set"
                    " SATSPEAK_PUBLIC_URL."
                )
            if request.url.path != SIGN_IN:
                operator = await desk().signing_in.check(token_of(request))
                if operator is None:
                    raise NotAuthorizedException
                request.state[OPERATOR] = operator
            await app(scope, receive, send)

        return guarded

    return middleware


def is_own(request: AnyRequest, public_url: str) -> bool:
    """Whether the page that sends a request is this service's, as its browser says."""
    origin = request.headers.get("Origin", "")
    here = request.headers.get("Host", "").lower()
    # Where a proxy speaks TLS for us and is not believed, we are asked in plain: the host is the same all the same.
    own = {f"{request.url.scheme}://{here}", f"https://{here}"}
    if public_url:
        public = urlsplit(public_url)
        own.add(f"{public.scheme}://{public.netloc}")
    return origin in own and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def token_of(request: AnyRequest) -> str | None:
    """Return the token of a session that a request shows."""
    return request.cookies.get(SECURE_COOKIE) or request.cookies.get(COOKIE)


def cookie(request: AnyRequest, token: str, max_age_s: int) -> Cookie:
    """Make the cookie of a session: for the desk alone, out of reach of scripts and of other sites."""
    secure = request.headers.get("Origin", "").startswith("https://")
    return Cookie(
        key=SECURE_COOKIE if secure else COOKIE,
        value=token,
        max_age=max_age_s,
        path=HOME,
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def without_others(app: ASGIApp) -> ASGIApp:
    """Wrap an application, so that no answer of the desk opens it to pages of other origins."""

    async def closed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not _is_of_desk(scope["path"]):
            await app(scope, receive, send)
            return

        async def send_closed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = list(_own(message["headers"]))
            await send(message)

        await app(scope, receive, send_closed)

    return closed


def _is_of_desk(path: str) -> bool:
    return path == HOME or path.startswith(f"{HOME}/")


def _own(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    return ((name, value) for name, value in headers if not name.lower().startswith(_OF_OTHERS))
