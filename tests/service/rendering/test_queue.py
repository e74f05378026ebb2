"""Who waits for a worker that has room: in the order in which they paid, and nobody is left alone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from service.assembly.stores import open_database
from service.jobs.attempts import MOST_TRIES, Failure
from service.orders.choice import Choice
from service.storage.videos import SqlVideos

CHOICE = Choice(avatar="arab_woman", emotion="happy")

BUSY = (503, "too many renders")

both = pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)


async def paid_one_after_the_other(shop, count):
    """Buy several; the node tells payments by the second."""
    invoices = []
    for _ in range(count):
        shop.clock.pass_by(seconds=2)
        invoices.append(await shop.paid())
        await shop.until(invoices[-1], lambda payment: payment["status"] == "paid")
    return invoices


@both
async def test_who_paid_first_is_rendered_first_once_a_worker_has_room(closed_shop, worker):
    async with closed_shop.open(resume_s=0.05, payment_wait_s=0.05) as shop:
        invoices = await paid_one_after_the_other(shop, 4)
        worker.answer = BUSY
        for invoice in reversed(invoices):
            assert (await shop.video(invoice)).status_code == 503
        asked = len(worker.requests)

        worker.answer = None
        shop.clock.pass_by(seconds=6)

        for invoice in invoices:
            await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
        orders = [int(request["order"]) for request in worker.requests[asked:]]
        assert [number for number in orders if number > 1] == [2, 3, 4]


@both
async def test_who_comes_later_does_not_overtake(closed_shop, worker):
    async with closed_shop.open(payment_wait_s=0.05) as shop:
        first, second = await paid_one_after_the_other(shop, 2)
        worker.answer, worker.retry_after_s = BUSY, 37
        await shop.video(first)
        worker.answer = None

        early = await shop.video(second)

        assert (early.status_code, "Retry-After" in early.headers) == (503, True)
        assert "earlier are first" in early.json()["detail"]
        assert {request["order"] for request in worker.requests} == {"1"}
        assert worker.video == (await shop.video(first)).content
        assert worker.video == (await shop.video(second)).content


async def test_who_asks_waits_for_their_turn_as_long_as_a_request_may(closed_shop, worker):
    async with closed_shop.open(resume_s=0.05, payment_wait_s=10) as shop:
        first, second = await paid_one_after_the_other(shop, 2)
        worker.answer, worker.retry_after_s = BUSY, 20
        await shop.video(first)
        asking = asyncio.create_task(shop.video(second))
        await shop.until_waiting()
        worker.answer = None

        shop.clock.pass_by(seconds=21)

        assert worker.video == (await asking).content
        assert [request["order"] for request in worker.requests[-2:]] == ["1", "2"]


@both
async def test_an_order_that_was_answered_busy_often_is_made_once_there_is_room(closed_shop, worker):
    async with closed_shop.open(payment_wait_s=0.05) as shop:
        invoice = await shop.paid()
        worker.answer = BUSY
        for _ in range(MOST_TRIES + 5):
            assert (await shop.video(invoice)).status_code == 503
            shop.clock.pass_by(seconds=10)
    worker.answer = None

    async with closed_shop.open(resume_s=0.05) as shop:
        await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")


@both
async def test_what_is_only_held_waits_behind_what_was_paid(shop, worker):
    hold = {"avatar": "arab_woman", "emotion": "happy", "language": "en", "hold": True}
    worker.answer = BUSY
    held = await shop.quote(**hold)
    paying = asyncio.create_task(shop.node.pay_held(held))
    await shop.until(held, lambda payment: payment["video"]["state"] == "interrupted")
    invoice = await shop.paid()
    await shop.until(invoice, lambda payment: payment["status"] == "paid")
    worker.answer = None

    assert worker.video == (await shop.video(invoice)).content
    await paying


@both
async def test_one_that_fails_and_one_that_waits_for_another_avatar_hold_nobody_up(shop):
    now = shop.clock.now()
    lease = {"owner": "me", "now": now, "until": now + timedelta(seconds=90)}
    await paid_one_after_the_other(shop, 2)
    async with open_database(shop.settings()) as database:
        videos: Any = SqlVideos(database)
        first = await videos.claim(1, CHOICE, **lease)
        await videos.interrupt(first, Failure(reason="busy", busy=True), now)

        assert await videos.claim(2, CHOICE, **lease) is None
        assert await videos.claim(2, CHOICE, **lease, rivals={"boss"}) is not None
        await videos.release("me", now)
        first = await videos.claim(1, CHOICE, **lease)
        assert await videos.claim(2, CHOICE, **lease) is None, "nothing came yet of who is first"
        await videos.interrupt(first, Failure(reason="broken"), now)
        assert await videos.claim(2, CHOICE, **lease) is not None
