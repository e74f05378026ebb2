"""Several workers: who gets a render, and who goes on with it."""

import asyncio

import httpx
import pytest

from service.errors import WorkerDown
from service.orders.choice import Choice
from service.rendering.worker_client import HttpRenderer
from service.rendering.workers import Workers

USUAL = Choice(avatar="arab_woman", emotion="happy")
NOBODY = "http://127.0.0.1:1"


@pytest.fixture
async def make_workers():
    async with httpx.AsyncClient() as client:
        yield lambda *urls: Workers([HttpRenderer(client, url, silence_s=10) for url in urls])


@pytest.fixture
async def shop_of_two(closed_shop, worker, second_worker):
    async with closed_shop.open(worker_urls=f"{worker.url}, {second_worker.url}/") as shop:
        yield shop


async def both_well(shop) -> None:
    """Wait until both have answered a health check."""
    key = await shop.key()
    async with asyncio.timeout(10):
        while "satspeak_workers_well 2" not in (await shop.http.get("/metrics", headers=key)).text:
            pass


async def test_the_least_loaded_gets_the_next_render(make_workers, worker, second_worker):
    worker.active, second_worker.active = 2, 1
    workers = make_workers(worker.url, second_worker.url)
    busier, idler = workers.all

    await workers.ping()

    assert workers.least_loaded(USUAL) is idler
    assert workers.least_loaded(USUAL, besides=[idler]) is busier
    assert workers.least_loaded(USUAL, besides=[idler, busier]) is None


async def test_one_that_is_down_comes_last(make_workers, second_worker):
    second_worker.active = 3
    workers = make_workers(NOBODY, second_worker.url)
    down, well = workers.all

    await workers.ping()

    assert workers.least_loaded(USUAL) is well
    assert workers.least_loaded(USUAL, besides=[well]) is down


async def test_where_none_answers_there_is_no_renderer(make_workers):
    workers = make_workers(NOBODY, NOBODY)

    with pytest.raises(WorkerDown):
        await workers.ping()
    with pytest.raises(WorkerDown):
        await workers.voices()


async def test_the_voices_are_those_of_every_worker_that_answers(make_workers, worker, second_worker):
    second_worker.voices = [*worker.voices, {"name": "bela", "language": "hu", "gender": "male"}]

    voices = await make_workers(second_worker.url, NOBODY, worker.url).voices()

    assert [voice.name for voice in voices] == ["anna"]


async def test_the_avatars_of_one_that_went_down_are_still_known_to_be_its_own(
    make_workers, worker, second_worker, make_avatar
):
    worker.avatars = [make_avatar("boss")]
    workers = make_workers(worker.url, second_worker.url)
    await workers.ping()
    worker.avatars = "rubbish"

    await workers._check()

    assert workers.well == 1
    assert "boss" in [avatar.name for avatar in await workers.avatars()]
    boss = Choice(avatar="boss", emotion="happy")
    assert workers.least_loaded(boss) is workers.all[0]
    assert workers.least_loaded(boss, besides=workers.all[:1]) is None


async def test_who_has_not_the_voice_that_speaks_comes_after_all_who_do(make_workers, worker, second_worker):
    natural = {"name": "de-female-natural", "language": "de", "gender": "female", "engine": "kokoro"}
    second_worker.voices = [*worker.voices, natural]
    second_worker.active = 3
    workers = make_workers(worker.url, second_worker.url)
    await workers.ping()
    without, having = workers.all
    begun = Choice(avatar="arab_woman", emotion="happy", voice="de-female-natural")

    assert workers.least_loaded(USUAL) is without
    assert workers.least_loaded(begun) is having
    assert workers.least_loaded(begun, besides=[having]) is without


async def test_a_busy_worker_sends_nobody_away_while_another_has_room(shop_of_two, worker, second_worker):
    worker.answer = (503, "too many renders")
    invoices = [await shop_of_two.paid() for _ in range(3)]

    answers = [await shop_of_two.video(invoice) for invoice in invoices]

    assert [second_worker.video] * 3 == [answer.content for answer in answers]
    assert len(second_worker.requests) == 3


async def test_a_worker_that_is_away_is_passed_over(closed_shop, worker):
    async with closed_shop.open(worker_urls=f"{NOBODY},{worker.url}") as shop:
        answer = await shop.video(await shop.paid())

    assert worker.video == answer.content


async def test_a_download_goes_on_when_its_worker_dies(shop_of_two, worker, second_worker):
    worker.fail_after = second_worker.fail_after = (
        2  # the first dies halfway, the second before its end record
    )
    invoice = await shop_of_two.paid()

    curl = await shop_of_two.download(invoice)

    assert curl.returncode == 0
    assert worker.video == curl.received
    first, last = sorted([worker, second_worker], key=lambda one: -len(one.requests))
    assert [request["first_frame"] for request in first.requests] == [0, 48]
    [resumed] = last.requests
    assert (resumed["first_frame"], resumed["spoken"]) == (24, worker.spoken(resumed["text"], 3))
    assert (resumed["language"], resumed["voice"]) == ("en", "betty")  # as the first chose
    assert b"".join(worker.speech(n) for n in range(3)) == last.pcm[0]
    assert (await shop_of_two.payment(invoice))["video"]["state"] == "ready"


