"""A command in a terminal of its own, 80 columns wide, as somebody sits in front of it."""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

COLUMNS, LINES = 80, 50

WAIT_S = 90

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9])")


class Terminal:
    """What a command wrote on the screen so far, and the keyboard."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self.process = process
        self._master = master
        self._raw = b""
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    @property
    def screen(self) -> str:
        """All that was written, without colours and moves of the cursor."""
        return _ESCAPES.sub("", self._raw.decode(errors="replace")).replace("\r\n", "\n")

    @property
    def raw(self) -> bytes:
        """The same as it came."""
        return self._raw

    async def shows(self, text: str) -> str:
        """Wait until a text is on the screen; all that is there then."""
        try:
            async with asyncio.timeout(WAIT_S):
                while text not in self.screen:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} does not come:\n{self.screen}") from None
        return self.screen

    def type(self, keys: str) -> None:
        """Press keys; `\\x03` is Ctrl-C."""
        os.write(self._master, keys.encode())

    async def ends(self) -> int:
        """Wait until the command has ended; its exit status."""
        async with asyncio.timeout(WAIT_S):
            status = await self.process.wait()
            while self._master >= 0:  # what it wrote last
                self._more.clear()
                await self._more.wait()
        return status

    def close(self) -> None:
        """Stop listening."""
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master = -1
        self._more.set()

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except OSError:  # nobody has the other end any more
            data = b""
        if data:
            self._raw += data
            self._more.set()
        else:
            self.close()


@contextlib.asynccontextmanager
async def satspeak(
    *arguments: str, folder: Path | None = None, environment: Mapping[str, str] = {}
) -> AsyncIterator[Terminal]:
    """Run a command of ours in a terminal of its own; one that goes on is killed at the end."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "satspeak", *arguments),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            start_new_session=True,
            preexec_fn=_own_terminal,
            env={**os.environ, "TERM": "xterm-256color", **environment},
        )
    finally:
        os.close(slave)
    terminal = Terminal(process, master)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        terminal.close()


def _own_terminal() -> None:
    """Take the terminal as ours, so that its Ctrl-C is ours too, although whoever runs the tests may not hear it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
