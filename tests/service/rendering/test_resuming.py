"""Renders that nobody is at are taken up by themselves."""

from datetime import timedelta

import pytest

from service.assembly.stores import open_database
from service.orders.choice import Choice
from service.orders.video import MOST_TRIES
from service.rendering.rendering import LONGEST_PAUSE, pause
from service.storage.videos import SqlVideos

CHOICE = Choice(avatar="arab_woman", emotion="happy")

EAGER = {"resume_s": 0.02}

LEASE = timedelta(seconds=90)

both = pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)


@pytest.fixture
async def videos(shop):
    async with open_database(shop.settings()) as database:
        yield SqlVideos(database)


@pytest.fixture
async def paid(shop):
    """The number of a paid order whose video nobody has asked for."""
    invoice = await shop.paid()
    await shop.until(invoice, lambda payment: payment["status"] == "paid")
    return 1


async def attempt(videos, order_id, now, **how):
    """Begin to render and fail at once."""
    video = await videos.claim(order_id, CHOICE, owner="me", now=now, until=now + LEASE, **how)
    assert video is not None
    await videos.interrupt(video, "no", refused=False, until=now)
    return video


@both
async def test_a_paid_video_is_finished_although_its_buyer_does_not_ask_again(closed_shop, worker):
    async with closed_shop.open(**EAGER) as shop:
        invoice = await shop.paid()
        worker.fail_after = 2
        assert (await shop.download(invoice)).returncode == 18

        worker.fail_after = None
        shop.clock.pass_by(seconds=3)

        await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
        assert [request["first_frame"] for request in worker.requests] == [0, 24]
        assert worker.video == (await shop.http.get(f"/lightning/video/{invoice}")).content


async def test_a_render_goes_on_after_a_restart_although_its_buyer_does_not_ask_again(closed_shop, worker):
    worker.hold_after = 3
    async with closed_shop.open() as shop:
        invoice = await shop.paid()
        async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)):
            await shop.until(invoice, lambda payment: payment["video"]["frames"] == 36)
    worker.hold_after = None

    async with closed_shop.open(**EAGER) as shop:
        await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")

    assert worker.requests[1]["first_frame"] == 36


async def test_a_whole_video_that_could_not_be_made_one_object_is_made_one_later(closed_shop, worker):
    async with closed_shop.open(**EAGER) as shop:
        in_the_way = shop.folder / "objects" / "videos" / "1.mp4"
        in_the_way.mkdir(parents=True)
        invoice = await shop.paid()
        assert worker.video == (await shop.video(invoice)).content

        in_the_way.rmdir()
        shop.clock.pass_by(seconds=91)

        await shop.eventually(in_the_way.is_file)
        await shop.eventually(lambda: not list((shop.folder / "objects" / "pieces").rglob("*-0")))
        assert worker.video == (await shop.http.get(f"/lightning/video/{invoice}")).content


async def test_what_can_never_be_rendered_is_left_alone(shop, videos, worker):
    invoice = await shop.paid()
    worker.answer = (400, "No voice speaks this.")
    await shop.video(invoice)
    shop.clock.pass_by(hours=1)

    assert await videos.stalled(shop.clock.now(), limit=10) == []


@both
async def test_what_fails_again_and_again_is_given_up_until_its_buyer_asks(shop, videos, paid):
    now = shop.clock.now()
    await attempt(videos, paid, now)
    for tries in range(MOST_TRIES):
        [stalled] = await videos.stalled(now, limit=10)
        assert tries == stalled.tries
        await attempt(videos, paid, now, again=True)
    assert await videos.stalled(now, limit=10) == []

    await attempt(videos, paid, now)

    assert [paid] == [video.order_id for video in await videos.stalled(now, limit=10)]


async def test_a_render_that_rests_or_has_its_lease_is_not_taken_up(shop, videos, paid):
    now = shop.clock.now()
    video = await videos.claim(paid, CHOICE, owner="me", now=now, until=now + LEASE)
    assert await videos.stalled(now, limit=10) == []

    await videos.interrupt(video, "no", refused=False, until=now + pause(0))

    assert await videos.stalled(now, limit=10) == []
    assert [paid] == [video.order_id for video in await videos.stalled(now + pause(0), limit=10)]


@both
async def test_a_replica_gives_back_its_own_leases_alone(shop, videos, paid):
    now = shop.clock.now()
    await videos.claim(paid, CHOICE, owner="me", now=now, until=now + LEASE)

    assert await videos.release("another", now) == []
    assert await videos.stalled(now, limit=10) == []

    assert [paid] == await videos.release("me", now)
    assert [paid] == [video.order_id for video in await videos.stalled(now, limit=10)]


@both
async def test_nothing_is_rendered_for_an_order_that_is_not_paid(shop, videos):
    await shop.quote()
    now = shop.clock.now()

    assert await videos.claim(1, CHOICE, owner="me", now=now, until=now + LEASE) is None


def test_a_render_rests_the_longer_the_more_often_it_failed():
    pauses = [pause(tries) for tries in range(MOST_TRIES)]

    assert pauses == sorted(pauses)
    assert pauses[0] < timedelta(seconds=5)
    assert pauses[-1] == LONGEST_PAUSE
    assert timedelta(hours=6) < sum(pauses, timedelta()) < timedelta(hours=12)
