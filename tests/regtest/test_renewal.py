"""The node's certificate and macaroon are renewed while the service sells."""

import httpx
import pytest
from lndgrpc.compiled import lightning_pb2

from regtest.lnd import LndNode
from regtest.network import Network
from regtest.process import until
from satspeak import programs
from satspeak.client import Client
from tests.regtest.market import Service

pytestmark = pytest.mark.regtest

TEXT = "Hello there, my dear friend."
SELLER = (("invoices", "read"), ("invoices", "write"), ("offchain", "read"), ("info", "read"))
PATIENCE_S = 30


@pytest.fixture(scope="module")
async def merchant_and_payer(tmp_path_factory):
    """Of a network of their own: the merchant's certificate is another afterwards."""
    async with await Network.start(tmp_path_factory.mktemp("renewed")) as network:
        yield network.merchant, network.payer


@pytest.fixture
async def macaroon(merchant_and_payer, tmp_path):
    path = tmp_path / "seller.macaroon"
    path.write_bytes(await bake(merchant_and_payer[0], root_key_id=7))
    return path


@pytest.fixture
async def shop(merchant_and_payer, macaroon, guard, ports, tmp_path):
    port = ports.take()
    settings = programs.node_settings(merchant_and_payer[0]) | {"lnd_macaroon": str(macaroon)}
    program = programs.service_program(
        port=port,
        folder=tmp_path,
        guard=guard,
        worker_urls="http://127.0.0.1:9",  # nothing is rendered here
        btc_usd="fixed:65000",
        **settings,
    )
    shop = Service(program, f"http://127.0.0.1:{port}")
    await shop.start()
    yield shop
    await program.stop()


async def bake(node: LndNode, *, root_key_id: int) -> bytes:
    baked = await node._lightning.BakeMacaroon(
        lightning_pb2.BakeMacaroonRequest(
            permissions=[
                lightning_pb2.MacaroonPermission(entity=entity, action=action) for entity, action in SELLER
            ],
            root_key_id=root_key_id,
        ),
        metadata=node._admin(),
    )
    return bytes.fromhex(baked.macaroon)


async def test_a_shop_goes_on_selling_with_a_new_certificate_and_a_new_macaroon(
    shop, merchant_and_payer, macaroon
):
    merchant, payer = merchant_and_payer
    async with httpx.AsyncClient(base_url=shop.url) as http, Client(shop.url) as client:

        async def is_ready() -> bool:
            return (await http.get("/health/ready")).status_code == httpx.codes.OK

        async def is_away() -> bool:
            return not await is_ready()

        async def sell_one() -> None:
            """Sell and see it paid, by the stream of settlements: nothing polls that fast."""
            quote = await client.quote_text(TEXT)
            await payer.pay(quote.bolt11_invoice)

            async def is_paid() -> bool:
                return (await client.payment(quote.bolt11_invoice)).status == "paid"

            await until("the payment", is_paid, timeout_s=PATIENCE_S)

        await until("the shop to open", is_ready, timeout_s=PATIENCE_S)
        await sell_one()

        before = merchant.tls_cert_path.read_bytes()
        await merchant.stop()
        for name in ("tls.cert", "tls.key"):
            (merchant.access.folder / name).unlink()
        await until("the shop to notice that the node is away", is_away, timeout_s=PATIENCE_S)
        await merchant.start()
        await merchant.until_channel_usable()
        assert merchant.tls_cert_path.read_bytes() != before
        await until("the shop to take the certificate", is_ready, timeout_s=PATIENCE_S)
        await sell_one()

        await merchant._lightning.DeleteMacaroonID(
            lightning_pb2.DeleteMacaroonIDRequest(root_key_id=7), metadata=merchant._admin()
        )
        await until("the shop to notice that its macaroon was revoked", is_away, timeout_s=PATIENCE_S)
        macaroon.write_bytes(await bake(merchant, root_key_id=8))
        await until("the shop to take the macaroon", is_ready, timeout_s=PATIENCE_S)
        await sell_one()

        health = (await http.get("/health")).json()["parts"]
        assert health["settlements"]["status"] == health["node"]["status"] == "ok"
