"""Runs the server: over standard input and output, or over HTTP for those who may."""

import contextlib
import hmac
import ipaddress
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from satspeak.mcp.buying import Buyer
from satspeak.mcp.ledger import Budget, Ledger
from satspeak.mcp.server import make_server
from satspeak.mcp.shop import Shop
from satspeak.payers import open_payer

PATH = "/mcp"

LEAST_TOKEN = 16

KEPT_ALIVE_S = 75
"""A connection between two requests: longer than clients keep theirs, so that none is closed beneath a request."""


class Unsafe(Exception):
    """It would let in who must not come in."""


class Purse(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet that may be used, and how much of it."""

    wallet: str  # as `satspeak.payers.open_payer` takes it
    budget: Budget
    ledger: Path
    network: str | None


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Where HTTP is served, and to whom."""

    host: str
    port: int
    token: str | None  # that every request has to show
    hosts: tuple[
        str, ...
    ] = ()  # names that it is reached by beside its own, with a port unless it is HTTPS's
    origins: tuple[str, ...] = ()  # of pages that may ask

    def check(self, *, pays: bool) -> None:
        """Refuse to be open to whoever comes by.

        Raises:
            Unsafe: It is.
        """
        if self.token is not None and len(self.token) < LEAST_TOKEN:
            raise Unsafe(f"SATSPEAK_MCP_TOKEN has fewer than {LEAST_TOKEN} characters: anyone may guess it.")
        if self.token is None and not _is_loopback(self.host):
            raise Unsafe(f"At {self.host} anyone may ask: set SATSPEAK_MCP_TOKEN.")
        if self.token is None and pays:
            raise Unsafe("Any program of this machine could spend from the wallet: set SATSPEAK_MCP_TOKEN.")


@contextlib.asynccontextmanager
async def _opened(shop_url: str, purse: Purse | None, environment: Mapping[str, str]) -> AsyncIterator[Any]:
    """Open the shop and the wallet, and make the server."""
    async with contextlib.AsyncExitStack() as stack:
        shop = await stack.enter_async_context(Shop(shop_url.rstrip("/")))
        buyer = None
        if purse is not None:
            payer = open_payer(purse.wallet, environment)
            stack.push_async_callback(payer.aclose)
            ledger = Ledger(purse.ledger, purse.budget)
            ledger.left()  # a file that cannot be used is told now
            buyer = Buyer(shop.client, shop.url, payer, ledger, network=purse.network)
        yield make_server(shop, buyer)


async def over_stdio(shop_url: str, purse: Purse | None, environment: Mapping[str, str]) -> None:
    """Serve the program that started this one, until it closes our input.

    Raises:
        WalletUnusable: The wallet cannot be opened.
        LedgerUnusable: The file of the budget cannot be used.
    """
    async with _opened(shop_url, purse, environment) as server:
        await server.run_stdio_async()


async def over_http(shop_url: str, purse: Purse | None, environment: Mapping[str, str], door: Door) -> None:
    """Serve HTTP at `/mcp`, until it is interrupted.

    Raises:
        Unsafe: It would let in who must not come in.
        WalletUnusable: The wallet cannot be opened.
        LedgerUnusable: The file of the budget cannot be used.
    """
    door.check(pays=purse is not None)
    async with _opened(shop_url, purse, environment) as server:
        app = make_app(server, door)
        config = uvicorn.Config(
            app,
            host=door.host,
            port=door.port,
            log_config=None,
            lifespan="on",
            timeout_keep_alive=KEPT_ALIVE_S,
        )
        await uvicorn.Server(config).serve()


def make_app(server: MCPServer, door: Door) -> Any:
    """Make the ASGI application that answers at `/mcp`, to whom the door lets in."""
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=True,
        host=door.host,
        transport_security=_security(door),
    )
    return app if door.token is None else WithToken(app, door.token)


class WithToken:
    """Turns away whoever does not show the token, before anything is read; and programs start and stop as before."""

    def __init__(self, app: Any, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Let pass, or answer 401."""
        if scope["type"] == "lifespan" or self._shows(scope["headers"]):
            await self._app(scope, receive, send)
            return
        headers = [(b"content-length", b"0"), (b"www-authenticate", b'Bearer realm="satspeak"')]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _shows(self, headers: list[tuple[bytes, bytes]]) -> bool:
        shown = [value for name, value in headers if name == b"authorization"]
        return len(shown) == 1 and hmac.compare_digest(shown[0], self._expected)


def _security(door: Door) -> TransportSecuritySettings:
    """Take requests to our own names alone, and from pages that are named.

    Somebody else's page could have its name resolve to this machine (DNS rebinding).
    """
    own = {"127.0.0.1", "localhost", "[::1]"}
    if not _is_wildcard(door.host):
        own.add(f"[{door.host}]" if ":" in door.host else door.host)
    hosts = [*(f"{name}:*" for name in sorted(own)), *door.hosts]
    origins = [*(f"http://{name}:*" for name in ("127.0.0.1", "localhost", "[::1]")), *door.origins]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
