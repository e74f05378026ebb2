"""The node may be made anew from its seed, or another take its place: no payment is lost or called unpaid for it."""

import asyncio
import contextlib
import sqlite3

import pytest
from structlog.testing import capture_logs

from lightning import Msat, NewInvoice, PaymentHash, SettleIndex
from lightning.memory import MemoryBackend
from lightning.reading import read_invoice
from service.assembly.stores import open_database
from service.orders.order import Status
from service.storage.payments import SqlPayments

DEADLINE_S = 30

OTHER = b"another node's private key, no 1"
TEXT = "/lightning/request-video/text"
HOLD = {"hold": True, "avatar": "arab_woman", "emotion": "happy", "language": "en"}


@pytest.fixture(params=["files", "servers"])
def stores(request: pytest.FixtureRequest) -> dict[str, str]:
    """Both databases."""
    return {} if request.param == "files" else {"database_url": request.getfixturevalue("database_url")}


def is_status(status):
    return lambda payment: payment["status"] == status


async def metric(shop, name: str) -> int:
    answer = await shop.http.get("/metrics", headers=await shop.key())
    values = dict(line.split() for line in answer.text.splitlines() if not line.startswith("#"))
    return int(values[f"satspeak_{name}"])


async def until_elsewhere(shop, count: int) -> None:
    """Wait until the sweep has counted the payments of other nodes."""
    async with asyncio.timeout(10):
        while await metric(shop, "payments_elsewhere") != count:  # noqa: ASYNC110 - what an operator can do
            await asyncio.sleep(0.01)


async def sell_and_be_paid(shop, how_many: int) -> None:
    for _ in range(how_many):
        await shop.until(await shop.paid(), is_status("paid"))


async def until_followed(shop, to: int) -> None:
    """Wait until the node that is there is followed so far; it may be paid before it is seen to be another."""
    node = await shop.node.node()
    async with open_database(shop.settings()) as database, asyncio.timeout(DEADLINE_S):
        while (await SqlPayments(database).last_settled(node))[0] != to:  # noqa: ASYNC110 - what a row says
            await asyncio.sleep(0.01)


async def test_what_a_node_settles_that_was_restored_from_its_seed_is_noticed_at_once(shop):
    await sell_and_be_paid(shop, 3)

    shop.node.restore_from_seed()

    await sell_and_be_paid(shop, 2)
    async with open_database(shop.settings()) as database:
        assert (await SqlPayments(database).last_settled(await shop.node.node()))[0] == 2


@pytest.mark.parametrize("settled", [1, 3, 4])
async def test_what_it_settled_while_the_service_was_away_is_noticed_at_the_next_start(closed_shop, settled):
    async with closed_shop.open() as shop:
        await sell_and_be_paid(shop, 3)
    closed_shop.node.restore_from_seed()
    async with closed_shop.open() as shop:
        invoices = [await shop.quote() for _ in range(settled)]
    for invoice in invoices:
        closed_shop.node.pay(invoice)

    async with closed_shop.open() as shop:
        for invoice in invoices:
            await shop.until(invoice, is_status("paid"))


async def test_a_settlement_makes_its_order_paid_whatever_its_index(shop):
    invoice = await shop.quote()
    here = await shop.node.node()
    made = MemoryBackend(key=OTHER)
    other = await made.add_invoice(amount=Msat(1), memo="", expiry_s=60)
    made.pay(other.bolt11)
    stranger = await anext(made.settlements(after=SettleIndex(0)))

    async with open_database(shop.settings()) as database:
        payments = SqlPayments(database)
        high = {"settle_index": 500, "payment_hash": stranger.payment_hash}
        await payments.settle(
            type(stranger)(**{**_fields(stranger), **high}), node=here, now=shop.clock.now()
        )
        ours = {"settle_index": 1, "payment_hash": read_invoice(invoice).payment_hash}
        told = type(stranger)(**{**_fields(stranger), **ours})
        assert await payments.settle(told, node=here, now=shop.clock.now()) is not None
        assert await payments.last_settled(here) == (1, ours["payment_hash"])


def _fields(settlement):
    return {name: getattr(settlement, name) for name in settlement.__struct_fields__}


async def test_a_quote_that_was_paid_at_the_old_node_is_not_expired_by_a_new_one(closed_shop):
    async with closed_shop.open(sweep_s=0.02) as shop:
        paid, unpaid = await shop.quote(), await shop.quote()
        shop.node.go_down()
        shop.node.pay(paid)
        first = shop.node.become(OTHER)
        shop.node.come_back()
        shop.clock.pass_by(minutes=20)

        await until_elsewhere(shop, 2)

        for invoice in (paid, unpaid):
            assert (await shop.payment(invoice))["status"] == "pending"
        assert (await shop.video(paid)).status_code == 503
        health = (await shop.http.get("/health")).json()["parts"]["settlements"]
        assert (health["status"], health["detail"].split()[0]) == ("ok", "2")
        await sell_and_be_paid(shop, 1)  # the new one sells

        shop.node.become(first)
        await shop.until(paid, is_status("paid"))
        await until_elsewhere(shop, 0)
        assert (await shop.http.get("/health")).json()["parts"]["settlements"]["detail"] == ""


