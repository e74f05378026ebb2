"""An HTTP client that connects to hosts on the internet alone, however often their names change what they lead to.

Each connection resolves the name once, judges all that it resolves to, and goes to what was judged. No redirect is
followed, no proxy asked, no cookie kept.
"""

import asyncio
import functools
import ssl
from collections.abc import Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from service.runtime.internet import Names, NotPublic


class Guard(httpcore.AsyncNetworkBackend):
    """Connects to addresses of the internet."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._inner = httpcore.AnyIOBackend()

    async def resolve(self, host: str, port: int) -> list[str]:
        """Look a name up, and judge all that it leads to.

        Raises:
            NotPublic: It does not lead to the internet alone.
        """
        return await self._names.resolve(host, port)

    def admit(self, address: str) -> None:
        """Refuse an address that was judged, by raising: there may be other reasons."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge, connect."""
        try:
            addresses = await self.resolve(host, port)
        except NotPublic as error:
            raise httpcore.ConnectError(str(error)) from error
        self.admit(addresses[0])
        return await self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def guarded_client(guard: Guard, *, timeout_s: float, connections: int) -> httpx.AsyncClient:
    """Make a client of its own, since no other may use what guards this one.

    Args:
        guard: Connects.
        timeout_s: How long each step may take: to connect, to send, to hear something.
        connections: Most at once.
    """
    context = _trusting()
    transport = httpx.AsyncHTTPTransport(trust_env=False, verify=context)
    transport._pool = httpcore.AsyncConnectionPool(  # noqa: SLF001 - httpx has no argument for it
        ssl_context=context,
        max_connections=connections,
        max_keepalive_connections=0,
        network_backend=guard,
    )
    return httpx.AsyncClient(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        timeout=timeout_s,
        # It would keep whatever any host says, and for ever.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


@functools.cache
def _trusting() -> ssl.SSLContext:
    """Read whom the system trusts, once for all clients: 30 ms."""
    return ssl.create_default_context()
