"""A chain, a merchant and a payer with a funded channel between them."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from regtest import chain as chains
from regtest.build import Binaries, Progress, binaries
from regtest.chain import Chain, ChainAccess, ChainChoice
from regtest.errors import ChainError, NetworkNotRunning, NetworkRunning
from regtest.lnd import LndNode, NodeAccess, lnd_arguments
from regtest.ports import Ports
from regtest.process import Guard, Program, until

_CAPACITY_SAT = 16_000_000  # just under the most that a channel may hold without special options
_PUSHED_SAT = 6_000_000  # the merchant can pay as well: refunds
# btcd activates segwit after three windows of 144 blocks; before that it refuses the funding transaction.
_BLOCKS = 450
_BLOCKS_TO_CONFIRM = 6
_COINS_TIMEOUT_S = 30.0
# LND calls itself out of step, and would not start, when the newest block is two hours old.
_MINE_EVERY_S = 30 * 60.0
_STATE_FILE = "network.json"
_LOCK_FILE = "network.lock"
_PARTS = ("chain", "merchant", "payer")


class NetworkState(msgspec.Struct, frozen=True, kw_only=True):
    """What `network.json` in a network's folder tells other processes."""

    pid: int
    chain: ChainAccess
    merchant: NodeAccess
    payer: NodeAccess


class Network:
    """A running network; `start` one of your own, or `attach` to one that another process runs.

    As a context manager it ends what it started. That ends with this process too, whatever ends this process.
    """

    def __init__(
        self,
        folder: Path,
        chain: Chain,
        merchant: LndNode,
        payer: LndNode,
        closing: contextlib.AsyncExitStack,
    ) -> None:
        self.folder = folder
        self.chain = chain
        self.merchant = merchant
        self.payer = payer
        self._closing = closing

    @classmethod
    async def start(
        cls,
        folder: Path,
        *,
        chain: ChainChoice = "auto",
        on_progress: Progress = lambda _line: None,
        environment: Mapping[str, str] = os.environ,
    ) -> Self:
        """Start a new network in a folder, in place of an ended one; return when the payer can pay the merchant.

        Args:
            folder: for everything that the network writes.
            chain: `auto` takes bitcoind where it is on PATH.
            on_progress: gets a line now and then; the first start of all builds the nodes, which takes minutes.
            environment: with `SATSPEAK_REGTEST=docker` the network of `compose.yml` is started instead.

        Raises:
            NetworkRunning: one runs in that folder.
            BuildFailed: the nodes could not be built.
            RegtestError: whatever else kept it from starting.
        """
        closing = contextlib.AsyncExitStack()
        try:
            closing.enter_context(_exclusive(folder))
            if environment.get("SATSPEAK_REGTEST") == "docker":
                from regtest import containers  # noqa: PLC0415 - its dependency is an extra of its own

                parts = await containers.lay_out(folder, on_progress, closing)
            else:
                parts = _lay_out(folder, chains.chosen(chain), await binaries(on_progress), closing)
            started = time.monotonic()
            on_progress(f"starting {parts[0].access.name}, merchant and payer")
            await _fund(*parts, on_progress)
            mining = asyncio.create_task(_keep_mining(parts[0]))
            closing.callback(mining.cancel)
            closing.callback(_publish(folder, *parts).unlink, missing_ok=True)
            on_progress(f"ready after {time.monotonic() - started:.1f} s")
        except BaseException:  # also when cancelled: nothing is left behind
            await closing.aclose()
            raise
        return cls(folder, *parts, closing)

    @classmethod
    def attach(cls, folder: Path) -> Self:
        """Reach a network that another process runs.

        Raises:
            NetworkNotRunning: none runs in that folder.
        """
        state = read_state(folder)
        parts = (chains.attach(state.chain), LndNode(state.merchant), LndNode(state.payer))
        closing = contextlib.AsyncExitStack()
        for part in parts:
            closing.push_async_callback(part.stop)
        return cls(folder, *parts, closing)

    async def stop(self) -> None:
        """End what was started, and close every connection."""
        await self._closing.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()


