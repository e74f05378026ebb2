"""Money back for a video that failed: once, whatever crashes."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from lightning import Msat, Payment, PaymentHash, PaymentState, Preimage
from lightning.memory_payments import MemoryPayments
from lightning.reading import read_invoice
from service.assembly.stores import open_refunds
from service.errors import NotRefundable
from service.jobs.attempts import LONGEST_PAUSE, MOST_TRIES
from service.refunds.refund import Refund, RefundState, Shares
from service.storage.payments import SqlPayments

NODE = "02" * 33
"""The pubkey of the node that pays here."""
both = pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)


class Failed:
    """A paid order whose video cannot be made, and what its buyer has of it."""

    def __init__(self, shop, quote, preimage: bytes) -> None:
        self.shop = shop
        self.invoice = quote["bolt11_invoice"]
        self.token = quote["refund_token"]
        self.preimage = preimage.hex()
        self.most = Shares.of(quote["amount"] * 1000, 10_000).refund_msat

    def wish(self, refund_invoice: str, **changes: str) -> dict[str, str]:
        return {
            "bolt11_invoice": self.invoice,
            "refund_token": self.token,
            "preimage": self.preimage,
            "refund_invoice": refund_invoice,
            **changes,
        }

    async def ask(self, refund_invoice: str, **changes: str):
        return await self.shop.http.post("/lightning/refund", json=self.wish(refund_invoice, **changes))

    async def invoice_for(self, amount: int | None = None, *, expiry_s: int = 3600) -> str:
        """An invoice of the buyer's wallet; for the most that there is if not given."""
        made = await self.shop.buyer.add_invoice(amount=Msat(amount or self.most), memo="", expiry_s=expiry_s)
        return made.bolt11


async def order(shop, *, paid_msat: int | None = None) -> Failed:
    """Buy, and ask for no video yet."""
    answer = await shop.http.post("/lightning/request-video/text", json={"text": "Hello there, my friend."})
    quote = answer.json()
    preimage = shop.node.pay(quote["bolt11_invoice"], amount=paid_msat)
    await shop.until(quote["bolt11_invoice"], lambda payment: payment["status"] == "paid")
    return Failed(shop, quote, preimage)


async def fail(shop, *, status: int = 400, paid_msat: int | None = None) -> Failed:
    """Buy what the worker then refuses."""
    bought = await order(shop, paid_msat=paid_msat)
    shop.worker.answer = (status, "no")
    assert (await shop.video(bought.invoice)).status_code == status
    shop.worker.answer = None
    return bought


def received(shop) -> int:
    """What the buyer's wallet got."""
    return sum(settlement.amount_paid for settlement in shop.buyer._books.settled)


@pytest.fixture
def payer(closed_shop) -> MemoryPayments:
    return closed_shop.payer


@pytest.fixture
async def failed(shop) -> Failed:
    return await fail(shop)


async def test_a_video_that_cannot_be_made_is_refunded(shop, failed):
    offered = (await shop.payment(failed.invoice))["refund"]
    answer = await failed.ask(await failed.invoice_for())

    told = answer.json()
    assert answer.status_code == 200
    assert offered == {"state": "offered", "amount_msat": failed.most}
    assert (told["status"], told["amount_msat"]) == ("refunded", failed.most)
    assert received(shop) == failed.most
    payment = await shop.payment(failed.invoice)
    assert payment["status"] == "refunded"
    assert payment["refund"] == {"state": "refunded", "amount_msat": failed.most}


async def test_the_proof_of_the_refund_is_told(failed):
    refund_invoice = await failed.invoice_for()

    preimage = (await failed.ask(refund_invoice)).json()["preimage"]

    assert sha256(bytes.fromhex(preimage)).digest() == read_invoice(refund_invoice).payment_hash


async def fail_halfway(shop) -> Failed:
    """Buy what breaks, and is then refused."""
    bought = await order(shop)
    shop.worker.fail_after = 2
    await shop.download(bought.invoice)
    shop.worker.fail_after, shop.worker.answer = None, (400, "no")
    assert (await shop.video(bought.invoice)).status_code == 400
    shop.worker.answer = None
    return bought