async def test_each_node_is_followed_from_where_it_was_left(shop):
    await sell_and_be_paid(shop, 2)
    await until_followed(shop, to=2)
    first = shop.node.become(OTHER)
    await sell_and_be_paid(shop, 1)
    await until_followed(shop, to=1)
    shop.node.become(first)
    await sell_and_be_paid(shop, 1)
    await until_followed(shop, to=3)


async def test_a_held_payment_is_not_called_canceled_by_another_node(closed_shop):
    async with closed_shop.open(sweep_s=0.02) as shop:
        answer = await shop.http.post(TEXT, json={"text": "Hello there.", **HOLD})
        invoice = answer.json()["bolt11_invoice"]
        shop.worker.hold_after = 1
        paying = asyncio.create_task(shop.node.pay_held(invoice))
        await shop.until(invoice, is_status("held"))
        first = shop.node.become(OTHER)

    closed_shop.worker.go.set()
    async with closed_shop.open(sweep_s=0.02) as shop:
        await until_elsewhere(shop, 1)
        assert (await shop.payment(invoice))["status"] == "held"
        shop.node.become(first)

    async with closed_shop.open() as shop:
        await shop.until(invoice, is_status("paid"))
    paying.cancel()


async def test_of_an_old_row_the_invoice_tells_which_node_made_it(closed_shop):
    if closed_shop.stores:
        pytest.skip("how the column is emptied is SQLite's")
    async with closed_shop.open(sweep_s=0.02) as shop:
        invoice = await shop.quote()
        first = shop.node.become(OTHER)
        made = await shop.quote()
        with contextlib.closing(sqlite3.connect(shop.folder / "satspeak.sqlite3")) as database:
            database.execute("update payments set node = null")
            database.commit()
        shop.clock.pass_by(minutes=20)

        await until_elsewhere(shop, 1)

        assert (await shop.payment(invoice))["status"] == "pending"
        assert (await shop.payment(made))["status"] == "expired"
        shop.node.become(first)
        await shop.until(invoice, is_status("expired"))


class Liar(MemoryBackend):
    """A node whose answer says something else than its invoice."""

    lie: str = ""

    async def add_invoice(
        self, *, amount: Msat, memo: str, expiry_s: int, description_hash: bytes | None = None
    ) -> NewInvoice:
        if self.lie == "amount":
            amount = Msat(amount + 1)
        made = await super().add_invoice(
            amount=amount, memo=memo, expiry_s=expiry_s, description_hash=description_hash
        )
        if self.lie == "hash":
            return NewInvoice(bolt11=made.bolt11, payment_hash=PaymentHash(b"\x17" * 32))
        return made


@pytest.mark.parametrize("lie", ["hash", "amount"])
async def test_an_invoice_that_is_not_what_was_asked_for_is_not_sold(closed_shop, lie):
    closed_shop.node = Liar()
    async with closed_shop.open() as shop:
        await shop.quote()
        shop.node.lie = lie

        answer = await shop.http.post(TEXT, json={"text": "Hello there."})

        assert answer.status_code == 503
        assert "bolt11_invoice" not in answer.json()
        assert await metric(shop, "quotes_total") == 1


async def test_a_payment_that_says_it_is_ours_and_that_no_order_has_is_told(shop):
    with capture_logs() as logs:
        lost = await shop.node.add_invoice(amount=Msat(7000), memo="Talking-head video, 1.0 s", expiry_s=60)
        other = await shop.node.add_invoice(amount=Msat(7000), memo="a hat", expiry_s=60)
        for made in (lost, other):
            shop.node.pay(made.bolt11)
        await sell_and_be_paid(shop, 1)

    told = [line for line in logs if line["event"] == "settlement_without_order"]
    assert [(line["payment_hash"], line["paid_msat"]) for line in told] == [(lost.payment_hash.hex(), 7000)]
    assert await metric(shop, "settlements_without_order_total") == 1


async def test_each_payment_keeps_the_node_that_made_its_invoice(shop):
    await shop.quote()
    async with open_database(shop.settings()) as database:
        payment = await SqlPayments(database).of(1)

    assert payment.status is Status.PENDING
    assert payment.node == await shop.node.node() == read_invoice(payment.invoice).payee