async def test_recorded_speech_is_sent_to_the_next_worker_whole(shop_of_two, worker, second_worker, make_wav):
    worker.fail_after = second_worker.fail_after = 2
    answer = await shop_of_two.http.post("/lightning/request-video/audio", files={"audio": make_wav(2)})
    invoice = answer.json()["bolt11_invoice"]
    shop_of_two.node.pay(invoice)

    video = await shop_of_two.video(invoice)

    assert worker.video == video.content
    assert {bytes(2 * 32_000)} == {*worker.pcm, *second_worker.pcm}
    assert len(worker.pcm) + len(second_worker.pcm) == 3


async def test_a_worker_that_falls_silent_is_replaced(closed_shop, worker, second_worker):
    urls = f"{worker.url},{second_worker.url}"
    async with closed_shop.open(worker_urls=urls, render_silence_s=1) as shop:
        invoice = await shop.paid()
        worker.hold_after = second_worker.hold_after = 2
        download = asyncio.create_task(shop.download(invoice))
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)
        silent, other = sorted([worker, second_worker], key=lambda one: -len(one.requests))
        other.hold_after = None

        curl = await download

        assert curl.returncode == 0
        assert worker.video == curl.received
        assert [request["first_frame"] for request in [*silent.requests, *other.requests]] == [0, 24]
        silent.go.set()


async def test_renders_at_once_are_spread(shop_of_two, worker, second_worker):
    worker.hold_after = second_worker.hold_after = 1
    await both_well(shop_of_two)
    invoices = [await shop_of_two.paid() for _ in range(2)]
    requests = [asyncio.create_task(shop_of_two.video(invoice)) for invoice in invoices]

    await shop_of_two.eventually(lambda: len(worker.requests) == len(second_worker.requests) == 1)

    worker.go.set()
    second_worker.go.set()
    assert [worker.video] * 2 == [answer.content for answer in await asyncio.gather(*requests)]


async def test_a_render_that_gets_no_further_anywhere_is_given_up(shop_of_two, worker, second_worker):
    worker.fail_after = second_worker.fail_after = 0
    invoice = await shop_of_two.paid()

    answer = await shop_of_two.video(invoice)

    assert answer.status_code == 503
    assert (len(worker.requests), len(second_worker.requests)) == (1, 1)
    worker.fail_after = second_worker.fail_after = None
    assert worker.video == (await shop_of_two.video(invoice)).content


async def test_what_no_worker_can_render_is_asked_of_one(shop_of_two, worker, second_worker):
    worker.answer = second_worker.answer = (400, "No voice speaks this.")

    answer = await shop_of_two.video(await shop_of_two.paid())

    assert (answer.status_code, answer.json()["detail"]) == (400, "No voice speaks this.")
    assert len(worker.requests) + len(second_worker.requests) == 1


async def test_a_render_that_moves_is_not_taken_over_for_the_time_that_it_lost(
    shop_of_two, worker, second_worker
):
    worker.hold_after = second_worker.hold_after = worker.fail_after = second_worker.fail_after = 1
    invoice = await shop_of_two.paid()
    download = asyncio.create_task(shop_of_two.video(invoice))
    await shop_of_two.until(invoice, lambda payment: payment["video"]["frames"] == 12)
    first, second = sorted([worker, second_worker], key=lambda one: -len(one.requests))
    second.hold_after, second.fail_after = 0, None

    shop_of_two.clock.pass_by(seconds=80)  # the lease is 90
    first.go.set()
    await shop_of_two.eventually(lambda: bool(second.requests))
    shop_of_two.clock.pass_by(seconds=80)

    assert (await shop_of_two.payment(invoice))["video"]["state"] == "rendering"
    second.go.set()
    assert worker.video == (await download).content
    assert len(first.requests) == len(second.requests) == 1


async def test_the_avatars_are_gathered_anew_only_once_a_worker_has_told_of_them(
    make_workers, worker, make_avatar
):
    worker.avatars = [make_avatar("boss")]
    workers = make_workers(worker.url)
    await workers.ping()

    first, again = await workers.avatars(), await workers.avatars()
    worker.avatars = [make_avatar("boss"), make_avatar("chief")]
    await workers._check()
    later = await workers.avatars()

    assert again is first
    assert [avatar.name for avatar in first] == ["boss"]
    assert [avatar.name for avatar in later] == ["boss", "chief"]