async def try_in_vain(shop, bought: Failed, tries: int) -> None:
    """Ask as often as the service tries by itself, after pauses as long as its own."""
    for _ in range(tries):
        shop.clock.pass_by(seconds=LONGEST_PAUSE.total_seconds())
        assert (await shop.video(bought.invoice)).status_code == 503


async def test_a_video_for_which_no_worker_has_room_is_not_refunded(shop):
    bought = await fail(shop, status=503)

    refused = await bought.ask(await bought.invoice_for())

    assert (refused.status_code, received(shop)) == (409, 0)
    assert "goes on by itself" in refused.json()["detail"]
    assert (await shop.payment(bought.invoice))["refund"] is None


@both
async def test_a_video_that_breaks_is_refunded_only_once_it_is_given_up(shop, worker):
    bought = await order(shop)
    worker.fail_after = 2
    await shop.download(bought.invoice)
    worker.fail_after = 0
    await try_in_vain(shop, bought, MOST_TRIES - 2)
    early = await bought.ask(await bought.invoice_for())
    assert (early.status_code, (await shop.payment(bought.invoice))["refund"]) == (409, None)

    await try_in_vain(shop, bought, 1)

    payment = await shop.payment(bought.invoice)
    assert (payment["video"]["state"], payment["refund"]["state"]) == ("failed", "offered")
    key = await shop.key()
    async with asyncio.timeout(10):  # figures may be some seconds old
        while "satspeak_orders_failed 1\n" not in (await shop.http.get("/metrics", headers=key)).text:
            pass
    async with open_refunds(shop.settings()) as refunds:
        assert [debt.order_id for debt in await refunds.debts()] == [1]
    answer = await bought.ask(await bought.invoice_for(expiry_s=99_999))
    assert (answer.status_code, received(shop)) == (200, bought.most)


@both
async def test_a_video_that_was_given_up_may_be_asked_for_again(shop, worker):
    bought = await order(shop)
    worker.fail_after = 0
    await shop.video(bought.invoice)
    await try_in_vain(shop, bought, MOST_TRIES - 1)
    assert (await shop.payment(bought.invoice))["video"]["state"] == "failed"
    worker.fail_after = None

    assert worker.video == (await shop.video(bought.invoice)).content
    assert (await bought.ask(await bought.invoice_for())).status_code == 409
    assert received(shop) == 0


@both
async def test_a_restart_makes_nothing_refundable(closed_shop, worker):
    worker.hold_after = 2
    async with closed_shop.open() as shop:
        bought = await order(shop)
        watching = asyncio.create_task(shop.download(bought.invoice))
        await shop.until(bought.invoice, lambda payment: payment["video"]["frames"] == 24)
    await watching

    async with closed_shop.open() as shop:
        payment = await shop.payment(bought.invoice)
        answer = await bought.ask(await bought.invoice_for())

    assert (payment["video"]["state"], payment["refund"]) == ("interrupted", None)
    assert (answer.status_code, received(shop)) == (409, 0)


@both
async def test_who_has_all_that_a_worker_made_before_it_died_has_not_all_of_the_video(shop, worker):
    worker.fail_after = worker.segments  # before it could send the end
    bought = await order(shop)

    broken = await shop.download(bought.invoice)

    assert broken.received == worker.stored(worker.segments - 1)
    payment = await shop.payment(bought.invoice)
    assert (payment["video"]["state"], payment["video"]["frames"]) == ("interrupted", 36)
    growing = await shop.http.get(
        f"/lightning/video/{bought.invoice}", headers={"Range": f"bytes={len(broken.received)}-99999"}
    )
    assert growing.status_code == 409


async def test_the_same_request_again_is_answered_the_same_and_pays_nothing(shop, failed, payer):
    refund_invoice = await failed.invoice_for()

    first = await failed.ask(refund_invoice)
    again = await failed.ask("LIGHTNING:" + refund_invoice.upper())
    shop.clock.pass_by(days=30)
    late = await failed.ask(refund_invoice)

    assert first.json() == again.json() == late.json()
    assert payer.begun == [refund_invoice]
    assert received(shop) == failed.most


