"""Renders that nobody is at are taken up by themselves."""

from datetime import timedelta

import pytest

from service.assembly.stores import open_database
from service.jobs.attempts import LONGEST_PAUSE, LONGEST_QUEUE, MOST_TRIES, Failure, pause
from service.orders.choice import Choice
from service.orders.video import VideoState
from service.runtime.clock import from_millis, to_millis
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
    """Begin to render and fail at once; what becomes of the video."""
    again = how.pop("again", False)
    video = await videos.claim(order_id, CHOICE, owner="me", now=now, until=now + LEASE, again=again)
    assert video is not None
    verdict = await videos.interrupt(video, Failure(reason="no", **how), now)
    assert verdict is not None
    return verdict


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


async def test_who_finds_the_pieces_gone_since_they_are_one_object_loses_no_video(closed_shop, worker):
    """As who makes one object of them too does: a lease may run out between both."""
    async with closed_shop.open(**EAGER) as shop, open_database(shop.settings()) as database:
        in_the_way = shop.folder / "objects" / "videos" / "1.mp4"
        in_the_way.mkdir(parents=True)
        invoice = await shop.paid()
        await shop.video(invoice)
        in_pieces = await SqlVideos(database).get(1)
        in_the_way.rmdir()
        shop.clock.pass_by(seconds=91)
        await shop.eventually(in_the_way.is_file)
        await shop.eventually(lambda: not list((shop.folder / "objects" / "pieces").rglob("*-0")))

        assert in_pieces is not None
        assert in_pieces.object is None
        assert not await SqlVideos(database).lose(in_pieces, shop.clock.now())

        assert worker.video == (await shop.http.get(f"/lightning/video/{invoice}")).content
        assert len(worker.requests) == 1


async def test_what_can_never_be_rendered_is_left_alone(shop, videos, worker):
    invoice = await shop.paid()
    worker.answer = (400, "No voice speaks this.")
    await shop.video(invoice)
    shop.clock.pass_by(hours=1)

    assert await videos.stalled(shop.clock.now(), limit=10) == []


@both
async def test_what_fails_again_and_again_is_given_up_and_its_buyer_may_have_one_more_try(shop, videos, paid):
    now = from_millis(to_millis(shop.clock.now()))  # as it is stored
    for tries in range(MOST_TRIES):
        verdict = await attempt(videos, paid, now, again=tries > 0)
        assert verdict.tries == tries + 1
        now = verdict.until
    assert verdict.state is VideoState.FAILED
    assert await videos.stalled(now + timedelta(days=1), limit=10) == []
    assert await videos.claim(paid, CHOICE, owner="me", now=now, until=now + LEASE, again=True) is None

    asked = await attempt(videos, paid, now)

    assert asked.state is VideoState.FAILED


@both
async def test_who_asks_often_neither_uses_the_tries_up_nor_puts_the_next_one_off(shop, videos, paid):
    now = from_millis(to_millis(shop.clock.now()))
    due = (await attempt(videos, paid, now)).until

    verdicts = [await attempt(videos, paid, now + timedelta(seconds=n / 100)) for n in range(100)]

    assert {(each.state, each.tries, each.until) for each in verdicts} == {(VideoState.INTERRUPTED, 1, due)}


@both
async def test_a_busy_worker_is_no_failed_try_but_after_a_day_of_them_the_order_is_given_up(
    shop, videos, paid
):
    now = shop.clock.now()
    for _ in range(2 * MOST_TRIES):
        verdict = await attempt(videos, paid, now, busy=True, again=True)
        assert (verdict.state, verdict.tries) == (VideoState.INTERRUPTED, 0)
        now = verdict.until

    verdict = await attempt(videos, paid, now + LONGEST_QUEUE, busy=True, again=True)

    assert verdict.state is VideoState.FAILED


@both
async def test_restarts_and_leases_that_run_out_are_no_failed_tries(shop, videos, paid):
    now = shop.clock.now()
    for n in range(MOST_TRIES + 1):
        video = await videos.claim(paid, CHOICE, owner="me", now=now, until=now + LEASE, again=n > 0)
        assert (video.state, video.tries) == (VideoState.RENDERING, 0)
        if n % 2:
            now += LEASE
        else:
            await videos.release("me", now)


async def test_a_render_that_rests_or_has_its_lease_is_not_taken_up(shop, videos, paid):
    now = shop.clock.now()
    video = await videos.claim(paid, CHOICE, owner="me", now=now, until=now + LEASE)
    assert await videos.stalled(now, limit=10) == []

    await videos.interrupt(video, Failure(reason="no"), now)

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
