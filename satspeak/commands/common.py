"""What the commands of buyers share: where the service is, how they are told, how they end."""

import asyncio
import functools
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from satspeak.client import Client
from satspeak.commands.exits import KNOWN, CommandFailed, Exit, fail
from satspeak.commands.kept import Order, Orders

USUAL_URL = "http://127.0.0.1:8010"

STANDARD_OUTPUT = Path("-")

PATIENCE_S = 60.0
"""For how long a service is waited for that is away or busy, once something is bought of it."""

_FIRST_PATIENCE_S = 6.0
"""Until then: whoever mistyped an address wants to know."""

Command = Callable[..., Awaitable[None]]

Kept = Callable[[Mapping[str, Any]], Order | None]
"""Finds the order that the arguments of a command mean."""


class Told:
    """What a command says: to programs a line of JSON each, to people sentences.

    Attributes:
        as_json: Whether programs read it.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def event(self, name: str, **facts: Any) -> None:
        """Tell programs."""
        if self.as_json:
            click.echo(json.dumps({"event": name, **facts}, ensure_ascii=False))

    def value(self, value: Any) -> bool:
        """Give programs the whole answer; whether that was it."""
        if self.as_json:
            click.echo(msgspec.json.encode(value))
        return self.as_json

    def say(self, line: str = "", **style: Any) -> None:
        """Tell people, beside what the command gives."""
        if not self.as_json:
            click.secho(line, err=True, **style)

    @property
    def watched(self) -> bool:
        """Whether somebody looks at a terminal."""
        return not self.as_json and sys.stderr.isatty()


def of_service(work: Command, *, kept: Kept | None = None) -> Callable[..., None]:
    """Give a command a client of the service and a voice, and tell what goes wrong.

    An option `api_key` of the command becomes the client's. An order that is `kept` is asked for where it was made:
    its tokens are for no other shop, whichever is the usual one by now.
    """

    @click.option(
        "--url",
        envvar="SATSPEAK_URL",
        default=USUAL_URL,
        show_default=True,
        help="The service; or SATSPEAK_URL."
        + (" An order is asked for where it was made." if kept is not None else ""),
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
    @functools.wraps(work)
    def run(*, url: str, as_json: bool, api_key: str | None = None, **arguments: Any) -> None:
        told = Told(as_json=as_json)
        order = None if kept is None or is_said("url") else kept(arguments)
        url = url if order is None else order.url

        async def ask() -> None:
            async with Client(url, api_key=api_key, patience_s=_FIRST_PATIENCE_S) as client:
                await work(client, told, **arguments)

        try:
            asyncio.run(ask())
        except (*KNOWN, CommandFailed) as error:
            fail(error, as_json=as_json)
        except KeyboardInterrupt:
            click.echo(err=True)
            raise SystemExit(Exit.INTERRUPTED) from None

    return run


def is_said(option: str) -> bool:
    """Tell whether an option is in the command line itself."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def kept_order(named: str | None) -> Order:
    """Find the order that is meant.

    Raises:
        CommandFailed: There is none, or more than one.
    """
    order = Orders().find(named)
    if order is None:
        which = "No order was made from here yet." if named is None else f"No order is kept as {named}."
        raise CommandFailed(Exit.USAGE, which)
    return order


def writable(out: Path, *, force: bool) -> None:
    """Say before anything is paid that a file cannot be written.

    Raises:
        click.UsageError: It cannot; or it is there already, and not to be written over.
    """
    if out == STANDARD_OUTPUT:
        if sys.stdout.isatty():
            raise click.UsageError("An MP4 is nothing for a terminal: name a file, or pipe it.")
        return
    if out.exists() and not force:
        raise click.UsageError(f"{out} is there already: --force writes over it.")
    if not out.absolute().parent.is_dir() or not os.access(out.absolute().parent, os.W_OK):
        raise click.UsageError(f"{out.absolute().parent} is no folder that can be written to.")
    out.with_name(f"{out.name}.part").unlink(missing_ok=True)  # of another order
