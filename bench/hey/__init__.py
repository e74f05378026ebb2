"""A load generator that is not Python: hey, built from source, so that the clients' share of two cores is small."""

import asyncio
import re
from pathlib import Path

import msgspec

from regtest.build import Module, Progress, build

MODULE = Module(folder=Path(__file__).parent, targets=("github.com/rakyll/hey",))

_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_STATUS = re.compile(r"\[(\d+)\]\s+(\d+) responses")


class LoadFailed(Exception):
    """Some requests were not answered with 200."""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What a server gave."""

    count: int
    per_s: float


async def get(url: str, *, clients: int, seconds: float, on_progress: Progress) -> Answers:
    """GET a URL over so many connections for a while.

    Raises:
        LoadFailed: Not all answers were 200.
    """
    program = await build(MODULE, on_progress) / "hey"
    process = await asyncio.create_subprocess_exec(
        *(program, "-c", str(clients), "-z", f"{seconds:g}s", url), stdout=asyncio.subprocess.PIPE
    )
    output = (await process.communicate())[0].decode()
    statuses = dict(_STATUS.findall(output))
    if statuses.keys() != {"200"} or "Error distribution" in output:
        raise LoadFailed(output)
    found = _RATE.search(output)
    assert found is not None
    return Answers(count=int(statuses["200"]), per_s=float(found[1]))
