"""Where a worker's blocking work runs: voices and films have threads of their own, so that no voice holds up a film."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_VOICES_A_RENDER = (
    4  # one that speaks, and some of renders before it that were given up while their voice was silent
)
_FILMS_BESIDE_CORES = 4


class Threads:
    """The threads of all renders.

    A class because they end with the program. The networks have others of their own.

    Args:
        max_renders: at once.
    """

    def __init__(self, *, max_renders: int) -> None:
        self.voices: Executor = ThreadPoolExecutor(_VOICES_A_RENDER * max_renders, "voice")
        cores = len(os.sched_getaffinity(0))
        self.films: Executor = ThreadPoolExecutor(min(max_renders, cores + _FILMS_BESIDE_CORES), "film")

    def close(self) -> None:
        """Let them end; waits for none, since a voice may be silent for long."""
        for executor in (self.voices, self.films):
            executor.shutdown(wait=False, cancel_futures=True)


async def on(executor: Executor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what blocks on a thread of an executor. Cancelled, it waits no longer, though the thread goes on."""
    return await asyncio.get_running_loop().run_in_executor(executor, lambda: work(*args, **kwargs))
