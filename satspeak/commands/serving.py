"""`satspeak serve`: a worker and the service in one terminal, for a first shop."""

import asyncio
import os
import signal
import subprocess
import sys

import click

from regtest.process import Guard

USUAL_WORKER_PORT = "8020"

_GRACE_S = 40.0
"""The service lets downloads finish for half a minute, unless it is set otherwise."""


@click.command(short_help="Run a worker and the service together, for a first shop.")
def serve() -> None:
    """Run a worker and the service; settings come from the environment, as for each alone.

    Both write to this terminal. They end with Ctrl-C, and where one of them ends by itself, so does the other; the exit
    status is then that one's. Run them apart (`satspeak service`, `satspeak worker`) once one machine is not enough.
    """
    raise SystemExit(asyncio.run(_serve(dict(os.environ))))


async def _serve(environment: dict[str, str]) -> int:
    port = environment.setdefault("SATSPEAK_WORKER_PORT", USUAL_WORKER_PORT)
    environment.setdefault("SATSPEAK_WORKER_URLS", f"http://127.0.0.1:{port}")
    guard = Guard()  # whatever ends this process ends both
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        programs = [await _start(module, environment, guard) for module in ("worker", "service")]
        ends = [asyncio.create_task(program.wait()) for program in programs]
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait([*ends, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        ended = next((program for program in programs if program.returncode is not None), None)
        await _stop(programs)
    finally:
        guard.close()
    if stopped.is_set() or ended is None:
        return 0
    assert ended.returncode is not None
    return ended.returncode if ended.returncode > 0 else 1


async def _start(module: str, environment: dict[str, str], guard: Guard) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        stdin=subprocess.DEVNULL,
        env=environment,
        process_group=guard.group,  # so that a Ctrl-C comes to us alone, who end them in order
    )


async def _stop(programs: list[asyncio.subprocess.Process]) -> None:
    """End the service first, so that it is told of no worker that is gone."""
    for program in reversed(programs):
        if program.returncode is None:
            program.terminate()
            try:
                async with asyncio.timeout(_GRACE_S):
                    await program.wait()
            except TimeoutError:
                program.kill()
                await program.wait()
