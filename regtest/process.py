"""The programs of a network: started with a log, watched while something is awaited, and never left behind."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from regtest.errors import NotReady, ProgramExited

T = TypeVar("T")

_TAIL_LINES = 15
_TAIL_BYTES = 8_192
_STOP_GRACE_S = 30.0

# Reads until the end of its input, which comes when the last holder of the other end is gone, however that
# happened; then takes its whole process group down, itself included.
_WATCHDOG = "import os, signal, sys; sys.stdin.buffer.read(); os.killpg(0, signal.SIGKILL)"


class Guard:
    """Ends every program of a network when the process that started it is gone, even by SIGKILL.

    It is a process that leads a group; the programs join that group as they are forked, so there is no moment at
    which one of them runs unguarded. Linux's parent-death signal would need no process, but it follows the parent
    *thread* and does not exist on macOS.
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
        assert self._watchdog.stdin is not None  # it was opened with a pipe
        self._watchdog.stdin.close()
        self._watchdog.wait()


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
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id, once it was started."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    async def start(self) -> None:
        """Start it; its output goes on at the end of its log."""
        assert not self.running, f"{self.name} already runs"
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

    async def stop(self, grace_s: float = _STOP_GRACE_S) -> None:
        """Ask it to end and wait for that; after `grace_s` it is killed."""
        if not self.running:
            return
        assert self._process is not None  # it runs
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), grace_s)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it without any chance to tidy up, as a crash would."""
        if not self.running:
            return
        assert self._process is not None  # it runs
        self._process.kill()
        await self._process.wait()

    def tail(self) -> str:
        """The last lines of its log."""
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


async def until(
    awaited: str,
    fact: Callable[[], Awaitable[T | None]],
    *,
    timeout_s: float,
    program: Program | None = None,
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
