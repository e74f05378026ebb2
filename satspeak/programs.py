"""Starts the service and the worker as programs of their own, and tells when they are ready."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from regtest.lnd import LndNode
from regtest.process import Guard, Program, until

READY_TIMEOUT_S = 240.0
"""The first start after an installation compiles every module; one that ends is noticed at once."""

UNLIMITED = {
    f"{what}{whose}": "0"
    for what in (
        "quotes_per_minute",
        "estimates_per_minute",
        "polls_per_minute",
        "open_quotes",
        "open_streams",
    )
    for whose in ("", "_per_client")
}


def worker_program(*, port: int, folder: Path, guard: Guard, **settings: str) -> Program:
    """Lay out a worker on loopback; `settings` are its variables without their prefix, in lower case.

    Its voices are the fast ones, which are the same on each machine, unless `speech_engine` says otherwise.
    """
    return Program(
        "worker",
        [sys.executable, "-m", "worker"],
        log=folder / "worker.log",
        guard=guard,
        environment=_environment(
            "SATSPEAK_WORKER_", {"port": str(port), "speech_engine": "fast", **settings}
        ),
    )


def service_program(*, port: int, folder: Path, guard: Guard, **settings: str) -> Program:
    """Lay out a service on loopback that keeps its data in `folder` and takes whatever one machine asks of it."""
    return Program(
        "service",
        [sys.executable, "-m", "service"],
        log=folder / "service.log",
        guard=guard,
        environment=_environment(
            "SATSPEAK_",
            {"port": str(port), "data_dir": str(folder / "service"), **UNLIMITED, **settings},
        ),
    )


async def make_desk_key(folder: Path) -> str:
    """Make a key that opens the operator's desk of the service that keeps its data in `folder`.

    Raises:
        OSError: The command failed; the error carries what it said.
    """
    making = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "keys", "create", "demo", "--scope", "desk:use"),
        env=_environment("SATSPEAK_", {"data_dir": str(folder / "service")}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    key, said = await making.communicate()
    if making.returncode:
        raise OSError(said.decode(errors="replace").strip())
    return key.decode().strip()


def node_settings(node: LndNode) -> dict[str, str]:
    """Tell which settings make a service sell through this node."""
    return {
        "lnd_address": node.address,
        "lnd_tls_cert": str(node.tls_cert_path),
        "lnd_macaroon": str(node.macaroon_path),
        "lnd_refund_macaroon": str(node.refund_macaroon_path),
    }


async def healthy(program: Program, url: str, *, healthy_when: Callable[[int], bool] | None = None) -> None:
    """Wait until a program answers its health check.

    Args:
        program: What must go on running meanwhile.
        url: Its base URL.
        healthy_when: Which status will do; 200 where not given.

    Raises:
        ProgramExited: It ended instead; the error carries the end of its log.
        NotReady: It takes too long.
    """
    good = healthy_when or (lambda status: status == httpx.codes.OK)

    async def answers() -> bool:
        try:
            answer = await client.get(f"{url}/health")
        except httpx.TransportError:
            return False
        return good(answer.status_code)

    async with httpx.AsyncClient(trust_env=False) as client:
        await until(f"{program.name} at {url}", answers, timeout_s=READY_TIMEOUT_S, program=program)


def _environment(prefix: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Return ours with these settings; the operator's own settings of satspeak must not leak into a demo."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SATSPEAK_")}
    return ours | {prefix + name.upper(): value for name, value in settings.items()}