async def test_an_invoice_without_an_amount_gets_the_most_there_is(shop, failed):
    answer = await failed.ask(shop.buyer.add_open_invoice().bolt11)

    assert answer.json()["amount_msat"] == received(shop) == failed.most


async def test_a_buyer_may_ask_for_less(shop, failed):
    await failed.ask(await failed.invoice_for(1234))

    assert received(shop) == 1234


async def test_a_buyer_may_not_ask_for_more(shop, failed):
    answer = await failed.ask(await failed.invoice_for(failed.most + 1))

    assert answer.status_code == 400
    assert f"at most {failed.most:,} are refunded" in answer.json()["detail"]
    assert received(shop) == 0


async def test_who_paid_too_much_gets_that_back_too(shop):
    failed = await fail(shop, paid_msat=90_000)

    await failed.ask(shop.buyer.add_open_invoice().bolt11)

    assert received(shop) == 89_000


@pytest.mark.parametrize(
    ("received_msat", "ppm", "refund", "fee"),
    [
        (29_000, 10_000, 28_000, 1_000),
        (1_000_000, 10_000, 990_000, 10_000),
        (1_000_001, 10_000, 989_999 + 1, 10_001),
        (1_000, 10_000, 500, 500),
        (1, 10_000, 1, 0),
        (2_000_000, 0, 1_999_000, 1_000),
    ],
)
def test_what_the_way_may_cost_comes_off_and_the_whole_is_what_was_received(received_msat, ppm, refund, fee):
    shares = Shares.of(received_msat, ppm)

    assert (shares.refund_msat, shares.fee_limit_msat) == (refund, fee)
    assert shares.refund_msat + shares.fee_limit_msat == received_msat


@pytest.mark.parametrize("wrong", ["token", "preimage", "invoice"])
async def test_without_the_proof_nobody_learns_whether_there_is_an_order(shop, failed, payer, wrong):
    refund_invoice = await failed.invoice_for()
    changes = {
        "token": {"refund_token": "x" * 43},
        "preimage": {"preimage": "00" * 32},
        "invoice": {"bolt11_invoice": failed.invoice[:-1]},
    }[wrong]

    refused = await failed.ask(refund_invoice, **changes)

    shown = failed.invoice[:10] + "..."
    assert (refused.status_code, refused.json()["detail"]) == (404, f"Invoice {shown} not found.")
    assert payer.begun == []


async def test_the_token_of_another_order_proves_nothing(shop, failed):
    other = await fail(shop)

    assert (await failed.ask(await failed.invoice_for(), refund_token=other.token)).status_code == 404


@pytest.mark.parametrize("preimage", ["", "00", "zz" * 32, "00" * 33])
async def test_a_preimage_that_is_none_is_a_400(failed, preimage):
    answer = await failed.ask("lnbc1", preimage=preimage)

    assert answer.status_code == 400
    assert "preimage" in answer.json()["detail"]


@pytest.mark.parametrize("refund_invoice", ["", "lnbc1", "x" * 9000, "é"])
async def test_what_is_no_invoice_is_a_400(failed, refund_invoice):
    answer = await failed.ask(refund_invoice)

    assert answer.status_code == 400
    assert "refund_invoice" in answer.json()["detail"]


async def test_an_invoice_that_is_about_to_expire_is_refused(shop, failed):
    answer = await failed.ask(await failed.invoice_for(expiry_s=60))

    assert answer.status_code == 400
    assert "about to" in answer.json()["detail"]


async def test_an_invoice_of_our_own_node_is_refused(shop, failed):
    own = await shop.node.add_invoice(amount=Msat(1000), memo="", expiry_s=3600)

    answer = await failed.ask(own.bolt11)

    assert answer.status_code == 400
    assert "is ours" in answer.json()["detail"]


async def test_an_invoice_for_another_network_is_refused(shop, failed, monkeypatch):
    monkeypatch.setattr("lightning.memory._CURRENCY", "bc")
    foreign = shop.buyer.add_open_invoice().bolt11

    answer = await failed.ask(foreign)

    assert answer.status_code == 400
    assert "for mainnet: send one for regtest" in answer.json()["detail"]


