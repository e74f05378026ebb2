"""The programs that docs/ shows for each way to pay work as they stand."""

import asyncio
import os
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

import bech32
import pytest

from service.assembly.stores import open_orders
from service.orders.order import Status
from service.webhooks.signing import headers, secret_of

DOCS = Path(__file__).parents[3] / "docs"


def decode(lnurl: str) -> str:
    numbers = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(each) for each in lnurl.removeprefix("lnurl1")[:-6]]
    return bytes(bech32.convertbits(numbers, 5, 8, False) or ()).decode()


@pytest.fixture(scope="module")
async def shop(tmp_path_factory, make_shop):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("docs")
    async with make_shop(folder, port=port, public_url=f"http://127.0.0.1:{port}") as shop:
        yield shop


async def run(page: str, shop, monkeypatch) -> dict[str, Any]:
    """Run the one program of a page; what it has left behind."""
    [program] = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    monkeypatch.setenv("SHOP", shop.url)
    loop = asyncio.get_running_loop()

    async def paid(invoice: str) -> str:
        preimage = shop.node.pay(invoice).hex()
        async with asyncio.timeout(10), open_orders(shop.settings()) as kept:
            while True:  # what a row says
                found = await kept.orders.find(invoice) or await kept.top_ups.find(invoice)
                if found is not None and found.status is not Status.PENDING:
                    break
                await asyncio.sleep(0.01)
        return preimage

    def pay(invoice: str) -> str:
        return asyncio.run_coroutine_threadsafe(paid(invoice), loop).result()

    names: dict[str, Any] = {"pay": pay, "decode": decode}
    await asyncio.to_thread(exec, program, names)
    return names


async def test_l402(shop, monkeypatch):
    left = await run("l402.md", shop, monkeypatch)

    assert left["video"] == shop.worker.video
    account = await shop.http.get("/account", headers={"X-API-Key": left["account"]["api_key"]})
    assert account.json()["free_ms"] == 60_000


async def test_mcp(shop, monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")

    video = (await run("mcp.md", shop, monkeypatch))["video"]

    assert (await shop.http.get(video["video_url"])).content == shop.worker.video


async def test_lnurl(shop, monkeypatch):
    left = await run("lnurl.md", shop, monkeypatch)

    assert left["answer"]["pr"] == left["quote"]["bolt11_invoice"]
    assert left["settled"]
    told = await shop.http.get("/account", headers={"X-API-Key": left["top_up"]["api_key"]})
    assert told.json()["free_ms"] == 13_000


def test_webhooks():
    [program] = re.findall(r"```python\n(.*?)```", (DOCS / "webhooks.md").read_text(), re.DOTALL)
    secret, body = secret_of(bytes(32)), b'{"type": "video.ready"}'
    names: dict[str, Any] = {"secret": secret}
    exec(program, names)

    assert names["receive"](body, headers(secret, "msg_1", int(time.time()), body)) == "video.ready"
