"""One address in front of two workers is taken for one: what passes, who is chosen, what becomes of who dies."""

import asyncio
import contextlib
from collections import deque

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from tests.serving import serve
from tests.worker.conftest import LiveClient, WorkerClient, WorkerProcess, write_avatar
from tests.worker.test_backgrounds import digest_of, noise, picture
from tests.worker.test_lent import NAME, packed
from tests.worker.test_worker_process import movie, speechlike, wait_for
from worker.front.app import create_front
from worker.live.records import End, Init, Open, Problem
from worker.records import EndRecord, SegmentRecord
from worker.settings import Settings
from worker.stage import Stage


@contextlib.asynccontextmanager
async def front_of(folder, *workers):
    """The front of some workers, as soon as it knows them."""

    async def urls():
        return [worker.url for worker in workers]

    async with serve(create_front(Settings(cache=folder / "front"), urls)) as url:
        front = WorkerClient(url)

        async def known():
            return (await front.health()).get("workers") == len(workers)

        await wait_for(known)
        yield front


@pytest.fixture(scope="module")
def workers(assets, tmp_path_factory):
    options = ("--max-renders", "1", "--max-waiting", "0", "--live-sessions", "1")
    started = [
        WorkerProcess(assets, "--cache", str(tmp_path_factory.mktemp("cache")), *options) for _ in range(2)
    ]
    yield started
    for worker in started:
        worker.stop()


@pytest.fixture
async def front(workers, tmp_path):
    async with front_of(tmp_path, *workers) as front:
        yield front


async def test_a_render_comes_through_byte_by_byte(front, workers):
    speech = speechlike(3)

    through = await front.records(speech)

    assert isinstance(through[-1], EndRecord)
    assert movie(through) == movie(await workers[0].records(speech))


async def test_what_else_a_worker_answers_comes_through(front, workers):
    async with front.client() as client, workers[0].client() as direct:
        for path in (
            "/avatars",
            "/voices",
            "/avatars/ann/neutral/portrait.jpg",
            "/avatars/nobody/none/idle.mp4",
        ):
            there, here = await client.get(path), await direct.get(path)
            assert (there.status_code, there.content) == (here.status_code, here.content)
            assert there.headers["content-type"] == here.headers["content-type"]
        said = {"text": "Hello.", "language": "en", "form": "wav"}
        spoken = await client.post("/speech", json=said)
        slower = await client.post("/speech", json={**said, "speed": 0.8})
        hasty = await client.post("/speech", json={**said, "speed": 2})
        assert int(slower.headers["speech-ms"]) > 1.15 * int(spoken.headers["speech-ms"]) > 100
        assert hasty.status_code == 400
        assert (await client.post("/renders", content=b"nonsense")).status_code == 400
        assert (await client.get("/nowhere")).status_code == 404


async def test_renders_spread_and_one_too_many_is_told_when_to_come_back(front, workers, request_bytes):
    async with front.render(speechlike(60)) as first, front.render(speechlike(60)) as second:
        await anext(first)
        await anext(second)
        assert [(await worker.health())["renders_active"] for worker in workers] == [1, 1]
        async with front.client() as client:
            refused = await client.post("/renders", content=request_bytes(speechlike(1)))

    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0

    async def idle():
        return (await front.health())["renders_active"] == 0

    await wait_for(idle)


async def test_a_worker_that_is_full_of_others_renders_is_passed_over(front, workers):
    async with workers[0].render(speechlike(60)) as others:
        await anext(others)
        for _ in range(2):
            assert isinstance((await front.records(speechlike(1)))[-1], EndRecord)


async def test_a_reader_that_stops_reading_stops_the_render(front, workers):
    grain = noise(1280, 320)  # so that what fits between worker and reader is little of the video
    stage = Stage(width=1280, height=320, background=digest_of(grain))
    counts: deque[int] = deque(maxlen=5)

    async def rendered():
        return sum([(await worker.health())["frames_rendered"] for worker in workers])

    async def rests():
        counts.append(await rendered() - before)
        await asyncio.sleep(0.6)  # what is tested is that nothing happens, five times in a row
        return counts[0] and len(counts) == counts.maxlen and len(set(counts)) == 1

    async with front.client() as client:
        assert (await client.put(f"/backgrounds/{stage.background}", content=grain)).status_code == 204
    before = await rendered()
    async with front.render(speechlike(60), stage=stage) as records:
        await anext(records)
        await wait_for(rests, 60)

        assert await rendered() - before < 750  # of 1,500


