"""From a paid invoice to a video: waiting, rendering once, going on after failures."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from service.assembly.stores import open_database
from service.storage.videos import SqlVideos

pytestmark = pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)


async def test_a_paid_text_is_delivered_as_a_video(shop, worker):
    invoice = await shop.paid()

    answer = await shop.video(invoice)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert worker.video == answer.content
    [request] = worker.requests
    assert request["text"] == "Hello there, my dear friend."
    assert (request["avatar"], request["emotion"], request["language"]) == ("arab_woman", "happy", "en")


async def test_a_video_that_was_asked_for_again_is_the_same_and_not_rendered_again(shop, worker):
    invoice = await shop.paid()
    await shop.video(invoice)

    again = await shop.video(invoice)

    assert worker.video == again.content
    assert len(worker.requests) == 1


async def test_a_delivery_waits_for_the_payment_and_starts_when_it_comes(shop, worker):
    invoice = await shop.quote()
    delivery = asyncio.create_task(shop.video(invoice))
    await shop.until_waiting()

    shop.node.pay(invoice)

    assert worker.video == (await delivery).content


async def test_an_invoice_that_is_not_paid_in_time_is_refused(closed_shop):
    async with closed_shop.open(payment_wait_s=0.1) as shop:
        invoice = await shop.quote()

        answer = await shop.video(invoice)

        assert answer.status_code == 400
        assert answer.json()["detail"] == "Invoice not paid in time."
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_an_invoice_of_somebody_else_is_refused_at_once(shop):
    answer = await shop.video("lnbc450n1p3xyzsomebodyelse")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "Invoice lnbc450n1p... not found."


async def test_an_expired_quote_is_refused_at_once(shop):
    invoice = await shop.quote()
    shop.clock.pass_by(minutes=16)

    answer = await shop.video(invoice)

    assert (answer.status_code, answer.json()["detail"]) == (400, "Invoice not paid in time.")
    assert (await shop.payment(invoice))["status"] == "expired"


async def test_two_requests_at_once_share_one_render(shop, worker):
    invoice = await shop.paid()
    worker.hold_after = 2
    requests = [asyncio.create_task(shop.video(invoice)) for _ in range(2)]
    await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)

    worker.go.set()
    answers = await asyncio.gather(*requests)

    assert [worker.video] * 2 == [answer.content for answer in answers]
    assert len(worker.requests) == 1


async def test_the_first_bytes_leave_while_the_rest_is_rendered(shop, worker):
    invoice = await shop.paid()
    worker.hold_after = 1

    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as answer:
        received = b""
        async for chunk in answer.aiter_raw():
            received += chunk
            if received == worker.stored(1):
                payment = await shop.payment(invoice)
                worker.go.set()

    assert worker.video == received
    assert payment["video"] == {"state": "rendering", "frames": 12, "seconds": 0.48}


async def test_a_video_goes_on_when_its_buyer_goes_away(shop, worker):
    invoice = await shop.paid()
    worker.hold_after = 1
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as answer:
        await anext(answer.aiter_raw())

    worker.go.set()

    await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
    assert worker.video == (await shop.video(invoice)).content
    assert len(worker.requests) == 1


async def test_a_worker_that_is_away_leaves_the_order_paid_until_it_is_back(closed_shop, worker):
    async with closed_shop.open(worker_urls="http://127.0.0.1:1") as shop:
        invoice = await shop.paid()

        answer = await shop.video(invoice)

        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "Your payment is safe" in answer.json()["detail"]
        payment = await shop.payment(invoice)
        assert (payment["status"], payment["video"]["state"]) == ("paid", "interrupted")

    async with closed_shop.open() as shop:
        assert worker.video == (await shop.video(invoice)).content


async def test_a_busy_worker_is_a_503_that_says_when_to_ask_again_and_then_it_renders(shop, worker):
    invoice = await shop.paid()
    worker.answer, worker.retry_after_s = (503, "too many renders"), 37
    answer = await shop.video(invoice)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "37")
    assert "try again in 37 s" in answer.json()["detail"]

    worker.answer = None

    assert worker.video == (await shop.video(invoice)).content


async def test_a_busy_worker_is_left_alone_until_then(closed_shop, worker):
    async with closed_shop.open(resume_s=0.02) as shop:
        invoice = await shop.paid()
        worker.answer, worker.retry_after_s = (503, "too many renders"), 37
        await shop.video(invoice)
        worker.answer = None

        async with open_database(shop.settings()) as database:
            early = await SqlVideos(database).stalled(shop.clock.now() + timedelta(seconds=30), limit=1)
        shop.clock.pass_by(seconds=38)

        assert early == []
        await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")


async def test_what_a_worker_can_never_render_is_the_buyers_to_change(shop, worker):
    invoice = await shop.paid()
    worker.answer = (400, "No voice speaks this.")

    answer = await shop.video(invoice, language="hu")

    assert (answer.status_code, answer.json()["detail"]) == (400, "No voice speaks this.")
    worker.answer = None
    assert worker.video == (await shop.video(invoice, language="en")).content


async def test_a_render_that_fails_midway_breaks_the_download_and_then_goes_on(shop, worker):
    invoice = await shop.paid()
    worker.fail_after = 2

    curl = await shop.download(invoice)

    assert curl.returncode == 18  # CURLE_PARTIAL_FILE
    assert worker.stored(2) == curl.received
    assert (await shop.payment(invoice))["video"]["state"] == "interrupted"

    worker.fail_after = None
    curl = await shop.download(invoice)

    assert curl.returncode == 0
    assert worker.video == curl.received
    first, second = worker.requests
    assert (first["first_frame"], first["spoken"]) == (0, 0)
    assert (second["first_frame"], second["spoken"]) == (24, worker.spoken(second["text"], 3))
    assert b"".join(worker.speech(n) for n in range(3)) == worker.pcm[1]
    assert (second["language"], second["voice"]) == ("en", "betty")  # as the first attempt chose


async def test_a_render_that_fails_again_before_it_gets_further_is_a_503(shop, worker):
    invoice = await shop.paid()
    worker.fail_after = 2
    await shop.download(invoice)

    worker.answer = (503, "busy")
    answer = await shop.video(invoice)

    assert answer.status_code == 503


async def test_a_quote_can_be_paid_and_delivered_after_a_restart(closed_shop, worker):
    async with closed_shop.open() as shop:
        invoice = await shop.quote()
    closed_shop.node.pay(invoice)

    async with closed_shop.open() as shop:
        answer = await shop.video(invoice)

    assert worker.video == answer.content


async def test_a_render_goes_on_where_a_restart_stopped_it(closed_shop, worker):
    worker.hold_after = 3
    async with closed_shop.open() as shop:
        invoice = await shop.paid()
        request = asyncio.create_task(shop.video(invoice))
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 36)
    with pytest.raises(httpx.HTTPError):
        await request
    worker.hold_after = None

    async with closed_shop.open() as shop:
        assert (await shop.payment(invoice))["video"]["state"] == "interrupted"
        answer = await shop.video(invoice)

    assert worker.video == answer.content
    assert worker.requests[1]["first_frame"] == 36


async def test_a_stopping_service_sends_away_who_waits_for_a_payment(shop):
    invoice = await shop.quote()
    delivery = asyncio.create_task(shop.video(invoice))
    await shop.until_waiting()

    shop.stopping.begin()

    answer = await delivery
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


async def test_a_text_is_spoken_in_the_language_that_it_was_priced_in(shop, worker):
    invoice = await shop.paid(text="Guten Morgen, liebe Freunde, wie geht es euch heute?")

    await shop.video(invoice)

    assert worker.requests[0]["language"] == "de"


@pytest.mark.parametrize("fault", ["gap", "rubbish", "endless record"])
async def test_a_worker_that_does_not_keep_to_the_protocol_has_failed(shop, worker, fault):
    invoice = await shop.paid()
    worker.fault = fault

    answer = await shop.video(invoice)

    assert answer.status_code == 503
    assert "ask again" in answer.json()["detail"]
    worker.fault = None
    assert (await shop.video(invoice)).content == worker.video
