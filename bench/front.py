"""What the front of many workers costs: processor time for what passes through it, and what it lets pile up.

The worker behind it is a program that answers at once with bytes, so that nothing else is measured.
"""

import asyncio
import json
import multiprocessing
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec

from bench.machine import machine
from regtest.ports import Ports
from worker.front.app import create_front
from worker.program import listen, make_server
from worker.routes import HealthAnswer
from worker.settings import Settings

PIECE_BYTES = 16 << 10
START_S = 60.0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured.

    Attributes:
        mb_per_cpu_s: Megabytes that the front passes on in a second of processor time.
        cpu_ms_per_health: Processor time for one `/health` of the sums.
        piled_up_mb: Sent by the worker when its reader had stopped after the first piece.
        piece_bytes: Of a piece of the answer.
    """

    machine: str
    mb_per_cpu_s: float
    cpu_ms_per_health: float
    piled_up_mb: float
    piece_bytes: int


class Source:
    """A worker that has its answers ready. It tells in its health how many pieces it has sent."""

    def __init__(self, megabytes: int) -> None:
        self._pieces = (megabytes << 20) // PIECE_BYTES
        self._sent = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer as ASGI asks."""
        if scope["type"] == "lifespan":
            while (kind := (await receive())["type"]) != "lifespan.shutdown":
                await send({"type": f"{kind}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/health":
            health = HealthAnswer(
                status="ok",
                version="0",
                provider="cpu",
                renders_active=0,
                renders_waiting=0,
                live_sessions=0,
                frames_rendered=self._sent,
                peak_rss_bytes=0,
            )
            await send({"type": "http.response.body", "body": msgspec.json.encode(health)})
            return
        piece = bytes(PIECE_BYTES)
        for _ in range(self._pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            self._sent += 1
        await send({"type": "http.response.body"})


def _serve_source(port: int, megabytes: int) -> None:
    make_server(Source(megabytes), grace_s=0).run(sockets=[listen("127.0.0.1", port)])


def _serve_front(port: int, worker: str, cache: str) -> None:
    async def urls() -> Collection[str]:
        return [worker]

    app = create_front(Settings(cache=Path(cache)), urls)
    make_server(app, grace_s=0).run(sockets=[listen("127.0.0.1", port)])


def _cpu_s(pid: int | None) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / 100


async def measure(readers: int, megabytes: int) -> Figures:
    """Measure, with so many readers at once and so many megabytes for each."""
    ports = Ports()
    source, front = ports.take(), ports.take()
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as cache:
        programs = [
            spawn.Process(target=_serve_source, args=(source, megabytes)),
            spawn.Process(target=_serve_front, args=(front, f"http://127.0.0.1:{source}", cache)),
        ]
        for program in programs:
            program.start()
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{front}", timeout=START_S) as client:
                return await _measure(client, programs[1].pid, readers, megabytes)
        finally:
            for program in programs:
                program.kill()
                program.join()
            ports.close()


async def _measure(client: httpx.AsyncClient, front: int | None, readers: int, megabytes: int) -> Figures:
    deadline = time.monotonic() + START_S
    while True:
        try:
            if (await client.get("/health")).is_success:
                break
        except httpx.ConnectError:
            assert time.monotonic() < deadline
        await asyncio.sleep(0.2)

    before = _cpu_s(front)
    for _ in range(200):
        await client.get("/health")
    health = (_cpu_s(front) - before) / 200

    async def sent() -> int:
        await asyncio.sleep(5)  # the front looks every two
        return int((await client.get("/health")).json()["frames_rendered"])

    async with client.stream("POST", "/renders") as answer:
        pieces = answer.aiter_raw()
        await anext(pieces)
        piled_up = await sent() * PIECE_BYTES

    async def read() -> None:
        async with client.stream("POST", "/renders") as answer:
            async for _ in answer.aiter_raw():
                pass

    before = _cpu_s(front)
    await asyncio.gather(*(read() for _ in range(readers)))
    return Figures(
        machine=machine("cpu"),
        mb_per_cpu_s=round(readers * megabytes / (_cpu_s(front) - before), 1),
        cpu_ms_per_health=round(health * 1000, 2),
        piled_up_mb=round(piled_up / (1 << 20), 2),
        piece_bytes=PIECE_BYTES,
    )


@click.command()
@click.option("--readers", default=8, help="Answers that are read at once.")
@click.option("--megabytes", default=50, help="Of each answer.")
def main(readers: int, megabytes: int) -> None:
    """Print what passes through a front."""
    print(json.dumps(msgspec.to_builtins(asyncio.run(measure(readers, megabytes))), indent=1))


if __name__ == "__main__":
    main()
