"""The chain that the nodes live on: one port, btcd or bitcoind behind it."""

import secrets
import shutil
import ssl
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
import msgspec

from regtest.errors import ChainError, NotOurs, RegtestError
from regtest.ports import Ports
from regtest.process import Guard, Program, until

ChainName = Literal["btcd", "bitcoind"]
ChainChoice = Literal["auto", "btcd", "bitcoind"]

# Nobody has its key; btcd wants an address before a wallet can exist.
_NOBODY = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
_READY_TIMEOUT_S = 20.0


class ChainAccess(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a chain's RPC: all that another process needs."""

    name: ChainName
    url: str
    user: str
    password: str
    certificate: Path | None = None
    reward_address: str = _NOBODY


class Chain(Protocol):
    """What a network asks of its chain."""

    @property
    def access(self) -> ChainAccess:
        """How another process reaches it."""
        ...

    @property
    def lnd_flags(self) -> list[str]:
        """What tells an LND to use this chain."""
        ...

    async def start(self) -> None:
        """Start it, and return when it answers."""
        ...

    async def reward(self, address: str) -> None:
        """From now on pay for new blocks to this address; allowed only while the chain is still empty."""
        ...

    async def mine(self, blocks: int) -> None:
        """Add blocks to the chain."""
        ...

    async def height(self) -> int:
        """Return the number of blocks above the genesis block."""
        ...

    async def stop(self) -> None:
        """End it, if it was started here, and close the connection to it."""
        ...


def chosen(choice: ChainChoice) -> ChainName:
    """Decide which chain to run: `auto` takes bitcoind where it is on PATH, since LNDs mostly run over it."""
    if choice == "auto":
        return "bitcoind" if shutil.which("bitcoind") else "btcd"
    return choice


def create(name: ChainName, folder: Path, *, btcd: Path, ports: Ports, guard: Guard) -> Chain:
    """Build a chain that is not started yet."""
    if name == "bitcoind":
        return BitcoindChain.create(folder, ports=ports, guard=guard)
    return BtcdChain.create(folder, btcd=btcd, ports=ports, guard=guard)


def attach(access: ChainAccess) -> Chain:
    """Build a chain that another process runs."""
    return BitcoindChain(access) if access.name == "bitcoind" else BtcdChain(access)


class _RpcChain:
    """What both have in common: JSON-RPC, and a program unless another process runs it."""

    def __init__(self, access: ChainAccess, program: Program | None = None) -> None:
        self.access = access
        self._program = program
        self._client: httpx.AsyncClient | None = None

    @property
    def _own_program(self) -> Program:
        if self._program is None:
            raise NotOurs(self.access.name)
        return self._program

    async def start(self) -> None:
        await self._own_program.start()
        await until(
            f"{self.access.name} answering",
            self._answers,
            timeout_s=_READY_TIMEOUT_S,
            program=self._own_program,
        )

    async def stop(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None
        if self._program is not None:
            await self._program.stop()

    async def height(self) -> int:
        return int(await self._call("getblockcount"))

    async def _answers(self) -> bool:
        try:
            await self._call("getblockcount")
        except (
            ChainError,
            httpx.HTTPError,
            FileNotFoundError,
        ):  # the file is the certificate it makes itself
            return False
        return True

    async def _call(self, method: str, *params: Any) -> Any:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=self.access.url,
                auth=(self.access.user, self.access.password),
                verify=_trust(self.access.certificate),
                timeout=60,
                trust_env=False,  # a proxy could not reach this machine's own loopback
            )
        request = {"jsonrpc": "1.0", "id": "regtest", "method": method, "params": params}
        try:
            response = await self._client.post("/", json=request)
            answer = response.json()  # also when the status is 500: it says what was wrong
        except (httpx.HTTPError, ValueError) as error:
            raise ChainError(method, str(error)) from error
        if answer["error"] is not None:
            raise ChainError(method, answer["error"]["message"])
        return answer["result"]


class BtcdChain(_RpcChain):
    """Btcd, which we build from source and which therefore runs wherever Python does."""

    @classmethod
    def create(cls, folder: Path, *, btcd: Path, ports: Ports, guard: Guard) -> "BtcdChain":
        """Lay it out in a folder."""
        rpc = f"127.0.0.1:{ports.take()}"
        access = ChainAccess(
            name="btcd",
            url=f"https://{rpc}",
            user="regtest",
            password=secrets.token_hex(16),
            certificate=folder / "rpc.cert",
        )
        arguments = [
            str(btcd),
            "--regtest",
            f"--datadir={folder / 'data'}",
            f"--logdir={folder / 'logs'}",
            f"--rpclisten={rpc}",
            f"--rpcuser={access.user}",
            f"--rpcpass={access.password}",
            f"--rpccert={access.certificate}",
            f"--rpckey={folder / 'rpc.key'}",
            "--txindex",
            "--nolisten",
            "--nobanning",
            "--nostalldetect",
            "--debuglevel=info",
        ]
        chain = cls(access, Program("btcd", arguments, log=folder / "btcd.log", guard=guard))
        chain._pay_to(access.reward_address)
        return chain

    @property
    def lnd_flags(self) -> list[str]:
        """What tells an LND to use it."""
        return [
            "--bitcoin.node=btcd",
            f"--btcd.rpchost={httpx.URL(self.access.url).netloc.decode()}",
            f"--btcd.rpcuser={self.access.user}",
            f"--btcd.rpcpass={self.access.password}",
            f"--btcd.rpccert={self.access.certificate}",
        ]

    async def reward(self, address: str) -> None:
        """Restart it: it takes the address at its start only, and each start on regtest forgets the chain."""
        await self.stop()
        self._pay_to(address)
        await self.start()

    async def mine(self, blocks: int) -> None:
        """Add blocks to the chain."""
        await self._call("generate", blocks)

    def _pay_to(self, address: str) -> None:
        self.access = msgspec.structs.replace(self.access, reward_address=address)
        kept = [
            argument for argument in self._own_program.arguments if not argument.startswith("--miningaddr=")
        ]
        self._own_program.arguments = [*kept, f"--miningaddr={address}"]


class BitcoindChain(_RpcChain):
    """Bitcoin Core, where somebody has installed it."""

    def __init__(
        self, access: ChainAccess, program: Program | None = None, *, lnd_flags: list[str] | None = None
    ) -> None:
        super().__init__(access, program)
        self.lnd_flags = lnd_flags or []

    @classmethod
    def create(cls, folder: Path, *, ports: Ports, guard: Guard) -> "BitcoindChain":
        """Lay it out in a folder."""
        binary = shutil.which("bitcoind")
        if binary is None:
            raise RegtestError("bitcoind is not on PATH: install Bitcoin Core, or choose the chain btcd")
        folder.mkdir(parents=True, exist_ok=True)
        rpc_port = ports.take()
        blocks, transactions = (f"tcp://127.0.0.1:{ports.take()}" for _ in range(2))
        access = ChainAccess(
            name="bitcoind",
            url=f"http://127.0.0.1:{rpc_port}",
            user="regtest",
            password=secrets.token_hex(16),
        )
        arguments = [
            binary,
            "-regtest",
            f"-datadir={folder}",
            f"-rpcport={rpc_port}",
            f"-rpcuser={access.user}",
            f"-rpcpassword={access.password}",
            "-server",
            "-listen=0",
            "-disablewallet",
            "-txindex",
            # LND learns of blocks and transactions by these two.
            f"-zmqpubrawblock={blocks}",
            f"-zmqpubrawtx={transactions}",
            "-nodebuglogfile",
            "-printtoconsole",
        ]
        lnd_flags = [
            "--bitcoin.node=bitcoind",
            f"--bitcoind.rpchost=127.0.0.1:{rpc_port}",
            f"--bitcoind.rpcuser={access.user}",
            f"--bitcoind.rpcpass={access.password}",
            f"--bitcoind.zmqpubrawblock={blocks}",
            f"--bitcoind.zmqpubrawtx={transactions}",
        ]
        program = Program("bitcoind", arguments, log=folder / "bitcoind.log", guard=guard)
        return cls(access, program, lnd_flags=lnd_flags)

    async def reward(self, address: str) -> None:
        """From now on pay for new blocks to this address."""
        self.access = msgspec.structs.replace(self.access, reward_address=address)

    async def mine(self, blocks: int) -> None:
        """Add blocks to the chain."""
        await self._call("generatetoaddress", blocks, self.access.reward_address)


def _trust(certificate: Path | None) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=str(certificate)) if certificate else True