async def test_one_invoice_refunds_one_order(shop, failed, payer):
    other = await fail(shop)
    refund_invoice = await failed.invoice_for()
    await failed.ask(refund_invoice)

    answer = await other.ask(refund_invoice)

    assert answer.status_code == 400
    assert "before" in answer.json()["detail"]
    assert payer.begun == [refund_invoice]
    assert (await shop.payment(other.invoice))["status"] == "paid"


async def test_an_invoice_that_our_node_paid_for_something_else_refunds_nothing(shop, failed, payer):
    paid = await failed.invoice_for()
    await payer.pay(paid, amount=None, fee_limit=Msat(0), timeout_s=1)

    answer = await failed.ask(paid)

    assert answer.status_code == 400
    assert (await shop.payment(failed.invoice))["status"] == "paid"


async def test_an_order_that_is_not_paid_is_not_refunded(shop):
    answer = await shop.http.post("/lightning/request-video/text", json={"text": "Hello."})
    quote = answer.json()
    preimage = shop.node._books.records[read_invoice(quote["bolt11_invoice"]).payment_hash].preimage

    refused = await Failed(shop, quote, preimage).ask(shop.buyer.add_open_invoice().bolt11)

    assert refused.status_code == 409
    assert "not paid" in refused.json()["detail"]


async def test_a_video_that_nobody_asked_for_has_not_failed(shop):
    bought = await order(shop)

    answer = await bought.ask(await bought.invoice_for())

    assert answer.status_code == 409
    assert "was not asked for yet" in answer.json()["detail"]


async def test_a_whole_video_is_not_refunded(shop):
    bought = await order(shop)
    await shop.video(bought.invoice)

    answer = await bought.ask(await bought.invoice_for())

    assert (answer.status_code, received(shop)) == (409, 0)
    assert "whole" in answer.json()["detail"]


async def test_a_video_that_is_rendered_is_not_refunded(shop, worker):
    bought = await order(shop)
    worker.hold_after = 2
    watching = asyncio.create_task(shop.video(bought.invoice))
    await shop.until(bought.invoice, lambda payment: payment["video"]["frames"] == 24)

    answer = await bought.ask(await bought.invoice_for())
    worker.go.set()

    assert (answer.status_code, answer.json()["type"]) == (409, "/docs/problems#not-refundable")
    assert (await watching).content == worker.video
    assert received(shop) == 0


@both
async def test_a_render_whose_lease_ran_out_is_not_refunded_and_goes_on(shop, worker):
    bought = await order(shop)
    worker.hold_after = 2
    watching = asyncio.create_task(shop.download(bought.invoice))
    await shop.until(bought.invoice, lambda payment: payment["video"]["frames"] == 24)
    shop.clock.pass_by(seconds=91)

    answer = await bought.ask(await bought.invoice_for())
    worker.go.set()

    assert (answer.status_code, received(shop)) == (409, 0)
    assert worker.video == (await watching).received


async def test_a_refunded_video_is_rendered_no_more(shop, failed, worker):
    await failed.ask(await failed.invoice_for())
    asked = len(worker.requests)

    delivery = await shop.video(failed.invoice)
    reading = await shop.http.get(f"/lightning/video/{failed.invoice}")

    assert (delivery.status_code, delivery.json()["type"]) == (409, "/docs/problems#refund-bound")
    assert reading.status_code == 409
    assert len(worker.requests) == asked


async def test_a_video_is_not_rendered_while_its_refund_is_on_its_way(closed_shop, worker, payer):
    payer.holding = True
    async with closed_shop.open(status_wait_s=0.05) as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()
        answer = await failed.ask(refund_invoice)
        asked = len(worker.requests)

        delivery = await shop.video(failed.invoice)

        assert (answer.status_code, answer.json()["status"]) == (202, "paying")
        assert (await shop.payment(failed.invoice))["refund"]["state"] == "paying"
        assert (delivery.status_code, delivery.json()["type"]) == (409, "/docs/problems#refund-bound")
        assert len(worker.requests) == asked
        payer.let_go()
        await shop.until(failed.invoice, lambda payment: payment["status"] == "refunded")
        assert (await failed.ask(refund_invoice)).status_code == 200


