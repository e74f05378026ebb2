"""The purchase in one step: held money has the video made, and is taken once it is whole, or goes back."""

import asyncio
import contextlib
import random
import sqlite3
from hashlib import sha256

import pytest

from lightning import InvoiceState, NodeUnavailable, PaymentFailed
from lightning.memory import MemoryBackend
from service.payments.holds import HEIGHT_FRESHNESS

TEXT = "/lightning/request-video/text"
AUDIO = "/lightning/request-video/audio"
CHOICE = {"avatar": "arab_woman", "emotion": "happy", "language": "en"}
BUSY = (503, "busy")


async def quote(shop, **changes):
    answer = await shop.http.post(TEXT, json={"text": "Hello there.", "hold": True, **CHOICE, **changes})
    assert answer.status_code == 200, answer.text
    return answer.json()["bolt11_invoice"]


def is_status(status):
    return lambda payment: payment["status"] == status


@pytest.fixture
async def pay(closed_shop):
    """Pay hold invoices as a wallet does, which waits for what becomes of the payment."""
    async with contextlib.AsyncExitStack() as stack:

        def begin(invoice):
            paying = asyncio.create_task(closed_shop.node.pay_held(invoice))
            stack.callback(paying.cancel)
            return paying

        yield begin


async def test_a_held_payment_is_taken_once_the_video_is_whole(shop, worker, pay):
    invoice = await quote(shop)
    worker.hold_after = 2

    paying = pay(invoice)
    held = await shop.until(invoice, lambda payment: payment["video"]["frames"] > 0)
    worker.go.set()
    preimage = await paying

    paid = await shop.until(invoice, is_status("paid"))
    assert (held["status"], held["paid_at"], held["video"]["state"]) == ("held", None, "rendering")
    assert (paid["video"]["state"], paid["video"]["frames"]) == ("ready", 48)
    assert paid["paid_at"] is not None
    [payment_hash] = [settled.payment_hash for settled in shop.node._books.settled]
    assert sha256(preimage).digest() == payment_hash
    answer = await shop.http.post("/lightning/generate-video", json={"bolt11_invoice": invoice})
    assert answer.content == worker.video
    assert len(worker.requests) == 1


async def test_a_held_recording_is_sold_as_well(shop, worker, pay, make_wav):
    answer = await shop.http.post(
        AUDIO, data={"hold": "true", **CHOICE}, files={"audio": ("a.wav", make_wav(1))}
    )

    await pay(answer.json()["bolt11_invoice"])

    assert len(worker.pcm[0]) == 32_000


