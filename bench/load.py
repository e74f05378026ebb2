"""A load generator light enough not to be what is measured: prepared requests over kept-alive connections.

httpx spends about a millisecond of CPU on a request, as much as the service does, and on two cores the share
of the client would hide that of the server.
"""

import asyncio
import contextlib
import math
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import msgspec


def prepare(
    method: str, path: str, body: bytes, *, host: str, headers: Mapping[str, str] | None = None
) -> bytes:
    """Build one HTTP/1.1 request as bytes."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection:
    """One kept-alive connection that sends prepared requests one after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int) -> "Connection":
        """Connect."""
        return cls(*await asyncio.open_connection(host, port))

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Send a prepared request and return the answer's status and body."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        return int(head.split(b" ", 2)[1]), await self._reader.readexactly(length)

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def connected(port: int, count: int) -> AsyncIterator[list[Connection]]:
    """Connect so many clients to a server on this machine."""
    connections = [await Connection.open("127.0.0.1", port) for _ in range(count)]
    try:
        yield connections
    finally:
        for connection in connections:
            await connection.close()


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What many callers got together."""

    count: int
    per_s: float
    ms_p50: float
    ms_p99: float


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that so large a share of them does not exceed.

    By the nearest rank, so it is one that there was: of few values `statistics.quantiles` goes beyond the largest.
    """
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


async def measure(calls: list[Callable[[], Awaitable[object]]], *, seconds: float) -> Load:
    """Let each caller repeat its call for a while."""
    took_ms: list[float] = []
    start = time.perf_counter()

    async def repeat(call: Callable[[], Awaitable[object]]) -> None:
        while (began := time.perf_counter()) - start < seconds:
            await call()
            took_ms.append((time.perf_counter() - began) * 1000)

    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(repeat(call))
    return Load(
        count=len(took_ms),
        per_s=len(took_ms) / (time.perf_counter() - start),
        ms_p50=statistics.median(took_ms),
        ms_p99=percentile(took_ms, 0.99),
    )
