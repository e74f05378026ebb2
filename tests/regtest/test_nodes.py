"""Another LND takes the place of the one that made the invoices, with credentials of its own, and goes again."""

import shutil

import httpx
import pytest

from regtest.lnd import LndNode
from regtest.process import until
from satspeak import programs
from satspeak.client import Client
from tests.line import Line
from tests.regtest.market import Service

pytestmark = pytest.mark.regtest

EXPIRY_S = 5
TEXT = "Hello there, my dear friend."


class Place:
    """Where the service finds its node: an address and two files."""

    def __init__(self, folder, line: Line) -> None:
        self.line = line
        self.settings = {"lnd_tls_cert": f"{folder}/tls.cert", "lnd_macaroon": f"{folder}/seller.macaroon"}

    async def give(self, node: LndNode) -> None:
        """Let a node take it."""
        await self.line.cut()
        self.line.far_end = node.address
        shutil.copy(node.tls_cert_path, self.settings["lnd_tls_cert"])
        shutil.copy(node.macaroon_path, self.settings["lnd_macaroon"])
        await self.line.restore()


@pytest.fixture
async def place(merchant, tmp_path):
    place = Place(tmp_path, Line(merchant.address))
    await place.give(merchant)
    yield place
    await place.line.cut()


@pytest.fixture
async def shop(place, guard, ports, tmp_path):
    port = ports.take()
    program = programs.service_program(
        port=port,
        folder=tmp_path,
        guard=guard,
        worker_urls="http://127.0.0.1:9",  # nothing is rendered here
        btc_usd="fixed:65000",
        quote_expiry_s=str(EXPIRY_S),
        sweep_s="0.2",
        lnd_address=place.line.near_end,
        **place.settings,
    )
    shop = Service(program, f"http://127.0.0.1:{port}")
    await shop.start()
    yield shop
    await program.stop()


async def test_a_quote_that_was_paid_at_the_old_node_is_paid_once_that_is_back(place, shop, merchant, payer):
    async with httpx.AsyncClient(base_url=shop.url) as http, Client(shop.url) as client:

        async def is_ready() -> bool:
            return (await http.get("/health/ready")).status_code == httpx.codes.OK

        async def elsewhere() -> str:
            settlements = (await http.get("/health")).json()["parts"]["settlements"]
            return str(settlements["detail"]) if settlements["status"] == "ok" else "down"

        async def of_another_node() -> bool:
            return (await elsewhere()).startswith("2 payments")

        await until("the node to be asked", is_ready, timeout_s=20)
        paid = await client.quote_text(TEXT)
        unpaid = await client.quote_text(TEXT)
        await place.line.cut()
        assert not await is_ready()
        await payer.pay(paid.bolt11_invoice)

        await place.give(payer)  # a node as good as any, but not theirs

        await until("the other node", is_ready, timeout_s=20)
        await until("the payments to be noticed", of_another_node, timeout_s=20)
        made_there = await client.quote_text(TEXT)

        async def has_expired() -> bool:
            return (await client.payment(made_there.bolt11_invoice)).status == "expired"

        await until("a quote of the other node to expire", has_expired, timeout_s=20)
        for quote in (paid, unpaid):
            assert (await client.payment(quote.bolt11_invoice)).status == "pending"

        await place.give(merchant)

        async def is_paid() -> bool:
            return (await client.payment(paid.bolt11_invoice)).status == "paid"

        async def is_over() -> bool:
            return (await client.payment(unpaid.bolt11_invoice)).status == "expired"

        await until("the payment", is_paid, timeout_s=20)
        await until("the quote that nobody paid to expire", is_over, timeout_s=20)
