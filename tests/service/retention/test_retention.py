"""What nobody needs any more is deleted, and what somebody paid for is not."""

import sqlite3
from pathlib import Path

import httpx
import pytest

from lightning import Invoice, PaymentHash
from lightning.memory import MemoryBackend
from service.runtime.clock import Clock

OFTEN = {"sweep_s": 0.02, "unpaid_retention_s": 60}


class TimedNode(MemoryBackend):
    """A node with a clock of its own, which counts how often it was asked about an invoice."""

    def __init__(self, now: Clock) -> None:
        super().__init__(now=lambda: now().timestamp())
        self.asked = 0

    async def lookup(self, payment_hash: PaymentHash) -> Invoice:
        self.asked += 1
        return await super().lookup(payment_hash)


@pytest.fixture
def punctual_shop(closed_shop):
    """A shop whose node has the same time."""
    closed_shop.node = TimedNode(closed_shop.clock.now)
    return closed_shop


async def forget(shop, holds) -> None:
    """Wait until the look for what is to be forgotten, which runs all the time here, has done something."""
    await shop.eventually(lambda: holds(rows(shop)))


def rows(shop) -> list[tuple[object, ...]]:
    """Read (text, upload, forgotten_at) of each order."""
    with sqlite3.connect(shop.folder / "satspeak.sqlite3") as database:
        return database.execute("select text, upload, forgotten_at from orders order by id").fetchall()


def files(shop) -> list[Path]:
    return [path for path in shop.folder.glob("objects/**/*") if path.is_file()]


async def speak(shop, make_wav) -> httpx.Response:
    return await shop.http.post(
        "/lightning/request-video/audio", files={"audio": ("speech.wav", make_wav(1), "audio/wav")}
    )


async def test_what_was_never_paid_is_deleted_after_the_node_was_asked_a_last_time(punctual_shop, make_wav):
    async with punctual_shop.open(**OFTEN) as shop:
        await shop.quote()
        assert (await speak(shop, make_wav)).status_code == 200
        assert len(files(shop)) == 1

        shop.clock.pass_by(hours=1, minutes=16)

        await forget(shop, lambda rows: all((text, upload) == (None, None) for text, upload, _ in rows))
        assert not files(shop)
        assert all(forgotten_at for *_, forgotten_at in rows(shop))


async def test_nothing_is_deleted_while_the_node_may_still_take_the_payment(closed_shop):
    async with closed_shop.open(**OFTEN) as shop:
        invoice = await shop.quote()
        shop.clock.pass_by(hours=1)  # the node's own clock is behind
        await shop.until(invoice, lambda payment: payment["status"] == "expired")

        shop.node.pay(invoice)

        await shop.until(invoice, lambda payment: payment["status"] == "paid")
        assert (await shop.video(invoice)).content == shop.worker.video


async def test_nothing_is_deleted_while_the_node_does_not_answer(punctual_shop):
    async with punctual_shop.open(**OFTEN) as shop:
        invoice = await shop.quote()
        shop.clock.pass_by(minutes=15, seconds=30)
        await shop.until(invoice, lambda payment: payment["status"] == "expired")
        shop.node.go_down()
        shop.clock.pass_by(hours=1)
        asked = shop.node.asked

        await shop.eventually(lambda: shop.node.asked > asked + 1)

        assert rows(shop)[0][0] is not None


async def test_a_video_is_kept_for_its_time_and_then_gone(closed_shop):
    async with closed_shop.open(**OFTEN, video_retention_days=30) as shop:
        invoice = await shop.paid()
        await shop.video(invoice)
        await shop.eventually(lambda: len(files(shop)) == 1)
        shop.clock.pass_by(days=29)
        assert (await shop.http.get(f"/lightning/video/{invoice}")).content == shop.worker.video

        shop.clock.pass_by(days=2)

        await shop.until(invoice, lambda payment: payment["video"]["state"] == "deleted")
        await shop.eventually(lambda: not files(shop))
        assert (await shop.payment(invoice))["status"] == "paid"
        for answer in (await shop.http.get(f"/lightning/video/{invoice}"), await shop.video(invoice)):
            assert answer.status_code == 410
            assert answer.json()["type"] == "/docs/problems#video-gone"
        assert rows(shop)[0][0] is None


async def test_a_paid_order_that_was_never_delivered_is_kept(closed_shop):
    async with closed_shop.open(**OFTEN, video_retention_days=30) as shop:
        old, other = await shop.paid(), await shop.paid()
        await shop.video(other)
        shop.clock.pass_by(days=400)
        await shop.until(other, lambda payment: payment["video"]["state"] == "deleted")

        assert (await shop.video(old)).content == shop.worker.video


async def test_a_deletion_that_was_cut_short_is_finished_at_the_next_start(closed_shop):
    async with closed_shop.open() as shop:
        invoice = await shop.paid()
        await shop.video(invoice)
        await shop.eventually(lambda: len(files(shop)) == 1)
    with sqlite3.connect(closed_shop.folder / "satspeak.sqlite3") as database:  # as if killed in between
        database.execute("update jobs set state = 'deleted', init = null, object = null")
        database.execute("insert into deletions select id from orders")

    async with closed_shop.open():
        await closed_shop.eventually(lambda: not files(closed_shop))


async def test_recordings_that_nobody_pays_fill_no_disk(closed_shop, make_wav):
    async with closed_shop.open(unpaid_uploads_mb=1) as shop:
        second = len(make_wav(1))
        sold = [await speak(shop, make_wav) for _ in range(1_000_000 // second)]
        assert {answer.status_code for answer in sold} == {200}

        full = await speak(shop, make_wav)

        assert full.status_code == 503
        assert "Retry-After" in full.headers
        assert len(files(shop)) == len(sold)
        assert await shop.quote()
        shop.node.pay(sold[0].json()["bolt11_invoice"])
        await shop.until(sold[0].json()["bolt11_invoice"], lambda payment: payment["status"] == "paid")
        assert (await speak(shop, make_wav)).status_code == 200
