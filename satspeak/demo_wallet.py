"""The wallet behind the button of the demo's shop: it pays, with the demo's own node, whatever invoice it is sent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from regtest.errors import RegtestError
from regtest.lnd import LndNode

LONGEST_BYTES = 8_192
"""Of a request: an invoice has some hundred."""

PATIENCE_S = 60


@contextlib.asynccontextmanager
async def serve(payer: LndNode) -> AsyncIterator[str]:
    """Listen on loopback, on a port that nobody else has, and yield the URL.

    It answers a POST of an invoice with 200 once it is paid, and with 502 and the reason where it is not.
    """
    paying = asyncio.Lock()  # one channel, one payment at a time

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (
            contextlib.closing(writer),
            contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError),
        ):
            async with asyncio.timeout(PATIENCE_S):
                invoice = await _body(reader)
                async with paying:
                    status, said = await _pay(payer, invoice)
                head = f"HTTP/1.1 {status}\r\nContent-Length: {len(said)}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode() + said)
                await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=LONGEST_BYTES)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}/"


async def _pay(payer: LndNode, invoice: str) -> tuple[str, bytes]:
    try:
        await payer.pay(invoice)
    except RegtestError as error:
        return "502 Bad Gateway", str(error).encode()
    return "200 OK", b"paid"


async def _body(reader: asyncio.StreamReader) -> str:
    """Read the body of one request; OSError where it is too long or has no length."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.LimitOverrunError as error:
        raise OSError from error
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length" and value.strip().isdigit() and int(value) <= LONGEST_BYTES:
            return (await reader.readexactly(int(value))).decode("ascii", "replace")
    raise OSError("no length")