async def test_what_was_made_of_a_video_is_not_delivered_while_its_refund_is_on_its_way(
    closed_shop, worker, payer
):
    payer.holding = True
    async with closed_shop.open(status_wait_s=0.05) as shop:
        bought = await fail_halfway(shop)
        await bought.ask(await bought.invoice_for())

        assert (await shop.video(bought.invoice)).status_code == 409


@both
async def test_who_asks_for_the_video_and_the_money_at_once_gets_one_of_them(shop, worker):
    for _ in range(10):
        failed = await fail(shop)
        before = received(shop)

        video, refund = await asyncio.gather(
            shop.video(failed.invoice), failed.ask(await failed.invoice_for())
        )

        assert sorted([video.status_code, refund.status_code]) == [200, 409]
        assert (received(shop) > before) == (refund.status_code == 200)


async def test_two_who_ask_at_once_are_one_payment(shop, failed, payer):
    refund_invoice = await failed.invoice_for()

    answers = await asyncio.gather(*(failed.ask(refund_invoice) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.content for answer in answers}) == 1
    assert payer.begun == [refund_invoice]


async def test_of_two_invoices_at_once_one_is_paid(shop, failed, payer):
    invoices = [await failed.invoice_for() for _ in range(5)]

    answers = await asyncio.gather(*(failed.ask(invoice) for invoice in invoices))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert len(payer.begun) == 1
    assert received(shop) == failed.most


async def test_another_invoice_is_not_taken_while_the_first_may_be_paid(closed_shop, payer):
    payer.holding = True
    async with closed_shop.open(status_wait_s=0.05) as shop:
        failed = await fail(shop)
        first = await failed.invoice_for()
        await failed.ask(first)
        shop.clock.pass_by(days=2)

        answer = await failed.ask(shop.buyer.add_open_invoice(expiry_s=9_999_999).bolt11)

        assert (answer.status_code, answer.json()["type"]) == (409, "/docs/problems#refund-bound")
        assert payer.begun == [first]


async def test_after_one_invoice_failed_another_is_paid(shop, failed, payer):
    payer.fee = Msat(2_000)
    first, second = await failed.invoice_for(), await failed.invoice_for()

    refused = await failed.ask(first)
    payer.fee = Msat(700)
    again = await failed.ask(first)
    told = (await shop.payment(failed.invoice))["refund"]
    answer = await failed.ask(second)

    assert (refused.status_code, refused.json()["type"]) == (409, "/docs/problems#refund-failed")
    assert "no route" in refused.json()["detail"]
    assert refused.content == again.content
    assert told == {"state": "failed", "amount_msat": failed.most}
    assert answer.status_code == 200
    assert payer.begun == [first, second]
    assert received(shop) == failed.most


async def test_after_an_invoice_failed_the_video_may_be_made_and_then_is_not_refunded(
    shop, failed, payer, worker
):
    payer.fee = Msat(2_000)
    await failed.ask(await failed.invoice_for())
    payer.fee = Msat(0)

    assert worker.video == (await shop.video(failed.invoice)).content
    assert (await failed.ask(await failed.invoice_for())).status_code == 409
    assert (await shop.payment(failed.invoice))["refund"] is None


async def test_a_crash_while_the_money_is_on_its_way_pays_once(closed_shop, payer):
    payer.holding = True
    async with closed_shop.open(status_wait_s=0.05) as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()
        await failed.ask(refund_invoice)

    payer.let_go()
    async with closed_shop.open() as shop:
        await shop.until(failed.invoice, lambda payment: payment["status"] == "refunded")
        assert (await failed.ask(refund_invoice)).status_code == 200

    assert payer.begun == [refund_invoice]
    assert received(closed_shop) == failed.most