@pytest.mark.parametrize("missing", ["avatar", "emotion", "language"])
async def test_a_quote_that_leaves_something_open_cannot_be_held(standing_shop, make_wav, missing):
    named = {name: value for name, value in CHOICE.items() if name != missing}

    answers = [
        await standing_shop.http.post(TEXT, json={"text": "Hello.", "hold": True, **named}),
        await standing_shop.http.post(
            AUDIO, data={"hold": "1", **named}, files={"audio": ("a.wav", make_wav(1))}
        ),
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert all(f": {missing} missing" in answer.json()["detail"] for answer in answers)


async def test_a_voice_names_its_language(shop, pay):
    invoice = await quote(shop, voice="anna", language=None)

    await pay(invoice)


async def test_who_waits_is_told_of_each_step(shop, worker, pay):
    worker.hold_after = 1
    invoice = await quote(shop)

    for step, status in ((lambda: pay(invoice), "held"), (worker.go.set, "paid")):
        waiting = asyncio.create_task(shop.http.get(f"/lightning/payment/{invoice}?wait=30"))
        await shop.until_waiting()
        step()
        assert (await waiting).json()["status"] == status


async def test_a_render_that_is_refused_gives_the_money_back(shop, worker, pay):
    worker.answer = (400, "Nothing here can be spoken.")
    before = shop.node.inbound
    invoice = await quote(shop)

    with pytest.raises(PaymentFailed):
        await pay(invoice)

    await shop.until(invoice, is_status("canceled"))
    answers = [await shop.video(invoice), await shop.http.get(f"/lightning/video/{invoice}")]
    assert [answer.status_code for answer in answers] == [410, 410]
    assert answers[0].json()["type"] == "/docs/problems#payment-given-back"
    assert answers[0].json()["detail"] == (
        "The video could not be made, and the payment went back: Nothing here can be spoken."
        " Ask for a new quote."
    )
    assert shop.node.inbound == before
    async with shop.http.stream("GET", f"/lightning/payment/{invoice}/events") as events:
        lines = [line async for line in events.aiter_lines()]
    assert "id: canceled-failed-0" in lines


async def test_money_goes_back_when_nobody_renders_for_too_long(closed_shop, worker, pay):
    worker.answer = BUSY
    async with closed_shop.open(hold_patience_s=0.5) as shop:
        invoice = await quote(shop)

        with pytest.raises(PaymentFailed):
            await pay(invoice)

        await shop.until(invoice, is_status("canceled"))


async def test_a_render_that_breaks_is_tried_again(shop, worker, pay):
    worker.fail_after = 1  # of each attempt
    invoice = await quote(shop)

    await pay(invoice)

    assert [request["first_frame"] for request in worker.requests] == [0, 12, 24, 36, 48][
        : len(worker.requests)
    ]
    worker.fail_after = None
    assert (await shop.video(invoice, language="en")).content == worker.video


async def test_a_worker_that_was_busy_is_asked_again(shop, worker, pay):
    worker.answer = BUSY
    invoice = await quote(shop)

    paying = pay(invoice)
    await shop.eventually(lambda: len(worker.requests) > 0)
    worker.answer = None

    await paying


async def test_money_goes_back_before_the_payer_could_take_it(shop, worker, pay):
    worker.hold_after = 1
    invoice = await quote(shop)
    paying = pay(invoice)
    await shop.until(invoice, is_status("held"))

    shop.node.mine(80 - 24)
    shop.clock.pass_by(seconds=HEIGHT_FRESHNESS.total_seconds())

    with pytest.raises(PaymentFailed):
        await paying
    await shop.until(invoice, is_status("canceled"))


async def test_a_render_is_stopped_whose_payment_went_back(shop, worker, pay):
    worker.hold_after = 1
    invoice = await quote(shop)
    paying = pay(invoice)
    await shop.until(invoice, lambda payment: payment["video"]["frames"] > 0)

    shop.node.mine(80 - 18)

    async with asyncio.timeout(10):
        await worker.gone.wait()
    with pytest.raises(PaymentFailed):
        await paying
    payment = await shop.until(invoice, is_status("canceled"))
    assert payment["video"]["state"] == "failed"


async def test_nothing_is_rendered_for_a_payment_that_is_about_to_go_back(closed_shop, worker, pay):
    async with closed_shop.open(hold_margin_blocks=80) as shop:
        with pytest.raises(PaymentFailed):
            await pay(await quote(shop))

    assert worker.requests == []


async def test_a_download_of_a_held_video_ends_when_the_payment_is_taken(shop, worker, pay):
    worker.hold_after = 3
    invoice = await quote(shop)
    paying = pay(invoice)

    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as answer:
        received = b""
        chunks = answer.aiter_raw()
        while len(received) < len(worker.stored(3)):
            received += await anext(chunks)
        assert received == worker.stored(3)
        shop.node.go_down()
        worker.go.set()
        await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
        shop.node.come_back()
        received += b"".join([chunk async for chunk in chunks])

    assert received == worker.video
    await paying


async def test_a_video_whose_payment_went_back_is_withheld(shop, worker, pay):
    worker.hold_after = 3
    invoice = await quote(shop)
    paying = pay(invoice)
    await shop.until(invoice, lambda payment: payment["video"]["frames"] > 0)
    download = asyncio.create_task(shop.download(invoice))

    shop.node.go_down()
    worker.go.set()
    await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
    shop.node.mine(62)  # the node gives it back by itself
    shop.node.come_back()

    with pytest.raises(PaymentFailed):
        await paying
    await shop.until(invoice, is_status("canceled"))
    broken = await download
    assert broken.returncode == 18
    assert len(broken.received) <= len(worker.stored(3))
    assert (await shop.video(invoice)).status_code == 410


async def test_an_unpaid_hold_expires(closed_shop):
    async with closed_shop.open(quote_expiry_s=1) as shop:
        invoice = await quote(shop)

        await shop.until(invoice, is_status("expired"))

        assert (await shop.video(invoice)).status_code == 400


class EarlyNode(MemoryBackend):
    """A node whose clock may be ahead, and which notes when it has told of an invoice's end."""

    def __init__(self, clock) -> None:
        super().__init__(now=lambda: clock.now().timestamp() + self.ahead_s)
        self.ahead_s = 0.0
        self.told_of_end = asyncio.Event()

    async def follow(self, payment_hash):
        async for invoice in super().follow(payment_hash):
            yield invoice
        self.told_of_end.set()


async def test_an_unpaid_hold_of_a_node_whose_clock_is_ahead_has_expired_and_did_not_go_back(closed_shop):
    closed_shop.node = node = EarlyNode(closed_shop.clock)
    async with closed_shop.open(sweep_s=0.02, hold_quotes_per_client=1) as shop:
        invoice = await quote(shop)
        node.ahead_s = 30.0
        shop.clock.pass_by(minutes=14, seconds=45)
        await shop.paid()  # which has the node look at all
        async with asyncio.timeout(10):
            await node.told_of_end.wait()

        before = await shop.payment(invoice)
        shop.clock.pass_by(seconds=16)
        await shop.until(invoice, is_status("expired"))

        assert before["status"] == "pending"
        await quote(shop)


async def test_a_service_that_was_stopped_while_it_rendered_goes_on(closed_shop, worker, pay):
    worker.hold_after = 2
    async with closed_shop.open() as shop:
        invoice = await quote(shop)
        paying = pay(invoice)
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)
    worker.hold_after = None

    async with closed_shop.open() as shop:
        await paying

        assert (await shop.video(invoice)).content == worker.video
    assert worker.requests[-1]["first_frame"] == 24


