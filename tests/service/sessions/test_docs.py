"""The client in `docs/live.md` does what it is there for."""

import asyncio
import os
import re
import sys
from pathlib import Path

import av

DOCS = Path(__file__).parents[3] / "docs" / "live.md"


async def test_the_client_of_the_docs_gets_a_film(holder, live_shop, tmp_path):
    [block] = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    place = live_shop.url.replace("http", "ws", 1)
    program = block.replace("wss://video.example.org", place).replace("european_woman", "ann")
    key = holder.headers["Authorization"].removeprefix("Bearer ")

    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        cwd=tmp_path,
        env={**os.environ, "SATSPEAK_API_KEY": key},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        printed, _ = await client.communicate()

    assert client.returncode == 0
    assert b'"status":"shown"' in printed
    with av.open(tmp_path / "hello.mp4", "r") as film:
        frames = sum(1 for _ in film.decode(video=0))
    assert await holder.settled() == (60_000 - frames * 40, frames * 40)
