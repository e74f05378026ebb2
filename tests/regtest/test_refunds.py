"""Money back over real Lightning nodes: what fails is refunded once, and both nodes' balances add up."""

import asyncio
import contextlib
import sqlite3
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from lndgrpc.compiled import lightning_pb2

from regtest.lnd import LndNode, Payment
from regtest.ports import Ports
from regtest.process import Guard, Program, until
from satspeak import programs

pytestmark = pytest.mark.regtest

CHOICE = {"avatar": "european_woman", "emotion": "happy"}


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be a worker that is well and makes no video."""
    with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, body = "200 OK", '{"status": "ok", "renders_active": 0}'
        if head.startswith("POST"):
            while await reader.readuntil(b"\r\n") != b"0\r\n":  # which begins the last chunk
                pass
            status, body = "400 Bad Request", '{"detail": "This worker makes no video."}'
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        await writer.drain()


@pytest.fixture(scope="module")
def guard():
    with contextlib.closing(Guard()) as guard:
        yield guard


@pytest.fixture(scope="module")
async def refuser() -> AsyncIterator[str]:
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Shop:
    """One service, its client and its data."""

    def __init__(self, program: Program, url: str, database) -> None:
        self.program = program
        self.url = url
        self.database = database
        self.http = httpx.AsyncClient(base_url=url, timeout=60)

    async def start(self) -> None:
        await self.program.start()
        await programs.healthy(self.program, self.url, healthy_when=bool)

    async def payment(self, invoice: str) -> dict[str, Any]:
        return dict((await self.http.get(f"/lightning/payment/{invoice}")).json())

    async def until_refunded(self, invoice: str) -> None:
        async def refunded() -> bool:
            return (await self.payment(invoice))["status"] == "refunded"

        await until("the refund to be known", refunded, timeout_s=40)

    def ledger(self) -> tuple[int, int, int]:
        """Received, refunded and paid for the way, in msat."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            [(received,)] = connection.execute("select sum(paid_msat) from payments").fetchall()
            [(refunded, fees)] = connection.execute(
                "select sum(amount_msat), sum(fee_msat) from refunds where state = 'refunded'"
            ).fetchall()
        return received, refunded, fees


@pytest.fixture(scope="module")
async def open_shop(guard, network, refuser, tmp_path_factory):
    """Open shops that sell through the merchant's node and cannot make a video."""
    async with contextlib.AsyncExitStack() as closing:
        ports = closing.enter_context(contextlib.closing(Ports()))

        async def open_one(worker: str = refuser, **settings: str) -> Shop:
            port, folder = ports.take(), tmp_path_factory.mktemp("service")
            program = programs.service_program(
                port=port,
                folder=folder,
                guard=guard,
                worker_urls=worker,
                btc_usd="fixed:65000",
                **{**programs.node_settings(network.merchant), **settings},
            )
            shop = Shop(program, f"http://127.0.0.1:{port}", folder / "service" / "satspeak.sqlite3")
            closing.push_async_callback(program.stop)
            closing.push_async_callback(shop.http.aclose)
            await shop.start()
            return shop

        yield open_one


class Failed:
    """An order that was paid and then refused, and its buyer's node."""

    def __init__(self, shop: Shop, payer: LndNode, quote: dict[str, Any], payment: Payment) -> None:
        self.shop = shop
        self.payer = payer
        self.quote = quote
        self.invoice = str(quote["bolt11_invoice"])
        self.payment = payment

    async def ask(self, refund_invoice: str) -> httpx.Response:
        wish = {
            "bolt11_invoice": self.invoice,
            "refund_token": self.quote["refund_token"],
            "preimage": self.payment.preimage.hex(),
            "refund_invoice": refund_invoice,
        }
        return await self.shop.http.post("/lightning/refund", json=wish)

    async def most(self) -> int:
        return int((await self.shop.payment(self.invoice))["refund"]["amount_msat"])

    async def open_invoice(self) -> str:
        """An invoice of the buyer's node that leaves the amount to the shop."""
        return await self.invoice_for(0)

    async def invoice_for(self, amount_msat: int) -> str:
        invoice = lightning_pb2.Invoice(value_msat=amount_msat, expiry=3600)
        answer = await self.payer._lightning.AddInvoice(invoice, metadata=self.payer._admin())
        return str(answer.payment_request)


