"""The command line: buying, running the two programs, and the operator's tools.

What each needs is loaded when it is run: `satspeak --help` is quick, and an image that sells needs nothing of what
pays.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click

import satspeak
from satspeak.commands.lazily import LazyGroup

_PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []}


def _arguments(*commands: str) -> Callable[[Any], Any]:
    """Take whatever comes, to be passed on; a shell completes the first of it by the names of commands."""

    def complete(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
        return (
            [] if context.params.get("arguments") else [name for name in commands if name.startswith(begun)]
        )

    return click.argument("arguments", nargs=-1, type=click.UNPROCESSED, shell_complete=complete)


_LAZILY = {
    "buy": ("satspeak.commands.buying:buy", "Buy a video: shows an invoice or pays it, and saves the MP4."),
    "quote": ("satspeak.commands.looking:quote", "Tell what a text would cost."),
    "status": ("satspeak.commands.looking:status", "Tell what became of an order."),
    "refund": ("satspeak.commands.looking:refund", "Get your money back for a video that failed."),
    "serve": ("satspeak.commands.serving:serve", "Run a worker and the service together, for a first shop."),
    "voices": ("satspeak.commands.looking:voices", "List the voices."),
    "top-up": ("satspeak.commands.holding:top_up", "Buy video time for an account, or for a new one."),
    "account": ("satspeak.commands.holding:account", "Tell the balance of an account."),
    "studio": ("satspeak.commands.studio:studio", "Make a film of somebody who does not exist: make."),
    "inference": ("satspeak.commands.holding:inference", "Have a video made from an account."),
}


@click.group(cls=LazyGroup, lazily=_LAZILY, context_settings={"help_option_names": ["-h", "--help"]})
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
    import asyncio  # noqa: PLC0415 - see `_LAZILY`

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


@main.group(short_help="Let agents buy, by the Model Context Protocol.", invoke_without_command=True)
@click.pass_context
@click.option(
    "--url",
    "shop",
    envvar="SATSPEAK_URL",
    default="http://127.0.0.1:8010",
    show_default=True,
    show_envvar=True,
    help="Where the shop is.",
)
@click.option(
    "--pay",
    "wallet",
    envvar="SATSPEAK_PAY",
    show_envvar=True,
    help="A wallet that buy_video pays from: lnd, phoenixd, nostr+walletconnect://… or a command with {invoice} in it."
    " Without it agents pay by themselves.",
)
@click.option(
    "--max-sats",
    type=click.IntRange(min=1),
    envvar="SATSPEAK_MAX_SATS",
    show_envvar=True,
    help="Most satoshi that one call may spend, fee included.",
)
@click.option(
    "--max-sats-per-day",
    type=click.IntRange(min=1),
    envvar="SATSPEAK_MAX_SATS_PER_DAY",
    show_envvar=True,
    help="Most satoshi that all calls of a day, in UTC, may spend.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="SATSPEAK_LEDGER",
    default=Path("~/.satspeak/purchases.sqlite3"),
    show_default=True,
    show_envvar=True,
    help="File that records what was spent. Programs that name the same file share one budget.",
)
@click.option(
    "--network",
    type=click.Choice(["mainnet", "testnet", "signet", "regtest"]),
    help="Pay only invoices of this network; of any if left out.",
)
@click.option(
    "--http", is_flag=True, help="Serve streamable HTTP at /mcp in place of standard input and output."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where, with --http.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8030, show_default=True, help="Where, with --http."
)
@click.option(
    "--allow-host", multiple=True, help="Another name that it is reached by, with its port, if any."
)
@click.option(
    "--allow-origin", multiple=True, help="A site whose pages may ask, such as https://app.example.org."
)
@click.option(
    "--token",
    envvar="SATSPEAK_MCP_TOKEN",
    show_envvar=True,
    help="What each HTTP request has to show, as a Bearer token. Better in the environment, where nobody sees it.",
)
def mcp(
    context: click.Context,
    *,
    shop: str,
    wallet: str | None,
    max_sats: int | None,
    max_sats_per_day: int | None,
    ledger: Path,
    network: str | None,
    http: bool,
    host: str,
    port: int,
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
    token: str | None,
) -> None:
    """Serve a shop's videos as tools: list_avatars, estimate_video, quote_video, payment_status, get_video, refund.

    With a wallet and a budget also buy_video and budget. Over standard input and output, for a client that starts this
    program, or with --http.
    """
    if context.invoked_subcommand is not None:
        return
    try:
        from satspeak.mcp import command  # noqa: PLC0415 - nobody else needs the SDK
        from satspeak.mcp.serving import Door  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise click.ClickException("It is not installed: pip install 'satspeak[mcp,wallet]'.") from error

    door = Door(host=host, port=port, token=token or None, hosts=allow_host, origins=allow_origin)
    command.run(
        shop,
        wallet=wallet,
        max_sats=max_sats,
        max_sats_per_day=max_sats_per_day,
        ledger=ledger,
        network=network,
        door=door if http else None,
    )


@mcp.command()
@click.option("--clear", is_flag=True, help="Ask shop and wallet what became of all that are booked.")
@click.option(
    "--forget",
    metavar="PURCHASE_ID",
    help="Free what is booked for this one, since you saw in your wallet that it was not paid, where that cannot tell.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def budget(context: click.Context, *, clear: bool, forget: str | None, as_json: bool) -> None:
    """List purchases, the newest first: name, booked, paid or unpaid, satoshi, and what was found out just now.

    What is booked counts as spent on each day, until it is known to be paid or not. Nothing is freed that may still be
    paid: its invoice has to be over. Say --url, --pay and --ledger before `budget`, or in the environment.
    """
    try:
        from satspeak.mcp import command  # noqa: PLC0415 - nobody else needs the SDK
    except ModuleNotFoundError as error:
        raise click.ClickException("It is not installed: pip install 'satspeak[mcp,wallet]'.") from error

    said = context.parent.params if context.parent is not None else {}
    told = command.settle(
        said["shop"], wallet=said["wallet"], ledger=said["ledger"], clear=clear, forget=forget
    )
    if as_json:
        command.tell(told)
        return
    for purchase, found in told:
        line = f"{purchase.id}\t{purchase.state.value}\t{purchase.sats}"
        click.echo(line if found is None else f"{line}\t{found.finding.value}: {found.why}")


@main.command(
    context_settings=_PASS_ON, short_help="List webhook messages that were given up, and send them again."
)
@_arguments("replay")
def webhooks(arguments: tuple[str, ...]) -> None:
    """Run `python -m service webhooks` with these arguments."""
    _become("service", "webhooks", *arguments)


@main.command(context_settings=_PASS_ON, short_help="Revoke the credential of an L402 order.")
@_arguments("revoke")
def l402(arguments: tuple[str, ...]) -> None:
    """Run `python -m service l402` with these arguments."""
    _become("service", "l402", *arguments)


@main.command(context_settings=_PASS_ON, short_help="Manage API keys: create, list, revoke.")
@_arguments("create", "list", "revoke")
def keys(arguments: tuple[str, ...]) -> None:
    """Run `python -m service keys` with these arguments."""
    _become("service", "keys", *arguments)


@main.command(
    context_settings=_PASS_ON,
    short_help="Manage accounts with prepaid video time: create, list, grant, limit, show, top-ups.",
)
@_arguments("create", "grant", "limit", "list", "show", "top-ups", "webhook")
def accounts(arguments: tuple[str, ...]) -> None:
    """Run `python -m service accounts` with these arguments."""
    _become("service", "accounts", *arguments)


@main.command(context_settings=_PASS_ON, short_help="List what is owed to buyers whose video failed.")
@_arguments("paid")
def owed(arguments: tuple[str, ...]) -> None:
    """Run `python -m service owed` with these arguments."""
    _become("service", "owed", *arguments)


@main.command(
    context_settings=_PASS_ON,
    short_help="List the faces that a shop sells; or manage a worker's: add, list, remove.",
)
@_arguments("add", "list", "remove")
def avatars(arguments: tuple[str, ...]) -> None:
    """List what `satspeak buy` can choose; `add`, `list` and `remove` run `python -m worker avatars` with these."""
    if arguments and arguments[0] in ("add", "list", "remove"):
        _become("worker", "avatars", *arguments)
    from satspeak.commands.looking import list_avatars  # noqa: PLC0415 - see `_LAZILY`

    list_avatars.main(list(arguments), prog_name="satspeak avatars")


@main.command(
    context_settings=_PASS_ON, short_help="Check everything a shop needs, and say what to do about problems."
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def doctor(arguments: tuple[str, ...]) -> None:
    """Run `python -m service doctor` with these arguments."""
    _become("service", "doctor", *arguments)


@main.command(context_settings=_PASS_ON, short_help="Build the guide that the service serves: build.")
@_arguments("build")
def docs(arguments: tuple[str, ...]) -> None:
    """Run `python -m guide` with these arguments."""
    _become("guide", *arguments)


def _become(module: str, *arguments: str) -> None:
    """Replace this process, so that signals and the exit status are the program's own."""
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - our own module, no shell
