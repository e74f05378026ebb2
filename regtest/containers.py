"""The network of `compose.yml`, where a Docker daemon answers: the same chain and nodes, run as containers."""

import asyncio
import base64
import contextlib
import secrets
import subprocess
from pathlib import Path

from testcontainers.compose import DockerCompose

from regtest.build import Progress
from regtest.chain import BitcoindChain, Chain, ChainAccess
from regtest.errors import RegtestError
from regtest.lnd import LndNode, NodeAccess
from regtest.ports import Ports

_TAIL_LINES = "15"
_LND_FOLDER = "/root/.lnd"
_CREDENTIALS = {
    "tls.cert": f"{_LND_FOLDER}/tls.cert",
    "admin.macaroon": f"{_LND_FOLDER}/data/chain/bitcoin/regtest/admin.macaroon",
}


async def lay_out(
    folder: Path, on_progress: Progress, closing: contextlib.AsyncExitStack
) -> tuple[Chain, LndNode, LndNode]:
    """Choose ports and a project name; `compose.yml` says the rest.

    Unlike programs, containers outlive a parent that is killed: `docker compose down` ends those.

    Raises:
        RegtestError: no Docker daemon answers, or an image cannot be had.
    """
    ports = closing.enter_context(contextlib.closing(Ports()))
    chain_port, merchant_port, payer_port = ports.take(), ports.take(), ports.take()
    access = ChainAccess(
        name="bitcoind", url=f"http://127.0.0.1:{chain_port}", user="regtest", password=secrets.token_hex(16)
    )
    env_file = folder / "compose.env"
    env_file.write_text(
        f"COMPOSE_PROJECT_NAME=satspeak-{secrets.token_hex(4)}\n"
        f"CHAIN_PASSWORD={access.password}\n"
        f"CHAIN_PORT={chain_port}\nMERCHANT_PORT={merchant_port}\nPAYER_PORT={payer_port}\n"
    )
    compose = DockerCompose(Path(__file__).parent, compose_file_name="compose.yml", env_file=str(env_file))

    def node(name: str, port: int) -> LndNode:
        where = NodeAccess(
            name=name, folder=folder / name, address=f"127.0.0.1:{port}", peer_address=f"{name}:9735"
        )
        made = LndNode(where, _Container(compose, name, where.folder))
        closing.push_async_callback(made.stop)
        return made

    chain = _ComposedChain(access)
    on_progress("starting the containers")
    try:
        await _compose(compose, "up", "--wait")
    except RegtestError:
        with contextlib.suppress(RegtestError):  # the first error tells more
            await _compose(compose, "down", "--volumes")
        raise
    closing.push_async_callback(_compose, compose, "down", "--volumes")
    closing.push_async_callback(chain.stop)
    return chain, node("merchant", merchant_port), node("payer", payer_port)


class _ComposedChain(BitcoindChain):
    """The chain's container, which was started with the others and stays."""

    async def start(self) -> None:
        """Do nothing: it runs."""


class _Container:
    """A node's container, as `LndNode` asks of what runs it."""

    def __init__(self, compose: DockerCompose, service: str, folder: Path) -> None:
        self._compose = compose
        self._service = service
        self._folder = folder

    async def start(self) -> None:
        """Start it, or start it again, and copy what a client needs out of it."""
        await _compose(self._compose, "up", "--wait", self._service)
        self._folder.mkdir(exist_ok=True)
        for name, source in _CREDENTIALS.items():
            encoded = await _compose(self._compose, "exec", "-T", self._service, "base64", source)
            (self._folder / name).write_bytes(base64.b64decode(encoded))

    async def stop(self) -> None:
        """Ask it to end and wait for that."""
        await _compose(self._compose, "stop", self._service)

    async def kill(self) -> None:
        """End it as a crash would."""
        await _compose(self._compose, "kill", self._service)

    def check(self) -> None:
        """Do nothing: asking Docker each time would take longer than the wait itself."""

    def tail(self) -> str:
        """Return the last lines of its log."""
        return _run(self._compose, "logs", "--tail", _TAIL_LINES, self._service).decode(errors="replace")


async def _compose(compose: DockerCompose, *arguments: str) -> bytes:
    return await asyncio.to_thread(_run, compose, *arguments)


def _run(compose: DockerCompose, *arguments: str) -> bytes:
    command = [*compose.compose_command_property, *arguments]
    try:
        return subprocess.run(command, cwd=compose.context, check=True, capture_output=True).stdout  # noqa: S603
    except OSError as error:
        raise RegtestError(f"docker cannot be run: {error}") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise RegtestError(f"`docker compose {' '.join(arguments)}` failed: {said}") from error
