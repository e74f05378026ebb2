"""Starts the worker: `python -m worker`."""

import logging
import os
import socket
import sys
from collections.abc import Callable

import click
import msgspec
import structlog
import uvicorn

from worker.app import create_app
from worker.errors import WorkerError
from worker.import_command import avatars
from worker.settings import PREFIX, Settings
from worker.speech import SpeechError

log = structlog.get_logger()

# Sound and pictures wait in the kernel for a slow reader. Left to itself it takes megabytes, a minute of video,
# and that much would be rendered for someone who may never read it.
_SEND_BUFFER_BYTES = 64 * 1024

_LONGEST_MESSAGE_BYTES = 1 << 20  # of a live session: half a minute of PCM


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every setting."""
    for field in reversed(msgspec.structs.fields(Settings)):
        text = field.type.__metadata__[0].description
        option = click.option(
            f"--{field.name.replace('_', '-')}",
            help=f"{text} [{PREFIX}{field.name.upper()}; default: {field.default}]",
        )
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@_options
@click.pass_context
def main(ctx: click.Context, /, **options: str | None) -> None:
    """Render speech to talking faces, for whoever speaks the worker protocol."""
    if ctx.invoked_subcommand:
        return
    _log_to_stderr()
    try:
        settings = Settings.from_env(os.environ, **options)
        listener = _listen(settings.host, settings.port)
        app = create_app(settings)
    except (msgspec.ValidationError, OSError, SpeechError, WorkerError) as exc:
        raise click.ClickException(str(exc)) from exc
    with listener:
        log.info("worker listens", host=settings.host, port=listener.getsockname()[1])
        config = uvicorn.Config(
            app,
            lifespan="on",
            http="h11",  # which bounds the head of a request
            ws="websockets-sansio",
            ws_max_size=_LONGEST_MESSAGE_BYTES,
            ws_per_message_deflate=False,  # pictures do not get smaller
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=settings.grace_s,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    # Its connections inherit it.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    return listener


def _log_to_stderr() -> None:
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


main.add_command(avatars)


if __name__ == "__main__":
    # People run its commands as `satspeak avatars`, and all of it as `satspeak worker`.
    main(prog_name="satspeak" if sys.argv[1:2] and sys.argv[1] in main.commands else "satspeak worker")
