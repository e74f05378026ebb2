"""Agents without a language model buy over two Lightning nodes: by the tools of `satspeak mcp`, in both transports."""

import asyncio
import base64
import os
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from regtest.process import Program, until

pytestmark = pytest.mark.regtest

AGENT = Path(__file__).parents[2] / "docs" / "agent.py"
WISH = {"text": "Bought by an agent.", "avatar": "european_woman", "emotion": "happy"}
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
async def shop(open_shop, hire_scripted):
    return await open_shop(await hire_scripted())


@pytest.fixture
def wallet(shop, payer, tmp_path) -> dict[str, str]:
    """What the environment of a server says, whose wallet is the buyer's node."""
    return {
        "PATH": os.environ["PATH"],
        "SATSPEAK_URL": shop.url,
        "SATSPEAK_PAY": "lnd",
        "SATSPEAK_PAYER_LND_ADDRESS": payer.address,
        "SATSPEAK_PAYER_LND_TLS_CERT": str(payer.tls_cert_path),
        "SATSPEAK_PAYER_LND_MACAROON": str(payer.access.folder / "admin.macaroon"),
        "SATSPEAK_MAX_SATS": "200",
        "SATSPEAK_MAX_SATS_PER_DAY": "400",
        "SATSPEAK_LEDGER": str(tmp_path / "purchases.sqlite3"),
    }


async def use(client: Client, tool: str, **arguments: Any) -> Any:
    answer: Any = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    return answer


async def test_the_agent_of_the_docs_buys_its_own_video(wallet, tmp_path):
    agent = await asyncio.create_subprocess_exec(
        *(sys.executable, str(AGENT), "I buy this myself."),
        cwd=tmp_path,
        env={**wallet, "PYTHONPATH": str(AGENT.parents[1])},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        told, log = await agent.communicate()

    assert agent.returncode == 0, log.decode()
    assert b"sat, " in told
    assert (tmp_path / "agent.mp4").stat().st_size > 0
    assert b"event=payment_made" in log


async def test_budgets_hold_over_restarts_of_the_server(wallet, payer):
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "satspeak", "mcp"],
        env={**wallet, "SATSPEAK_MAX_SATS_PER_DAY": "60"},
    )
    before = (await payer.channel_balance()).local_msat
    async with Client(stdio_client(server)) as client:
        first = (await use(client, "buy_video", **WISH, purchase_id="a")).structured_content

    async with Client(stdio_client(server)) as client:
        again = (await use(client, "buy_video", **WISH, purchase_id="a")).structured_content
        refused: Any = await client.call_tool(
            "buy_video", {**WISH, "text": "Another " * 4, "purchase_id": "b"}
        )
        budget = (await use(client, "budget")).structured_content

    assert first == again
    assert refused.is_error
    assert "left to spend" in refused.content[0].text
    assert budget["spent_today_sats"] == first["spent_sats"]
    paid_msat = before - (await payer.channel_balance()).local_msat
    assert paid_msat == first["spent_sats"] * 1000


async def test_a_server_over_http_sells_to_whoever_shows_its_token(wallet, guard, ports, tmp_path):
    port = ports.take()
    command = [sys.executable, "-m", "satspeak", "mcp", "--http", "--port", str(port)]
    environment = {**wallet, "SATSPEAK_MCP_TOKEN": TOKEN}
    program = Program("agents", command, log=tmp_path / "mcp.log", guard=guard, environment=environment)
    url = f"http://127.0.0.1:{port}/mcp"
    await program.start()
    try:
        await until("the server to answer", lambda: answers(url), timeout_s=60)
        shown = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            httpx2.AsyncClient(headers=shown) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            bought = (await use(client, "buy_video", **WISH, purchase_id="over http")).structured_content
            answer = await use(
                client, "get_video", bolt11_invoice=bought["bolt11_invoice"], include_bytes=True
            )
    finally:
        await program.stop()

    assert base64.b64decode(answer.content[1].resource.blob)
    assert bought["bolt11_invoice"] in (tmp_path / "mcp.log").read_text()
    assert TOKEN not in (tmp_path / "mcp.log").read_text()


async def answers(url: str) -> bool:
    """Whether somebody is there, who lets in nobody without a token."""
    async with httpx2.AsyncClient() as http:
        try:
            return (await http.post(url, json={})).status_code == 401
        except httpx2.TransportError:
            return False
