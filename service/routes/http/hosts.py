"""Refuses requests whose `Host` is none (RFC 9112, section 3.2), before anything is made or paid for.

Links in answers begin with it: whoever finds only there that it cannot be read answers with an error what is paid.
"""

import functools
import re
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from service.routes.http.problems import malformed_http

LONGEST = 300
"""A name has at most 253 characters."""

_LETTERS = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")


def with_readable_hosts(app: ASGIApp) -> ASGIApp:
    """Wrap an application, so that nothing in it meets another."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and not all(
            len(value) <= LONGEST and _is_readable(value)
            for name, value in scope["headers"]
            if name == b"host"
        ):
            headers, body = malformed_http("Header 'Host' names no host.")
            await send({"type": "http.response.start", "status": 400, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})
            return
        await app(scope, receive, send)

    return checked


@functools.lru_cache(maxsize=256)
def _is_readable(host: bytes) -> bool:
    if _LETTERS.fullmatch(host) is None:
        return False
    try:
        place = urlsplit(f"//{host.decode()}")
        _ = place.hostname, place.port
    except ValueError:
        return False
    return True
