"""`python -m regtest`: a real Lightning network at the command line."""

import asyncio
import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, ParamSpec

import click

from regtest.build import cache_folder
from regtest.chain import ChainChoice
from regtest.errors import NotReady, RegtestError
from regtest.network import Network, is_running, read_state

P = ParamSpec("P")

_DOWN_TIMEOUT_S = 60.0
_POLL_S = 0.1


def _running(command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a click command of a coroutine, and a message of an error that we raise on purpose."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            asyncio.run(command(*args, **kwargs))
        except RegtestError as error:
            raise click.ClickException(str(error)) from error

    return run


def _folder_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--folder",
        type=click.Path(file_okay=False, path_type=Path, resolve_path=True),
        default=lambda: cache_folder() / "regtest" / "network",
        show_default="the cache folder's regtest/network",
        help="Where everything that the network writes is kept.",
    )(command)


@click.group()
def main() -> None:
    """Run a private chain and two LNDs, a merchant and a payer, with a funded channel between them."""


@main.command()
@_folder_option
@click.option(
    "--chain",
    type=click.Choice(["auto", "btcd", "bitcoind"]),
    default="auto",
    show_default=True,
    help="auto takes bitcoind where it is on PATH.",
)
@click.option("--detach", is_flag=True, help="Return when it is ready, and leave it running until `down`.")
@_running
async def up(folder: Path, chain: ChainChoice, *, detach: bool) -> None:
    """Start a new network and keep it until Ctrl-C; the first time, its programs are built, which takes minutes."""
    if detach:
        await _start_in_background(folder, chain)
        return
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    starting = asyncio.ensure_future(Network.start(folder, chain=chain, on_progress=click.echo))
    ending = asyncio.ensure_future(ended.wait())
    await asyncio.wait((starting, ending), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        return
    async with starting.result():
        click.echo(f"in {folder}; Ctrl-C ends it")
        await ending
    click.echo("ended")


@main.command()
@_folder_option
@_running
async def down(folder: Path) -> None:
    """End the network."""
    state = read_state(folder)
    os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + _DOWN_TIMEOUT_S
    while is_running(folder):
        if time.monotonic() > deadline:
            raise NotReady("the end of the network", _DOWN_TIMEOUT_S)
        await asyncio.sleep(_POLL_S)


@main.command()
@_folder_option
@_running
async def status(folder: Path) -> None:
    """Tell the chain's height, and each node's state and balance."""
    async with Network.attach(folder) as network:
        click.echo(f"chain     {network.chain.access.name}, height {await network.chain.height()}")
        for node in (network.merchant, network.payer):
            said, balance = await node.status(), await node.channel_balance()
            click.echo(
                f"{node.name:<9} {said.pubkey} at {node.address}, height {said.height}"
                f"{'' if said.synced else ' (not in step)'}, {said.active_channels} active channel(s), "
                f"can send {balance.local_msat // 1000} sat, can receive {balance.remote_msat // 1000} sat"
            )


@main.command()
@click.argument("invoice")
@_folder_option
@_running
async def pay(invoice: str, folder: Path) -> None:
    """Pay an invoice from the payer's node."""
    async with Network.attach(folder) as network:
        payment = await network.payer.pay(invoice)
    click.echo(f"preimage  {payment.preimage.hex()}")
    click.echo(f"amount    {payment.amount_msat} msat")
    click.echo(f"fee       {payment.fee_msat} msat")


@main.command()
@click.argument("blocks", type=click.IntRange(min=1))
@_folder_option
@_running
async def mine(blocks: int, folder: Path) -> None:
    """Add blocks to the chain."""
    async with Network.attach(folder) as network:
        await network.chain.mine(blocks)
        click.echo(f"height {await network.chain.height()}")


@main.command()
@_folder_option
@_running
async def env(folder: Path) -> None:
    """Print what makes the service use the merchant's node."""
    async with Network.attach(folder) as network:
        click.echo(f"SATSPEAK_LND_ADDRESS={network.merchant.address}")
        click.echo(f"SATSPEAK_LND_TLS_CERT={network.merchant.tls_cert_path}")
        click.echo(f"SATSPEAK_LND_MACAROON={network.merchant.macaroon_path}")
        click.echo(f"SATSPEAK_LND_REFUND_MACAROON={network.merchant.refund_macaroon_path}")


async def _start_in_background(folder: Path, chain: ChainChoice) -> None:
    """Run `up` in a process of its own, and pass on what it says until it is ready."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs here that could wait for it
    log = folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own command; it returns at once
            [sys.executable, "-m", "regtest", "up", "--folder", str(folder), "--chain", chain],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the end of this terminal is not its end
        )
    with log.open() as said:
        while True:
            ended = process.poll() is not None
            click.echo(said.read(), nl=False)
            if ended:
                raise RegtestError(f"it ended with {process.returncode}; its words are in {log}")
            with contextlib.suppress(RegtestError):
                if read_state(folder).pid == process.pid:
                    return
            await asyncio.sleep(_POLL_S)


if __name__ == "__main__":
    main(prog_name="python -m regtest")
