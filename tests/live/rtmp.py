"""Somebody who takes a push, and where."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from regtest.ports import Ports
from regtest.process import until
from tests.live.feeding import ROOT
from tests.live.rooms import Other


@contextlib.asynccontextmanager
async def listening(key: str) -> AsyncIterator[tuple[str, Other]]:
    """A server that takes one push, by its URL."""
    with contextlib.closing(Ports()) as ports:
        port = ports.take()
        url = f"rtmp://127.0.0.1:{port}/live/{key}"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.live.rtmp_listener", url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=ROOT,
        )
        other = Other(process)

        async def listens() -> bool:
            return is_listened_to(port)

        try:
            await until("an RTMP server", listens, timeout_s=60)
            yield url, other
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await other.close()


def is_listened_to(port: int) -> bool:
    """Tell it without a connection, which would be taken for the push."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)
