"""What a worker renders is compared with what was sold, both ways: nothing else is called whole or paid for."""

from datetime import UTC, datetime

import pytest

from lightning import PaymentFailed
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.wish import Wish
from service.rendering.sold import frames_of, length_sold

CHOICE = {"avatar": "arab_woman", "emotion": "happy", "language": "en"}

both = pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)


def ends_early(worker):
    """Have it call a video whole after its first segment."""
    honest = worker._records

    def records(request, pcm):
        first, *_, [end] = honest(request, pcm)
        frames = first[-1]["frames"]
        return [first, [{**end, "frames": frames, "samples": frames * end["samples"] // end["frames"]}]]

    worker._records = records


def drops_speech(worker):
    """Have it say that it spoke all of the text when it has spoken a moment of it."""
    honest = worker._records

    def records(request, pcm):
        first, *_, [end] = honest(request, pcm)
        segment = {**first[-1], "frames": 1}
        speech = {**first[1], "spoken": len(request["text"]), "pcm": bytes(2 * 960)}
        return [[first[0], speech, segment], [{**end, "frames": 1, "samples": 960}]]

    worker._records = records


def never_ends(worker):
    """Have it show much more than is spoken."""
    honest = worker._records

    def records(request, pcm):
        *groups, _ = honest(request, pcm)
        yield from groups
        last = groups[-1][-1]
        for _ in range(1000):
            last = {**last, "first_frame": last["first_frame"] + last["frames"]}
            yield [last]

    worker._records = records


def babbles(worker):
    """Have it speak for minutes what was sold as a few words."""
    worker.segments = 200
    worker.spoken = lambda text, parts: min(parts, len(text) - 1)


@pytest.fixture
def sold(make_wav):
    async def sell(shop, *, audio, hold):
        if audio:
            answer = await shop.http.post(
                "/lightning/request-video/audio",
                data={**CHOICE, "hold": str(hold).lower()} if hold else {},
                files={"audio": ("a.wav", make_wav(10))},
            )
        else:
            wish = {**CHOICE, "hold": True} if hold else {}
            text = "Hello there, this is what was sold, and it takes some seconds to say it all."
            answer = await shop.http.post("/lightning/request-video/text", json={"text": text, **wish})
        assert answer.status_code == 200, answer.text
        return answer.json()["bolt11_invoice"]

    return sell


@both
@pytest.mark.parametrize("audio", [True, False])
async def test_a_worker_that_ends_early_is_not_believed(shop, worker, sold, audio):
    invoice = await sold(shop, audio=audio, hold=False)
    shop.node.pay(invoice)
    ends_early(worker)

    await shop.download(invoice)
    payment = await shop.payment(invoice)
    del worker._records

    assert (payment["status"], payment["video"]["state"]) == ("paid", "interrupted")
    assert worker.video == (await shop.video(invoice)).content


@both
@pytest.mark.parametrize("audio", [True, False])
async def test_a_held_payment_is_not_taken_for_a_video_that_ends_early(closed_shop, worker, sold, audio):
    ends_early(worker)
    async with closed_shop.open(hold_patience_s=0.5) as shop:
        invoice = await sold(shop, audio=audio, hold=True)

        with pytest.raises(PaymentFailed):
            await shop.node.pay_held(invoice)

        payment = await shop.until(invoice, lambda payment: payment["status"] == "canceled")
        assert payment["video"]["state"] == "failed"
        assert shop.node._books.settled == []


async def test_a_worker_that_ends_early_is_replaced_by_one_that_does_not(
    closed_shop, worker, second_worker, sold
):
    ends_early(worker)
    async with closed_shop.open(worker_urls=f"{worker.url},{second_worker.url}") as shop:
        invoice = await sold(shop, audio=True, hold=False)
        shop.node.pay(invoice)

        assert worker.video == (await shop.video(invoice)).content
        assert (await shop.payment(invoice))["video"] == {"state": "ready", "frames": 250, "seconds": 10.0}


async def test_speech_that_leaves_most_of_the_text_out_is_not_believed(shop, worker, sold):
    invoice = await sold(shop, audio=False, hold=False)
    shop.node.pay(invoice)
    drops_speech(worker)

    assert (await shop.video(invoice)).status_code == 503
    del worker._records

    assert worker.video == (await shop.video(invoice)).content


@pytest.mark.parametrize("audio", [True, False])
async def test_a_worker_that_shows_more_than_was_sold_is_stopped(shop, worker, sold, audio):
    invoice = await sold(shop, audio=audio, hold=False)
    shop.node.pay(invoice)
    never_ends(worker)

    broken = await shop.download(invoice)

    assert broken.returncode == 18
    assert broken.received == worker.stored(worker.segments - 1)
    assert (await shop.payment(invoice))["video"]["state"] == "interrupted"


@both
async def test_a_worker_that_speaks_for_much_longer_than_was_sold_is_stopped_and_the_money_is_due(
    shop, worker, sold
):
    invoice = await sold(shop, audio=False, hold=False)
    shop.node.pay(invoice)
    babbles(worker)

    await shop.download(invoice)

    payment = await shop.until(invoice, lambda payment: payment["video"]["state"] == "failed")
    assert payment["refund"]["state"] == "offered"
    assert payment["video"]["seconds"] < 20
    answer = await shop.video(invoice)
    assert (answer.status_code, "longer to speak" in answer.json()["detail"]) == (400, True)


def order(duration_ms: int, text: str | None = None) -> Order:
    now = datetime.now(UTC)
    return Order(
        id=1, status=Status.PAID, amount_sat=1, usd_micros=1,
        wish=Wish(text=text, upload=None, duration_ms=duration_ms, choice=Choice()), created_at=now, expires_at=now,
    )  # fmt: skip


@pytest.mark.parametrize("samples", [1, 639, 640, 641, 15_999, 16_000, 16_001, 160_000, 4_800_000, 4_799_999])
def test_a_recording_has_exactly_the_frames_that_the_worker_makes_of_its_samples(samples):
    duration_ms = -(-samples * 1000 // 16_000)  # as it is quoted

    length = length_sold(order(duration_ms), None)

    assert length.exact
    assert length.longest == frames_of(samples, 16_000) == -(-samples // 640)


def test_a_text_may_take_half_as_long_again_and_not_twice_as_long():
    text = "The first train of the morning leaves at six, before the sun is up. " * 10
    length = length_sold(order(40_000, text), "en")

    assert length.shortest < 1000 < length.longest < 2000
