"""Starts the worker: `python -m worker`."""

import os
import sys
from collections.abc import Callable

import click
import msgspec
import structlog

from worker.app import create_app
from worker.errors import WorkerError
from worker.import_command import avatars
from worker.program import listen, log_to_stderr, make_server
from worker.settings import PREFIX, Settings
from worker.speech import SpeechError

log = structlog.get_logger()


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
    log_to_stderr()
    try:
        settings = Settings.from_env(os.environ, **options)
        listener = listen(settings.host, settings.port)
        app = create_app(settings)
    except (msgspec.ValidationError, OSError, SpeechError, WorkerError) as exc:
        raise click.ClickException(str(exc)) from exc
    with listener:
        log.info("worker listens", host=settings.host, port=listener.getsockname()[1])
        make_server(app, grace_s=settings.grace_s).run(sockets=[listener])


main.add_command(avatars)


if __name__ == "__main__":
    # People run its commands as `satspeak avatars`, and all of it as `satspeak worker`.
    main(prog_name="satspeak" if sys.argv[1:2] and sys.argv[1] in main.commands else "satspeak worker")