@pytest.mark.parametrize("asked", [False, True])
async def test_a_crash_before_the_node_was_asked_is_made_good(closed_shop, payer, asked):
    async with closed_shop.open() as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()
    now = datetime.now(UTC)
    async with open_refunds(closed_shop.settings()) as refunds:
        bound = await refunds.bind(bind(refund_invoice, failed), now)
        if asked:
            assert await refunds.begin(bound.payment_hash, node=NODE, now=now, again_before=now)
            assert not await refunds.begin(bound.payment_hash, node=NODE, now=now, again_before=now)
    closed_shop.clock.pass_by(seconds=20)

    async with closed_shop.open() as shop:
        await shop.until(failed.invoice, lambda payment: payment["status"] == "refunded")

    assert payer.begun == [refund_invoice]


def bind(refund_invoice: str, failed: Failed, state: RefundState = RefundState.PAYING) -> Refund:
    asked = read_invoice(refund_invoice)
    return Refund(
        order_id=1,
        payment_hash=asked.payment_hash,
        invoice=refund_invoice,
        open_amount=False,
        state=state,
        amount_msat=failed.most,
        fee_limit_msat=Msat(1000),
        expires_at=asked.expires_at,
    )


async def test_a_payment_that_the_node_does_not_tell_the_end_of_stays_bound(closed_shop, payer):
    payer.holding = True
    async with closed_shop.open(status_wait_s=0.05) as shop:
        failed = await fail(shop)
        first = await failed.invoice_for()
        await failed.ask(first)
        payer.go_down()
        payer.let_go()

        waiting = await failed.ask(first)
        payer.come_back()

        assert (waiting.status_code, waiting.json()["status"]) == (202, "paying")
        await shop.until(failed.invoice, lambda payment: payment["status"] == "refunded")
    assert payer.begun == [first]


async def test_a_refund_waits_for_a_node_that_has_no_channel_yet(closed_shop, payer):
    payer.lose_channels()
    async with closed_shop.open(status_wait_s=0.05) as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()

        waiting = await failed.ask(refund_invoice)
        begun = list(payer.begun)
        payer.regain_channels()

        assert (waiting.status_code, waiting.json()["status"], begun) == (202, "paying", [])
        await shop.until(failed.invoice, lambda payment: payment["status"] == "refunded")
    assert payer.begun == [refund_invoice]


async def test_an_invoice_that_expired_while_the_node_had_no_channel_gives_way_to_another(closed_shop, payer):
    payer.lose_channels()
    async with closed_shop.open(status_wait_s=0.05) as shop:
        failed = await fail(shop)
        await failed.ask(await failed.invoice_for())
    closed_shop.clock.pass_by(hours=2)

    async with closed_shop.open() as shop:
        failed.shop = shop
        await shop.until(failed.invoice, lambda payment: payment["refund"]["state"] == "failed")
        payer.regain_channels()
        answer = await failed.ask(shop.buyer.add_open_invoice(expiry_s=9_999_999).bolt11)

    assert answer.status_code == 200
    assert received(closed_shop) == failed.most


async def test_a_payment_over_which_the_node_died_is_made_again(closed_shop, payer):
    payer.holding = True
    async with closed_shop.open(status_wait_s=0.05) as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()
        await failed.ask(refund_invoice)

        payer.die()
        payer.let_go()
        soon = await failed.ask(refund_invoice)
        shop.clock.pass_by(seconds=20)
        await failed.ask(refund_invoice)

        assert soon.status_code == 202, "whoever asked the node may still be at it"
        await shop.until(failed.invoice, lambda payment: payment["status"] == "refunded")
    assert payer.begun == [refund_invoice, refund_invoice]
    assert received(closed_shop) == failed.most


async def test_a_failure_is_not_noted_once_the_node_was_asked_again(closed_shop):
    async with closed_shop.open() as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()
    first = datetime(2026, 1, 1, tzinfo=UTC)
    second = first + timedelta(minutes=1)

    async with open_refunds(closed_shop.settings()) as refunds:
        bound = await refunds.bind(bind(refund_invoice, failed), datetime.now(UTC))
        failure = Payment(payment_hash=bound.payment_hash, state=PaymentState.FAILED, failure="no route")
        for moment in (first, second):
            assert await refunds.begin(bound.payment_hash, node=NODE, now=moment, again_before=moment)

        assert not await refunds.end(failure, second, asked_at=None)
        assert not await refunds.end(failure, second, asked_at=first)
        assert await refunds.end(failure, second, asked_at=second)


