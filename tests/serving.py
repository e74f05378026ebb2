"""Servers in the event loop of a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import uvicorn

START_S = 60
"""To start: where nothing was compiled or loaded yet, beside others, a service was seen to take 23 s."""


@contextlib.asynccontextmanager
async def serve(app: Any, config: uvicorn.Config | None = None) -> AsyncIterator[str]:
    """Run an ASGI app on a real socket in this event loop; its URL."""
    server = uvicorn.Server(
        config or uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
    )
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
