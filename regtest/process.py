"""The programs of a network: started with a log, watched while something is awaited, and never left behind."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from regtest.errors import NotReady, ProgramExited, RegtestError

T = TypeVar("T")

_TAIL_LINES = 15
_TAIL_BYTES = 8_192
_STOP_GRACE_S = 30.0

# Reads until the end of its input, which comes when the last holder of the other end is gone, however that
# happened; then takes its whole process group down, itself included.
_WATCHDOG = "import os, signal, sys; sys.stdin.buffer.read(); os.killpg(0, signal.SIGKILL)"


class Runnable(Protocol):
    """What runs a node: a program here, or a container."""

    async def start(self) -> None:
        """Start it, or start it again."""
        ...

    async def stop(self) -> None:
        """Ask it to end and wait for that."""
        ...

    async def kill(self) -> None:
        """End it as a crash would."""
        ...

    def check(self) -> None:
        """Raise when it has ended by itself."""
        ...

    def tail(self) -> str:
        """Return the last lines of its log."""
        ...


class Guard:
    """Ends every program of a network when the process that started it is gone, even by SIGKILL.

    It is a process that leads a group; the programs join that group as they are forked, so there is no
    moment at which one of them runs unguarded. Linux's parent-death signal would need no process, but it
    follows the parent *thread* and does not exist on macOS.
    """

    def __init__(self) -> None:
        self._watchdog = subprocess.Popen(  # noqa: S603 - our own interpreter and our own constant
            [sys.executable, "-I", "-S", "-c", _WATCHDOG],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    @property
    def group(self) -> int:
        """The process group that programs join."""
        return self._watchdog.pid

    def close(self) -> None:
        """End whatever of the group still runs."""
        self._watchdog.communicate()  # closes its input and waits for it


class Program:
    """One program, its log and its restarts.

    A class so that a node can be stopped and started again with the same arguments, ports and data.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        log: Path,
        guard: Guard,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.arguments = list(arguments)
        self.log = log
        self.environment = environment  # None: that of this process
        self._guard = guard
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process id, once it was started."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    async def start(self) -> None:
        """Start it; its output goes on at the end of its log."""
        if self._running() is not None:
            raise RegtestError(f"{self.name} already runs")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                process_group=self._guard.group,
            )

    async def stop(self) -> None:
        """Ask it to end and wait for that; after 30 s it is killed."""
        if process := self._running():
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_GRACE_S)
            except TimeoutError:
                await self.kill()

    async def kill(self) -> None:
        """End it without any chance to tidy up, as a crash would."""
        if process := self._running():
            process.kill()
            await process.wait()

    def tail(self) -> str:
        """Return the last lines of its log."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])

    def check(self) -> None:
        """Raise when it has ended.

        Raises:
            ProgramExited: with the last lines of its log.
        """
        if self._process is not None and self._process.returncode is not None:
            raise ProgramExited(self.name, self._process.returncode, self.log, self.tail())

    def _running(self) -> asyncio.subprocess.Process | None:
        if self._process is None or self._process.returncode is not None:
            return None
        return self._process


async def until(
    awaited: str,
    fact: Callable[[], Awaitable[T | None]],
    *,
    timeout_s: float,
    program: Runnable | None = None,
) -> T:
    """Ask for a fact again and again until it is there.

    Args:
        awaited: what is awaited, for the error.
        fact: answers something truthy once it is so, else anything falsy.
        timeout_s: after this many seconds it counts as never.
        program: the program that the fact depends on; when it ends, so does the wait.

    Raises:
        NotReady: it did not come in time.
        ProgramExited: the program ended first.
    """
    deadline = time.monotonic() + timeout_s
    pause_s = 0.02
    while True:
        if program is not None:
            program.check()
        if found := await fact():
            return found
        if time.monotonic() > deadline:
            raise NotReady(awaited, timeout_s, program.tail() if program else "")
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.25)