async def test_nothing_is_bound_while_the_node_is_away(shop, failed, payer):
    refund_invoice = await failed.invoice_for()
    payer.go_down()

    refused = await failed.ask(refund_invoice)
    payer.come_back()

    assert refused.status_code == 503
    assert (await shop.payment(failed.invoice))["refund"]["state"] == "offered"
    assert (await failed.ask(refund_invoice)).status_code == 200


async def test_a_settlement_that_is_told_again_leaves_a_refunded_order_refunded(shop, failed):
    await failed.ask(await failed.invoice_for())
    settlement = shop.node._books.settled[0]
    at = settlement.settled_at

    async with open_refunds(shop.settings()) as refunds:
        payments = SqlPayments(refunds._database)
        assert await payments.mark_paid(settlement.payment_hash, at, 1, now=at) is None
        assert await payments.settle(settlement, node="another node's key", now=at) is None

    assert (await shop.payment(failed.invoice))["status"] == "refunded"


async def test_the_events_of_a_refunded_order_end(shop, failed):
    await failed.ask(await failed.invoice_for())

    answer = await shop.http.get(f"/lightning/payment/{failed.invoice}/events")

    assert '"status":"refunded"' in answer.text


async def test_without_a_macaroon_that_may_pay_the_money_is_owed(closed_shop):
    closed_shop.payer = None
    async with closed_shop.open() as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()

        answer = await failed.ask(refund_invoice)
        again = await failed.ask(refund_invoice)
        other = await failed.ask(await failed.invoice_for())

        assert (answer.status_code, answer.json()["status"]) == (202, "owed")
        assert answer.json() == again.json()
        assert other.status_code == 409
        payment = await shop.payment(failed.invoice)
        assert (payment["status"], payment["refund"]["state"]) == ("paid", "owed")
        assert (await shop.video(failed.invoice)).status_code == 409


async def test_what_is_owed_is_paid_once_there_is_a_macaroon(closed_shop, payer):
    closed_shop.payer = None
    async with closed_shop.open() as shop:
        failed = await fail(shop)
        await failed.ask(await failed.invoice_for())

    closed_shop.payer = payer
    async with closed_shop.open() as shop:
        await shop.until(failed.invoice, lambda payment: payment["status"] == "refunded")

    assert received(closed_shop) == failed.most


async def test_an_owed_invoice_that_expired_gives_way_to_another(closed_shop):
    closed_shop.payer = None
    async with closed_shop.open() as shop:
        failed = await fail(shop)
        await failed.ask(await failed.invoice_for())
        shop.clock.pass_by(hours=2)

        answer = await failed.ask(shop.buyer.add_open_invoice(expiry_s=99_999).bolt11)

        assert (answer.status_code, answer.json()["status"]) == (202, "owed")


async def test_an_owed_invoice_is_kept_while_what_the_operator_paid_in_time_may_not_be_noted_yet(closed_shop):
    closed_shop.payer = None
    async with closed_shop.open() as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()
        await failed.ask(refund_invoice)
        preimage = shop.buyer.pay(refund_invoice)  # at the last moment
        shop.clock.pass_by(hours=1, seconds=1)

        answer = await failed.ask(shop.buyer.add_open_invoice(expiry_s=99_999).bolt11)

        assert answer.status_code == 409, answer.text
        async with open_refunds(shop.settings()) as refunds:
            await refunds.end_by_hand(1, paid(preimage), datetime.now(UTC))
        assert (await shop.payment(failed.invoice))["status"] == "refunded"


