"""What every program of the worker does alike: how it listens, serves and logs."""

import logging
import socket
import sys
from typing import Any

import structlog
import uvicorn

# Sound and pictures wait in the kernel for a slow reader. Left to itself it takes megabytes, a minute of video,
# and that much would be rendered for someone who may never read it.
BUFFER_BYTES = 64 * 1024

# A connection between two requests: longer than any client keeps it, whose request would be lost if it came while the
# connection is closed.
_KEPT_ALIVE_S = 75

_LONGEST_MESSAGE_BYTES = 1 << 20  # of a live session: half a minute of PCM


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    # Its connections inherit it.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    return listener


def make_server(app: Any, *, grace_s: int) -> uvicorn.Server:
    """Make the server of an ASGI app.

    Args:
        app: what is served.
        grace_s: seconds that what is under way gets to finish.
    """
    config = uvicorn.Config(
        app,
        lifespan="on",
        loop="asyncio",  # Ray brings uvloop, under which nothing here was tried
        http="h11",  # which bounds the head of a request
        ws="websockets-sansio",
        ws_max_size=_LONGEST_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # pictures do not get smaller
        log_config=None,
        access_log=False,
        timeout_keep_alive=_KEPT_ALIVE_S,
        timeout_graceful_shutdown=grace_s,
    )
    return uvicorn.Server(config)


def log_to_stderr() -> None:
    """Send our own log and that of the libraries the same way."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    # Plain tracebacks: the rich ones show local variables, and with them what a buyer wrote.
    renderer = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(
        processors=[*shared, renderer], logger_factory=structlog.WriteLoggerFactory(sys.stderr)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=renderer))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Drop the traceback with which uvicorn reports a broken stream: whatever broke it has logged its own."""
    record.exc_info = None
    return True