def read_state(folder: Path) -> NetworkState:
    """Read how to reach the network in a folder.

    Raises:
        NetworkNotRunning: none runs there, or it is not ready yet.
    """
    if not is_running(folder):
        raise NetworkNotRunning(folder)
    try:
        state = (folder / _STATE_FILE).read_bytes()
    except FileNotFoundError:
        raise NetworkNotRunning(folder) from None
    return msgspec.json.decode(state, type=NetworkState, dec_hook=lambda kind, text: kind(text))


def is_running(folder: Path) -> bool:
    """Tell whether a process holds a network in this folder, ready or not."""
    try:
        with (folder / _LOCK_FILE).open("rb") as lock:
            return not _locked(lock, fcntl.LOCK_SH)  # shared: two who ask do not see each other
    except FileNotFoundError:
        return False


def _lay_out(
    folder: Path, chain_name: chains.ChainName, programs: Binaries, closing: contextlib.AsyncExitStack
) -> tuple[Chain, LndNode, LndNode]:
    """Reserve ports and compose command lines; nothing is started yet but the guard."""
    ports = closing.enter_context(contextlib.closing(Ports()))
    guard = closing.enter_context(contextlib.closing(Guard()))
    chain = chains.create(chain_name, folder / "chain", btcd=programs.btcd, ports=ports, guard=guard)
    closing.push_async_callback(chain.stop)

    def node(name: str) -> LndNode:
        access = NodeAccess(
            name=name,
            folder=folder / name,
            address=f"127.0.0.1:{ports.take()}",
            peer_address=f"127.0.0.1:{ports.take()}",
            rest_address=f"127.0.0.1:{ports.take()}",
        )
        arguments = lnd_arguments(programs.lnd, access, chain.lnd_flags)
        made = LndNode(access, Program(name, arguments, log=folder / f"{name}.log", guard=guard))
        closing.push_async_callback(made.stop)
        return made

    return chain, node("merchant"), node("payer")


async def _fund(chain: Chain, merchant: LndNode, payer: LndNode, on_progress: Progress) -> None:
    """Start the programs, and give the payer coins and a channel."""
    await chain.start()
    # The first coins belong to the payer, so its wallet comes before any block. Only the wallet: a node does not
    # serve on a chain whose newest block is years old. It stops meanwhile, since LND takes 5 s to reconnect.
    await payer.start_wallet()
    address = await payer.new_address()
    await payer.stop()
    await chain.reward(address)
    await chain.mine(_BLOCKS)
    await asyncio.gather(payer.start(), merchant.start())
    on_progress("funding a channel from payer to merchant")
    await until("the payer's coins", payer.confirmed_sat, timeout_s=_COINS_TIMEOUT_S)
    await payer.open_channel(merchant, capacity_sat=_CAPACITY_SAT, push_sat=_PUSHED_SAT)
    await chain.mine(_BLOCKS_TO_CONFIRM)
    for node in (merchant, payer):
        await node.until_channel_usable()
        await node.bake_seller_macaroons()


async def _keep_mining(chain: Chain) -> None:
    while True:
        await asyncio.sleep(_MINE_EVERY_S)
        with contextlib.suppress(ChainError):  # one that does not answer now is asked again next time
            await chain.mine(1)


def _publish(folder: Path, chain: Chain, merchant: LndNode, payer: LndNode) -> Path:
    """Write how to reach the network, for other processes; in one step, so that nobody reads half of it."""
    state = NetworkState(pid=os.getpid(), chain=chain.access, merchant=merchant.access, payer=payer.access)
    path = folder / _STATE_FILE
    scratch = path.with_suffix(".tmp")
    scratch.touch(mode=0o600)  # it holds a password
    scratch.write_bytes(msgspec.json.encode(state, enc_hook=str))
    return scratch.replace(path)


@contextlib.contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder for one network, and clear what an ended one left."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK_FILE).open("ab") as lock:
        if not _locked(lock, fcntl.LOCK_EX):
            raise NetworkRunning(folder)
        (folder / _STATE_FILE).unlink(missing_ok=True)
        for part in _PARTS:
            shutil.rmtree(folder / part, ignore_errors=True)
            (folder / f"{part}.log").unlink(missing_ok=True)
        yield


def _locked(file: IO[bytes], kind: int) -> bool:
    """Take the lock of an open file; it is given back when the file is closed, or this process ends."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
