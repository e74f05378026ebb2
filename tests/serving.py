"""Servers in the event loop of a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import uvicorn

START_S = 60
"""To start: where nothing was compiled or loaded yet, beside others, a service was seen to take 23 s."""


async def live(receive: Any, send: Any) -> None:
    """Start and end as an ASGI app that has nothing to prepare."""
    kind = ""
    while kind != "lifespan.shutdown":
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})


async def body_of(receive: Any) -> bytes:
    """Read the whole body of a request."""
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event.get("body", b""), event.get("more_body", False)
    return body


@contextlib.asynccontextmanager
async def serve(app: Any, config: uvicorn.Config | None = None) -> AsyncIterator[str]:
    """Run an ASGI app on a real socket in this event loop; its URL."""
    config = config or uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_config=None,
        timeout_keep_alive=75,  # longer than its clients do, as servers should
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # pytest's signals stay its own.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]  # same shape
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(START_S):
        while not server.started:
            if task.done():
                task.result()
            await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
