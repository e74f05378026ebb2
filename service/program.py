"""`python -m service` sells; its commands manage keys, accounts, credentials and webhooks, and list debts."""

import contextlib
import fcntl
import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import structlog
import uvicorn
from litestar import Litestar

from service.app import create_app
from service.credentials import l402
from service.diagnosis import doctor
from service.errors import SettingsError
from service.holders import accounts, keys
from service.letters import webhooks
from service.owed import owed
from service.routes.http.problems import malformed_http
from service.routes.http.request_ids import log_request_id
from service.runtime import descriptors
from service.runtime.connections import KEPT_ALIVE_S, patient_for, patient_sockets_for
from service.runtime.garbage import keep_what_is_there
from service.runtime.recent import RecentErrors
from service.runtime.stopping import Stopping
from service.settings import Settings

LONGEST_MESSAGE_BYTES = 1 << 20
"""Of a WebSocket."""


class Server(uvicorn.Server):
    """uvicorn, which on a signal first sends away the requests that wait: a drain must not wait for them."""

    def __init__(self, config: uvicorn.Config, stopping: Stopping) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open everything, then serve."""
        await super().startup(sockets)
        keep_what_is_there()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what waits, then drain."""
        self._stopping.begin()
        await super().shutdown(sockets)


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Sell talking-head videos for Lightning payments. Settings are SATSPEAK_... in the environment."""
    try:
        settings = Settings.from_env(os.environ)
        if context.invoked_subcommand is None:
            serve(settings)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    context.obj = settings


def serve(settings: Settings) -> None:
    """Run until a signal."""
    errors = RecentErrors()
    configure_logs(settings.program.log_level, errors)
    descriptors.raise_limit()
    stopping = Stopping()
    app: Litestar = create_app(settings, stopping=stopping, errors=errors)
    with alone(settings.program.data_dir):
        Server(server_config(settings, app), stopping).run()


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a data folder: what is in it is one service's, its name as a replica too.

    Raises:
        SettingsError: Another service has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "service.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsError(
                f"SATSPEAK_DATA_DIR: another service sells from {folder}. Give each a folder of its own."
            ) from error
        yield


def server_config(settings: Settings, app: Litestar) -> uvicorn.Config:
    """Say how the app is served."""
    logging.getLogger("uvicorn.error").addFilter(_without_addresses)
    return uvicorn.Config(
        app,
        host=settings.program.host,
        port=settings.program.port,
        loop="asyncio",  # uvicorn would take uvloop where something else has brought it
        backlog=descriptors.most_waiting(),
        access_log=False,  # its lines would carry invoices
        log_config=None,
        log_level=settings.program.log_level,
        timeout_keep_alive=KEPT_ALIVE_S,
        timeout_graceful_shutdown=settings.program.drain_s,
        server_header=False,
        ws=patient_sockets_for(settings.live.live_patience_s),
        ws_max_size=LONGEST_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # pictures do not get smaller
        ws_ping_timeout=settings.live.live_patience_s,
        http=patient_for(settings.program.client_patience_s, malformed_http, descriptors.most_connections()),
        proxy_headers=bool(settings.program.trusted_proxies),
        forwarded_allow_ips=settings.program.trusted_proxies,
    )


def configure_logs(level: str, errors: RecentErrors) -> None:
    """Write one line an event: for people on a terminal, JSON elsewhere; and remember the last errors."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=number, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger().addHandler(errors.handler())
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # Neither writes the values of variables with a traceback: they may hold a text or an invoice.
    if sys.stderr.isatty():
        renderers: list[structlog.types.Processor] = [
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        ]
    else:
        renderers = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            log_request_id,
            structlog.processors.add_log_level,
            errors.note,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _without_addresses(record: logging.LogRecord) -> bool:
    """Drop the lines in which uvicorn tells the addresses of WebSockets: tokens and stream keys are in these."""
    return '"WebSocket %s"' not in str(record.msg)


for command in (owed, keys, accounts, l402, webhooks, doctor):
    main.add_command(command)
