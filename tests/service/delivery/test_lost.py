"""What was stored and is not there any more, as after a disk that died, or a backup that was older than the other."""

import pytest

from service.assembly.stores import open_objects

pytestmark = pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)

EAGER = {"resume_s": 0.02}


async def lose(shop, *prefixes):
    for prefix in prefixes:
        await open_objects(shop.settings()).delete(prefix)


@pytest.fixture
async def whole(shop):
    invoice = await shop.paid()
    await shop.video(invoice)
    await shop.until_joined()
    return invoice


async def test_a_video_whose_object_is_gone_is_made_again_when_it_is_asked_for(shop, worker, whole):
    before = await shop.http.head(f"/lightning/video/{whole}")
    await lose(shop, "videos/")

    assert worker.video == (await shop.video(whole)).content

    await shop.until_joined()
    again = await shop.http.get(f"/lightning/video/{whole}", headers={"Range": "bytes=10-99"})
    assert (again.status_code, again.content) == (206, worker.video[10:100])
    assert before.headers["ETag"] != again.headers["ETag"]
    assert len(worker.requests) == 2


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("asked", [{}, {"Range": "bytes=0-9"}])
async def test_who_only_reads_learns_that_it_is_made_again(closed_shop, worker, method, asked):
    async with closed_shop.open(**EAGER) as shop:
        invoice = await shop.paid()
        await shop.video(invoice)
        await shop.until_joined()
        await lose(shop, "videos/")

        answer = await shop.http.request(method, f"/lightning/video/{invoice}", headers=asked)

        assert answer.status_code == 409
        await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
        assert worker.video == (await shop.http.get(f"/lightning/video/{invoice}")).content


async def test_a_video_that_was_lost_keeps_its_choice(shop, whole):
    await lose(shop, "videos/")
    await shop.http.get(f"/lightning/video/{whole}")

    answer = await shop.video(whole, avatar="arab_man")

    assert answer.status_code == 409
    assert "already" in answer.json()["detail"]


async def test_a_recording_is_kept_as_long_as_its_video_which_is_made_again_from_it(shop, worker, make_wav):
    answer = await shop.http.post("/lightning/request-video/audio", files={"audio": make_wav(2)})
    invoice = answer.json()["bolt11_invoice"]
    shop.node.pay(invoice)
    await shop.video(invoice)
    await shop.until_joined()
    await lose(shop, "videos/")

    assert worker.video == (await shop.video(invoice)).content
    assert worker.pcm == [bytes(2 * 32_000)] * 2


async def test_where_the_recording_is_gone_too_the_money_is_due_unless_the_video_was_delivered(
    shop, worker, make_wav
):
    invoices = []
    for _ in range(2):
        answer = await shop.http.post("/lightning/request-video/audio", files={"audio": make_wav(2)})
        invoices.append(answer.json()["bolt11_invoice"])
        shop.node.pay(invoices[-1])
    await shop.video(invoices[0])
    await shop.until(invoices[1], lambda payment: payment["status"] == "paid")
    await shop.until_joined()
    await lose(shop, "videos/", "uploads/")

    answers = [await shop.video(invoice) for invoice in invoices]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert "was lost" in answers[0].json()["detail"]
    payments = [await shop.payment(invoice) for invoice in invoices]
    assert [payment["video"]["state"] for payment in payments] == ["failed", "failed"]
    assert payments[0]["refund"] is None
    assert payments[1]["refund"]["state"] == "offered"


@pytest.mark.parametrize("piece", ["pieces/1/1-1", "pieces/1/1-speech-1", "pieces/"])
async def test_a_growing_video_of_which_a_piece_is_gone_is_begun_anew(shop, worker, piece):
    invoice = await shop.paid()
    worker.fail_after = 2
    await shop.download(invoice)
    await lose(shop, piece)
    worker.fail_after = None

    for _ in range(2):  # the first may find out only at the piece that is gone
        download = await shop.download(invoice)

    assert (download.returncode, download.received) == (0, worker.video)


async def test_a_whole_video_in_pieces_of_which_one_is_gone_is_begun_anew(closed_shop, worker):
    async with closed_shop.open() as shop:
        worker.fail_after = 4
        invoice = await shop.paid()
        await shop.download(invoice)
        await lose(shop, "pieces/1/1-2")
        worker.fail_after = None
        await shop.download(invoice)

    async with closed_shop.open(**EAGER) as shop:
        await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
        assert worker.video == (await shop.video(invoice)).content