@pytest.fixture
def held(held_invoice):
    return held_invoice()


@pytest.fixture
def balances(merchant, payer):
    """What the merchant and the payer have, once nothing moves between them."""

    async def read() -> tuple[int, int]:
        async def still() -> bool:
            return not any([(await node.channel_balance()).pending_msat for node in (merchant, payer)])

        await until("the money to have moved", still, timeout_s=20)
        mine, theirs = await merchant.channel_balance(), await payer.channel_balance()
        return mine.local_msat, theirs.local_msat

    return read


@pytest.fixture
async def fail(payer, merchant):
    """Buy from a shop what its worker refuses."""

    async def buy(shop: Shop, *, status: int = 400) -> Failed:
        text = {"text": "Hello, this will fail."}
        quote = (await shop.http.post("/lightning/request-video/text", json=text)).json()
        payment = await payer.pay(quote["bolt11_invoice"])
        order = {"bolt11_invoice": quote["bolt11_invoice"], **CHOICE}
        answer = await shop.http.post("/lightning/generate-video", json=order)
        assert answer.status_code == status, answer.text
        await merchant.until_channel_usable()
        return Failed(shop, payer, quote, payment)

    return buy


async def test_a_paid_order_that_the_worker_refuses_ends_refunded(open_shop, fail, balances):
    shop = await open_shop()
    before = await balances()
    failed = await fail(shop)
    most = await failed.most()

    answer = await failed.ask(await failed.open_invoice())

    after = await balances()
    assert (answer.status_code, answer.json()["status"]) == (200, "refunded")
    assert (await shop.payment(failed.invoice))["status"] == "refunded"
    kept = failed.payment.amount_msat - most
    assert (after[0] - before[0], after[1] - before[1]) == (kept, -kept)
    received, refunded, fees = shop.ledger()
    assert (received, refunded, fees) == (failed.payment.amount_msat, most, 0)
    assert received - refunded - fees == kept


async def test_a_paid_order_that_no_worker_takes_is_not_refunded_while_it_is_still_tried(open_shop, fail):
    shop = await open_shop("http://127.0.0.1:9")
    failed = await fail(shop, status=503)

    answer = await failed.ask(await failed.open_invoice())

    payment = await shop.payment(failed.invoice)
    assert (answer.status_code, answer.json()["type"]) == (409, "/docs/problems#not-refundable")
    assert (payment["status"], payment["video"]["state"], payment["refund"]) == ("paid", "interrupted", None)


async def test_a_service_killed_in_mid_refund_pays_once(open_shop, fail, balances, held):
    shop = await open_shop(status_wait_s="1")
    before = await balances()
    failed = await fail(shop)
    most = await failed.most()
    refund_invoice = await held.make(most)
    assert (await failed.ask(refund_invoice)).status_code == 202
    await held.until_held()

    await shop.program.kill()
    await shop.start()
    meanwhile = await failed.ask(refund_invoice)
    other = await failed.ask(await failed.open_invoice())
    await held.take()
    await shop.until_refunded(failed.invoice)

    assert (meanwhile.status_code, meanwhile.json()["status"], other.status_code) == (202, "paying", 409)
    assert (await failed.ask(refund_invoice)).status_code == 200
    after = await balances()
    kept = failed.payment.amount_msat - most
    assert (after[0] - before[0], after[1] - before[1]) == (kept, -kept)
    assert shop.ledger() == (failed.payment.amount_msat, most, 0)


