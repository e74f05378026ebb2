"""What any part may need of the process it is in, and runs what never ends."""

import asyncio
import contextlib

import httpx
import msgspec

from service.runtime.clock import Clock
from service.runtime.counters import Counters
from service.runtime.stopping import Stopping
from service.runtime.supervision import Supervised


class Ambient(msgspec.Struct, frozen=True, kw_only=True):
    """What any part may need of the process it is in."""

    now: Clock
    stopping: Stopping
    counters: Counters
    client: httpx.AsyncClient


PEERS_PAUSE_S = 5.0
"""Longest pause before what buyers wait for is tried again."""


def run_until_closed(stack: contextlib.AsyncExitStack, supervised: Supervised) -> None:
    """Run in the background what never ends, until the stack is closed."""
    stack.push_async_callback(_stop, asyncio.create_task(supervised.run()))


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