async def test_a_refund_that_another_node_was_asked_to_pay_is_not_paid_again(closed_shop, payer):
    payer.holding = True
    async with closed_shop.open(status_wait_s=0.1) as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()
        assert (await failed.ask(refund_invoice)).json()["status"] == "paying"
    first = payer.become("03" * 33)
    closed_shop.clock.pass_by(seconds=60)

    async with closed_shop.open(status_wait_s=0.1) as shop:
        assert (await failed.ask(refund_invoice)).json()["status"] == "paying"
        another = await failed.ask(await failed.invoice_for())
        assert (another.status_code, payer.begun) == (409, [refund_invoice])

        payer.become(first)
        payer.let_go()
        await shop.until(failed.invoice, lambda payment: payment["status"] == "refunded")

    assert payer.begun == [refund_invoice]


async def test_what_was_paid_by_hand_is_noted_with_its_proof(closed_shop):
    closed_shop.payer = None
    async with closed_shop.open() as shop:
        failed = await fail(shop)
        refund_invoice = await failed.invoice_for()
        await failed.ask(refund_invoice)
        preimage = shop.buyer.pay(refund_invoice)
        async with open_refunds(shop.settings()) as refunds:
            await refunds.end_by_hand(1, paid(preimage), datetime.now(UTC))
            await refunds.end_by_hand(1, paid(preimage), datetime.now(UTC))
            with pytest.raises(NotRefundable):
                await refunds.end_by_hand(1, paid(b"another"), datetime.now(UTC))

        answer = await failed.ask(refund_invoice)

        assert (answer.status_code, answer.json()["preimage"]) == (200, preimage.hex())
        assert (await shop.payment(failed.invoice))["status"] == "refunded"


def paid(preimage: bytes):
    return Payment(
        payment_hash=PaymentHash(sha256(preimage).digest()),
        state=PaymentState.SUCCEEDED,
        fee=Msat(3),
        preimage=Preimage(preimage),
    )


async def test_the_ledger_adds_up(shop, payer):
    payer.fee = Msat(700)
    refunded, undelivered = await fail(shop), await fail(shop)
    delivered = await order(shop)
    await shop.video(delivered.invoice)
    await refunded.ask(await refunded.invoice_for())

    async with open_refunds(shop.settings()) as refunds:
        ledger = await refunds.ledger()
        debts = await refunds.debts()

    price = (await shop.payment(undelivered.invoice))["amount_sat"] * 1000
    assert ledger.received_msat == 3 * price
    assert (ledger.refunded_msat, ledger.fees_msat) == (received(shop), 700)
    assert ledger.refunded_msat + ledger.fees_msat <= price
    assert (ledger.undelivered_msat, ledger.owed_msat, ledger.owed) == (price, 0, 0)
    assert [(debt.order_id, debt.refund, debt.paid_msat) for debt in debts] == [(2, None, price)]


async def test_what_was_made_of_a_refunded_video_is_forgotten_too(closed_shop, worker):
    async with closed_shop.open(video_retention_days=30, sweep_s=0.05) as shop:
        bought = await fail_halfway(shop)
        refund_invoice = await bought.invoice_for()
        await bought.ask(refund_invoice)
        objects = shop.folder / "objects"
        assert any(path.is_file() for path in objects.rglob("*/*"))

        shop.clock.pass_by(days=31)

        await shop.eventually(lambda: not any(path.is_file() for path in objects.rglob("*/*")))
        assert (await shop.payment(bought.invoice))["status"] == "refunded"
        assert (await bought.ask(refund_invoice)).status_code == 200


async def test_an_ended_refund_stays_as_it_ended(shop, failed):
    refund_invoice = await failed.invoice_for()
    await failed.ask(refund_invoice)
    payment_hash = read_invoice(refund_invoice).payment_hash

    async with open_refunds(shop.settings()) as refunds:
        failure = Payment(payment_hash=payment_hash, state=PaymentState.FAILED, failure="late")
        before = await refunds.find(payment_hash)
        assert before is not None
        late = datetime.now(UTC) + timedelta(hours=1)
        assert not await refunds.end(failure, late, asked_at=before.asked_at)
        found = await refunds.find(payment_hash)

    assert found is not None
    assert found.state is RefundState.REFUNDED
