"""The command line: `satspeak demo`, the two programs, and the operator's keys and faces."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Literal

import click

import satspeak
from satspeak import holding

_PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(satspeak.__version__, prog_name="satspeak")
def main() -> None:
    """Sell talking-head videos for Lightning payments."""


@main.command(short_help="Buy one video on a real Lightning network, started for it.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-out"),
    show_default=True,
    help="Folder for demo.mp4 and its contact sheet demo.png.",
)
@click.option("--once", is_flag=True, help="Exit after the purchase instead of staying open for yours.")
@click.option("--text", default=None, help="What the avatar says; a few sentences if not given.")
@click.option("--avatar", default="european_woman", show_default=True)
@click.option("--emotion", default="happy", show_default=True)
@click.option("--language", default=None, help="Language code; detected from the text if not given.")
@click.option(
    "--chain",
    type=click.Choice(["auto", "btcd", "bitcoind"]),
    default="auto",
    show_default=True,
    help="The chain below the two LNDs; auto takes bitcoind where it is on PATH.",
)
def demo(
    *,
    out: Path,
    once: bool,
    text: str | None,
    avatar: str,
    emotion: str,
    language: str | None,
    chain: Literal["auto", "btcd", "bitcoind"],
) -> None:
    """Start a chain, two Lightning nodes, a worker and the service; buy a video; keep the shop open.

    The first run builds the nodes, which takes some minutes; later ones start within seconds. No real coins
    are touched, and everything that it started ends with it.
    """
    # Imported here, since an operator's image with `keys` has no need of nodes and video codecs.
    from satspeak.demo import TEXT, DemoFailed, Order, demonstrate  # noqa: PLC0415

    order = Order(text=text or TEXT, avatar=avatar, emotion=emotion, language=language)
    try:
        asyncio.run(demonstrate(order, out=out, once=once, chain=chain))
    except DemoFailed as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(130)


@main.command(context_settings=_PASS_ON, short_help="Run the service; settings come from the environment.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def service(arguments: tuple[str, ...]) -> None:
    """Run `python -m service` with these arguments."""
    _become("service", *arguments)


@main.command(context_settings=_PASS_ON, short_help="Run a worker.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def worker(arguments: tuple[str, ...]) -> None:
    """Run `python -m worker` with these arguments."""
    _become("worker", *arguments)


@main.command(context_settings=_PASS_ON, short_help="List what webhooks were told in vain, and replay it.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def webhooks(arguments: tuple[str, ...]) -> None:
    """Run `python -m service webhooks` with these arguments."""
    _become("service", "webhooks", *arguments)


@main.command(context_settings=_PASS_ON, short_help="End the credential of an L402 order: revoke.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def l402(arguments: tuple[str, ...]) -> None:
    """Run `python -m service l402` with these arguments."""
    _become("service", "l402", *arguments)


@main.command(context_settings=_PASS_ON, short_help="Manage API keys: create, list, revoke.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def keys(arguments: tuple[str, ...]) -> None:
    """Run `python -m service keys` with these arguments."""
    _become("service", "keys", *arguments)


@main.command(
    context_settings=_PASS_ON,
    short_help="Manage accounts with prepaid video time: create, list, grant, limit, show, top-ups.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def accounts(arguments: tuple[str, ...]) -> None:
    """Run `python -m service accounts` with these arguments."""
    _become("service", "accounts", *arguments)


for _command in holding.COMMANDS:
    main.add_command(_command)


@main.command(context_settings=_PASS_ON, short_help="List what buyers are due whose video failed.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def owed(arguments: tuple[str, ...]) -> None:
    """Run `python -m service owed` with these arguments."""
    _become("service", "owed", *arguments)


@main.command(context_settings=_PASS_ON, short_help="Manage the faces: add, list, remove.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def avatars(arguments: tuple[str, ...]) -> None:
    """Run `python -m worker avatars` with these arguments."""
    _become("worker", "avatars", *arguments)


@main.command(context_settings=_PASS_ON, short_help="Build the guide that the service serves: build.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def docs(arguments: tuple[str, ...]) -> None:
    """Run `python -m guide` with these arguments."""
    _become("guide", *arguments)


def _become(module: str, *arguments: str) -> None:
    """Replace this process, so that signals and the exit status are the program's own."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - our own module, no shell