async def test_a_service_killed_wherever_it_is_in_a_refund_pays_once(open_shop, fail, balances):
    shop = await open_shop()
    for delay_s in (0, 0.01, 0.03, 0.1, 0.3):
        before = await balances()
        failed = await fail(shop)
        most = await failed.most()
        refund_invoice = await failed.open_invoice()

        asking = asyncio.create_task(failed.ask(refund_invoice))
        await asyncio.wait({asking}, timeout=delay_s)
        await shop.program.kill()
        await asyncio.gather(asking, return_exceptions=True)
        await shop.start()
        answer = await failed.ask(refund_invoice)
        if answer.status_code == 202:
            await shop.until_refunded(failed.invoice)

        after = await balances()
        kept = failed.payment.amount_msat - most
        assert (after[0] - before[0], after[1] - before[1]) == (kept, -kept), delay_s


async def test_a_refund_that_the_buyer_refuses_leaves_room_for_another(open_shop, fail, balances, held):
    shop = await open_shop()
    before = await balances()
    failed = await fail(shop)
    most = await failed.most()
    asking = asyncio.create_task(failed.ask(await held.make(most)))
    await held.until_held()

    await held.refuse()
    refused = await asking
    answer = await failed.ask(await failed.open_invoice())

    assert (refused.status_code, refused.json()["type"]) == (409, "/docs/problems#refund-failed")
    assert answer.status_code == 200
    after = await balances()
    kept = failed.payment.amount_msat - most
    assert (after[0] - before[0], after[1] - before[1]) == (kept, -kept)


async def test_a_node_killed_in_mid_refund_pays_once(open_shop, fail, balances, held, merchant):
    shop = await open_shop(status_wait_s="1")
    before = await balances()
    failed = await fail(shop)
    most = await failed.most()
    refund_invoice = await held.make(most)
    await failed.ask(refund_invoice)
    await held.until_held()

    await merchant.kill()
    assert (await failed.ask(refund_invoice)).status_code == 202
    await merchant.start()
    await merchant.until_channel_usable()
    await held.take()
    await shop.until_refunded(failed.invoice)

    after = await balances()
    kept = failed.payment.amount_msat - most
    assert (after[0] - before[0], after[1] - before[1]) == (kept, -kept)


async def test_a_refund_asked_for_right_after_the_node_was_started_is_paid_by_that_invoice(
    open_shop, fail, merchant
):
    shop = await open_shop()
    failed = await fail(shop)
    refund_invoice = await failed.open_invoice()
    await merchant.kill()
    await merchant.start()

    async def taken() -> bool:
        answer = await failed.ask(refund_invoice)
        assert answer.status_code in (200, 202, 503), (
            answer.text
        )  # the service's line to the node may be the old one
        return answer.status_code != 503

    await until("the refund to be taken", taken, timeout_s=40)
    await shop.until_refunded(failed.invoice)


async def test_without_the_macaroon_the_operator_pays_by_hand_and_says_so(open_shop, fail, merchant):
    shop = await open_shop(lnd_refund_macaroon="")
    failed = await fail(shop)
    refund_invoice = await failed.invoice_for(await failed.most())
    assert (await failed.ask(refund_invoice)).json()["status"] == "owed"

    listed, _ = await command(shop, "owed")
    order_id, state, amount, *_, invoice = listed.strip().split("\t")
    paid = await merchant.pay(invoice)
    wrong = await command(shop, "owed", "paid", order_id, "00" * 32)
    right = await command(shop, "owed", "paid", order_id, paid.preimage.hex())

    assert (state, invoice) == ("owed", refund_invoice)
    assert "no preimage of an invoice of order 1" in wrong[1]
    assert right[0] == f"Order 1 is refunded: {amount} msat.\n"
    assert (await shop.payment(failed.invoice))["status"] == "refunded"
    assert (await failed.ask(refund_invoice)).json()["preimage"] == paid.preimage.hex()
    assert (await command(shop, "owed"))[0] == ""


async def command(shop: Shop, *arguments: str) -> tuple[str, str]:
    """Run a command of the operator beside the service; what it says, and what it says beside that."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service",
        *arguments,
        env=shop.program.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, errors = await process.communicate()
    return out.decode(), errors.decode()