async def test_what_was_lent_once_is_shown_by_any(front, workers, tmp_path):
    write_avatar(tmp_path / NAME, NAME, {"neutral": "pingpong"})
    meadow = picture()
    stage = Stage(width=320, height=320, background=digest_of(meadow))
    lent = {f"/avatars/{NAME}": packed(tmp_path / NAME), f"/backgrounds/{stage.background}": meadow}
    async with front.client() as client:
        for wish in ({"avatar": NAME}, {"stage": stage}):
            with pytest.raises(httpx.HTTPStatusError) as unknown:
                await front.records(speechlike(1), **wish)
            assert unknown.value.response.status_code == 503  # 400 would be the end of the order

        for path, content in lent.items():
            assert (await client.get(path)).status_code == 404
            assert (await client.put(path, content=content)).status_code == 204
            assert (await client.get(path)).status_code == 204

    async with (
        front.render(speechlike(10), avatar=NAME, stage=stage) as first,
        front.render(speechlike(10), avatar=NAME, stage=stage) as second,
    ):
        assert [isinstance(record, EndRecord) async for record in first][-1]
        assert [isinstance(record, EndRecord) async for record in second][-1]
    for worker in workers:
        async with worker.client() as client:
            assert [(await client.get(path)).status_code for path in lent] == [204, 204]


async def test_metrics_are_told_by_worker(front, workers):
    async with front.client() as client:
        page = (await client.get("/metrics")).text

    [frames] = [
        family for family in text_string_to_metric_families(page) if family.name.endswith("frames_rendered")
    ]
    assert {sample.labels["worker"] for sample in frames.samples if sample.name.endswith("_total")} == {
        worker.url for worker in workers
    }


async def test_a_live_session_stays_with_its_worker_and_one_too_many_has_no_place(front, workers):
    async with front.live() as one, front.live() as other:
        assert isinstance(await one.next(), Init)
        assert isinstance(await other.next(), Init)
        assert [(await worker.health())["live_sessions"] for worker in workers] == [1, 1]
        async with front.live() as third:
            problem = await third.next()
            assert isinstance(problem, Problem)
            assert problem.status == 503
        await one.say("1", "Hello.")
        await one.end()
        assert isinstance(one.events[-1], End)
        assert any(segment.utterance == "1" for segment in one.segments)


async def test_who_dies_breaks_what_it_had_and_another_goes_on_at_once(assets, workers, tmp_path):
    victim = WorkerProcess(assets)
    speech = speechlike(30)
    async with front_of(tmp_path, victim, workers[0]) as front:
        async with workers[0].render(speechlike(60)) as others:
            await anext(others)
            async with front.render(speech) as records:
                stored = [record async for record in take_segments(records, 3)]
                assert (await victim.health())["renders_active"] == 1
                async with front.live() as session:
                    await session.until(Init)
                    victim.process.kill()
                    with pytest.raises(httpx.RemoteProtocolError):
                        [record async for record in records]
        first_frame = sum(record.frames for record in stored)

        rest = await front.records(speech, first_frame=first_frame)

        assert isinstance(rest[-1], EndRecord)
        assert next(record for record in rest if isinstance(record, SegmentRecord)).first_frame == first_frame
        assert rest[-1].frames == 30 * 25
    victim.stop()


async def take_segments(records, count):
    async for record in records:
        if isinstance(record, SegmentRecord):
            yield record
            count -= 1
            if not count:
                return


async def test_nobody_behind_it_is_told(tmp_path):
    async def urls():
        return ["http://127.0.0.1:9"]

    async with (
        serve(create_front(Settings(cache=tmp_path), urls)) as url,
        WorkerClient(url).client() as client,
    ):
        assert (await client.get("/health")).status_code == 502
        assert (await client.get("/voices")).status_code == 502
        async with connect(url.replace("http", "ws", 1) + "/sessions", proxy=None) as socket:
            session = LiveClient(socket)
            await session.send(Open(session="test", avatar="ann", emotion="neutral"))
            assert (await session.next()).status == 503