async def test_a_whole_video_is_settled_after_a_restart(closed_shop, worker, pay):
    async with closed_shop.open() as shop:
        invoice = await quote(shop)
        worker.hold_after = 1
        paying = pay(invoice)
        await shop.until(invoice, is_status("held"))
        shop.node.go_down()
        worker.go.set()
        await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
    closed_shop.node.come_back()

    async with closed_shop.open() as shop:
        await paying
        await shop.until(invoice, is_status("paid"))
    assert len(worker.requests) == 1


async def test_a_payment_that_came_while_the_service_was_away_is_rendered(closed_shop, worker, pay):
    async with closed_shop.open() as shop:
        invoice = await quote(shop)
    paying = pay(invoice)

    async with closed_shop.open():
        await paying


async def test_a_hold_that_ended_while_the_service_was_away_is_known(closed_shop, worker, pay):
    worker.hold_after = 1
    async with closed_shop.open() as shop:
        invoice = await quote(shop)
        paying = pay(invoice)
        await shop.until(invoice, is_status("held"))
    closed_shop.node.mine(62)
    with pytest.raises(PaymentFailed):
        await paying

    async with closed_shop.open() as shop:
        await shop.until(invoice, is_status("canceled"))


async def test_a_silent_stream_of_settlements_does_not_matter(closed_shop, silent_node):
    closed_shop.node = silent_node
    async with closed_shop.open() as shop:
        invoice = await quote(shop)

        await silent_node.pay_held(invoice)

        await shop.until(invoice, is_status("paid"))


async def test_no_more_are_rendered_at_once_than_the_operator_allows(closed_shop, worker, pay):
    worker.hold_after = 1
    async with closed_shop.open(hold_renders=1) as shop:
        invoices = [await quote(shop) for _ in range(2)]
        paying = [pay(invoice) for invoice in invoices]
        for invoice in invoices:
            await shop.until(invoice, is_status("held"))
        await shop.eventually(lambda: len(worker.requests) == 1)
        worker.go.set()

        await asyncio.gather(*paying)


async def test_who_waits_for_too_long_for_their_turn_has_the_money_back(closed_shop, worker, pay):
    worker.hold_after = 1
    async with closed_shop.open(hold_renders=1, hold_patience_s=1) as shop:
        first, second = await quote(shop), await quote(shop)
        paying = pay(first)
        await shop.until(first, lambda payment: payment["video"]["frames"] > 0)

        with pytest.raises(PaymentFailed):
            await pay(second)
        worker.go.set()
        await paying


async def test_who_let_money_go_back_too_often_is_turned_away_for_an_hour(closed_shop, worker, pay):
    worker.answer = (400, "no")
    async with closed_shop.open(hold_quotes_per_client=2) as shop:
        for _ in range(2):
            invoice = await quote(shop)
            with pytest.raises(PaymentFailed):
                await pay(invoice)
            await shop.until(invoice, is_status("canceled"))

        shop.node.go_down()
        refused = await shop.http.post(TEXT, json={"text": "Hello.", "hold": True, **CHOICE})
        shop.node.come_back()
        assert refused.status_code == 429
        assert 3500 < int(refused.headers["Retry-After"]) <= 3600
        assert (await shop.http.post(TEXT, json={"text": "Hello."})).status_code == 200
        shop.clock.pass_by(hours=1)
        await quote(shop)


async def test_whoever_pays_may_buy_as_often_as_they_like(closed_shop, pay):
    async with closed_shop.open(hold_quotes_per_client=1) as shop:
        for _ in range(3):
            invoice = await quote(shop)
            await pay(invoice)
            await shop.until(invoice, is_status("paid"))


async def test_who_is_told_of_the_payment_first_may_buy_again_at_once(closed_shop, pay, monkeypatch):
    follow = closed_shop.node.follow

    async def follow_until_held(payment_hash):
        async for invoice in follow(payment_hash):
            if invoice.state is InvoiceState.SETTLED:  # the stream of all settlements tells it all the same
                await asyncio.Event().wait()
            yield invoice

    monkeypatch.setattr(closed_shop.node, "follow", follow_until_held)
    async with closed_shop.open(hold_quotes_per_client=1) as shop:
        for _ in range(2):
            invoice = await quote(shop)
            await pay(invoice)
            await shop.until(invoice, is_status("paid"))


async def test_all_clients_together_have_a_limit(closed_shop):
    async with closed_shop.open(hold_quotes=1, hold_quotes_per_client=0) as shop:
        await quote(shop)

        refused = await shop.http.post(TEXT, json={"text": "Hello.", "hold": True, **CHOICE})

        assert refused.status_code == 503
        assert "Retry-After" in refused.headers


async def test_the_preimage_is_kept_before_the_node_is_asked(shop, monkeypatch):
    kept = []

    async def ask(payment_hash, **_terms):
        kept.append(payment_hash)
        raise NodeUnavailable("away")

    monkeypatch.setattr(shop.node, "add_hold_invoice", ask)
    answer = await shop.http.post(TEXT, json={"text": "Hello.", "hold": True, **CHOICE})

    assert answer.status_code == 503
    with contextlib.closing(sqlite3.connect(shop.folder / "satspeak.sqlite3")) as database:
        [(payment_hash, preimage)] = database.execute("SELECT payment_hash, preimage FROM preimages")
    assert [payment_hash] == kept
    assert sha256(preimage).digest() == payment_hash


async def test_a_hundred_holds_are_followed_again_after_a_restart(closed_shop, pay):
    async with closed_shop.open(hold_quotes_per_client=0, hold_renders=100) as shop:
        invoices = [await quote(shop) for _ in range(100)]
    paying = [pay(invoice) for invoice in invoices]

    async with closed_shop.open(hold_renders=100):
        await asyncio.gather(*paying)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_fails_meanwhile_each_ends_paid_and_whole_or_given_back(closed_shop, worker, seed):
    chance = random.Random(seed)
    node, inbound = closed_shop.node, closed_shop.node.inbound
    worker.segments = 8
    async with closed_shop.open(hold_patience_s=5) as shop:
        invoices = [await quote(shop) for _ in range(8)]
    paying = [asyncio.create_task(node.pay_held(invoice)) for invoice in invoices]

    def fail(answer=None, fail_after=None):
        worker.answer, worker.fail_after = answer, fail_after

    moves = [
        node.go_down,
        node.come_back,
        fail,
        lambda: fail(BUSY),
        lambda: fail(None, 1),
        lambda: fail(None, 2),
    ]
    for _ in range(4):
        async with closed_shop.open(hold_patience_s=5) as shop:
            for _ in range(6):
                chance.choice(moves)()
                if chance.random() < 0.2:
                    node.mine(10)
                for invoice in invoices:
                    await shop.payment(invoice)
    fail()
    node.come_back()

    async with closed_shop.open(hold_patience_s=5) as shop:
        receipts = await asyncio.gather(*paying, return_exceptions=True)
        for invoice, receipt in zip(invoices, receipts, strict=True):
            paid = isinstance(receipt, bytes)
            payment = await shop.until(invoice, is_status("paid" if paid else "canceled"))
            answer = await shop.video(invoice)
            assert (answer.status_code, answer.content == worker.video) == (
                (200, True) if paid else (410, False)
            )
            assert not paid or payment["video"]["state"] == "ready"
    taken = sum(settled.amount_paid for settled in node._books.settled)
    assert inbound - node.inbound == taken
    assert len(node._books.settled) == sum(isinstance(receipt, bytes) for receipt in receipts)
