"""The worker as a program, over HTTP: what it renders, refuses, cancels and finishes."""

import io
import signal
import time
from collections import deque
from functools import partial
from typing import Any

import anyio
import av
import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from worker.records import EndRecord, InitRecord, SegmentRecord, SpeechRecord

TEXT = "Hello there. This is a second sentence, a little longer than the first one. And a third!"


def speechlike(seconds: float) -> bytes:
    """Syllables of a buzz with pauses, s16le at 16 kHz."""
    t = np.arange(round(seconds * 16_000)) / 16_000
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * t) + 0.6 * np.sin(2 * np.pi * 0.4 * t), 0, 1)
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 10))
    return (4_000 * syllables * buzz).astype("<i2").tobytes()


def movie(records) -> bytes:
    header = next(record.data for record in records if isinstance(record, InitRecord))
    return header + b"".join(record.data for record in records if isinstance(record, SegmentRecord))


def decoded(data: bytes):
    """Pictures (RGB), their times in frames, and samples (float)."""
    pictures: list[Any] = []
    times: list[float] = []
    sound: list[Any] = []
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(*container.streams):
            if isinstance(frame, av.VideoFrame):
                pictures.append(frame.to_ndarray(format="rgb24"))
                times.append(frame.time * 25)
            else:
                sound.append(frame.to_ndarray()[0])
    return pictures, times, np.concatenate(sound)


async def wait_for(fact, deadline_s=20.0):
    """Ask for a fact until it holds."""
    end = time.monotonic() + deadline_s
    while not (value := await fact()):
        assert time.monotonic() < end, "waited in vain"
        await anyio.sleep(0.02)
    return value


async def problem(worker, content: bytes) -> dict[str, Any]:
    async with worker.client() as client:
        response = await client.post("/renders", content=content)
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert "Traceback" not in body["detail"]
    return body


async def test_a_worker_says_at_its_start_which_device_and_networks_draw(start_worker):
    log = "".join(start_worker().log)

    assert "provider=cpu" in log
    assert "wav2lip.onnx" in log
    assert "references.onnx" in log


async def test_an_audio_order_becomes_a_movie_of_its_length(worker):
    pcm = speechlike(2.01)

    records = await worker.records(pcm, language="en")

    init, *segments, end = records
    assert (init.sample_rate, init.width, init.height, init.fps) == (16_000, 512, 512, 25)
    assert (init.language, init.voice) == ("en", None)
    assert [segment.first_frame for segment in segments] == [0, 4, 12, 24, 36, 48]
    assert end == EndRecord(
        frames=51, samples=51 * 640, engine={"model": "tiny", "version": "test", "provider": "cpu"}
    )
    _, times, sound = decoded(movie(records))
    assert times == pytest.approx(range(51))
    expected = np.frombuffer(pcm, "<i2") / 32_768
    assert np.corrcoef(sound[: len(expected)], expected)[0, 1] > 0.99


async def test_the_mouth_moves_with_the_speech_and_rests_in_silence(worker):
    silence = bytes(2 * 16_000)

    records = await worker.records(silence + speechlike(1) + silence)

    pictures, _, _ = decoded(movie(records))
    darkness = [255 - picture[330:345, 240:270].mean() for picture in pictures]
    assert max(darkness[27:48]) > max(darkness[:24]) + 20
    assert max(darkness[60:]) < max(darkness[:24]) + 3


async def test_two_renders_at_once_do_not_mix(worker):
    answers = {}

    async def render(name, pcm):
        answers[name] = await worker.records(pcm, avatar=name)

    async with anyio.create_task_group() as both:
        both.start_soon(render, "ann", speechlike(3))
        both.start_soon(render, "bob", bytes(2 * 16_000 * 2))

    assert [answers[name][-1].frames for name in ("ann", "bob")] == [75, 50]
    spread = {}
    for name, records in answers.items():
        pictures, _, _ = decoded(movie(records))
        spread[name] = np.ptp([picture[330:345, 240:270].mean() for picture in pictures])
    assert spread["ann"] > 20
    assert spread["bob"] < 3


async def test_a_text_order_brings_its_speech_before_the_pictures_that_need_it(worker):
    records = await worker.records(text=TEXT, avatar="bob")

    assert isinstance(records[0], SpeechRecord)
    heard = shown = 0
    speech = []
    for record in records:
        match record:
            case SpeechRecord():
                assert record.first_sample == heard
                heard += len(record.pcm) // 2
                speech.append(record)
            case SegmentRecord():
                shown = record.first_sample + record.frames * 960
                assert shown <= heard
    end = records[-1]
    assert (end.frames * 960, end.samples) == (shown, heard)
    assert [record.last for record in speech] == [False, False, True]
    assert speech[-1].spoken == len(TEXT)
    assert {(record.language, record.voice, record.sample_rate) for record in speech} == {
        ("en", "en-male", 24_000)
    }
    init = next(record for record in records if isinstance(record, InitRecord))
    assert (init.language, init.voice, init.sample_rate) == ("en", "en-male", 24_000)
    _, _, sound = decoded(movie(records))
    pcm = np.frombuffer(b"".join(record.pcm for record in speech), "<i2") / 32_768
    assert np.corrcoef(sound[: len(pcm)], pcm)[0, 1] > 0.99


async def test_an_interrupted_text_order_goes_on_where_it_was(worker):
    whole = await worker.records(text=TEXT)
    kept, pcm, spoken = [], b"", 0
    async with worker.render(text=TEXT) as records:
        async for record in records:
            kept.append(record)
            if isinstance(record, SpeechRecord):
                pcm, spoken = pcm + record.pcm, record.spoken
            elif isinstance(record, SegmentRecord) and record.first_frame == 24:
                break

    rest = await worker.records(pcm, text=TEXT, sample_rate=24_000, spoken=spoken, first_frame=36)

    said = pcm + b"".join(record.pcm for record in rest if isinstance(record, SpeechRecord))
    assert said == b"".join(record.pcm for record in whole if isinstance(record, SpeechRecord))
    assert rest[-1] == whole[-1]
    pictures, times, sound = decoded(movie([*kept, *rest]))
    whole_pictures, whole_times, whole_sound = decoded(movie(whole))
    assert times == whole_times
    assert np.abs(pictures[36].astype(int) - whole_pictures[36]).mean() < 2
    assert len(sound) == len(whole_sound)
    assert np.abs(sound - whole_sound).max() < 0.05


async def test_a_render_of_which_all_was_stored_ends_at_once(worker):
    pcm = speechlike(1)

    records = await worker.records(pcm, first_frame=25)

    assert [type(record) for record in records] == [InitRecord, EndRecord]
    assert records[-1].frames == 25


async def test_the_first_byte_leaves_before_a_tenth_of_a_minute_is_rendered(worker):
    before = (await worker.health())["frames_rendered"]

    async with worker.render(speechlike(60)) as records:
        await anext(records)
        rendered = (await worker.health())["frames_rendered"] - before

    assert rendered < 150


async def test_a_reader_that_stops_reading_stops_the_render(worker):
    counts: deque[int] = deque(maxlen=25)

    async def rests():
        counts.append((await worker.health())["frames_rendered"])
        return len(counts) == counts.maxlen and len(set(counts)) == 1

    before = (await worker.health())["frames_rendered"]
    async with worker.render(speechlike(90)) as records:
        await anext(records)
        await wait_for(rests)

        assert (await worker.health())["frames_rendered"] - before < 1_500


async def test_a_reader_that_goes_away_cancels_the_render(worker):
    before = (await worker.health())["frames_rendered"]

    async with worker.render(speechlike(60)) as records:
        await anext(records)
        assert (await worker.health())["renders_active"] == 1

    async def idle():
        return (await worker.health())["renders_active"] == 0

    await wait_for(idle)
    assert (await worker.health())["frames_rendered"] - before < 750


async def test_one_render_too_many_is_told_when_to_come_back(start_worker, request_bytes):
    worker = start_worker("--max-renders", "2", "--max-wait-s", "1")

    async with worker.render(speechlike(60)) as first, worker.render(speechlike(60)) as second:
        await anext(first)
        await anext(second)
        async with worker.client() as client:
            response = await client.post("/renders", content=request_bytes(speechlike(1)))

    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert "Ask again" in response.json()["detail"]


async def that_many_wait(worker, count):
    return (await worker.health())["renders_waiting"] == count


async def test_a_render_that_finds_no_place_waits_for_one(start_worker):
    worker = start_worker("--max-renders", "1")

    async with worker.render(speechlike(20)) as first, anyio.create_task_group() as waiting:
        await anext(first)

        async def wait():
            assert (await worker.records(speechlike(1)))[-1].frames == 25

        waiting.start_soon(wait)
        await wait_for(partial(that_many_wait, worker, 1))
        rest = [record async for record in first]

    assert rest[-1].frames == 500
    assert (await worker.health())["renders_waiting"] == 0


async def test_a_caller_that_goes_away_while_it_waits_gives_its_place_up(start_worker):
    worker = start_worker("--max-renders", "1")

    async with worker.render(speechlike(20)) as first:
        await anext(first)
        async with anyio.create_task_group() as waiting:
            waiting.start_soon(worker.records, speechlike(1))
            await wait_for(partial(that_many_wait, worker, 1))
            waiting.cancel_scope.cancel()
        await wait_for(partial(that_many_wait, worker, 0))
        rest = [record async for record in first]

    assert rest[-1].frames == 500
    assert (await worker.health())["renders_active"] == 0


@pytest.mark.parametrize(
    ("fields", "pcm", "told"),
    [
        ({"avatar": "eve"}, b"\0\0", "Choose one of: ann, bob"),
        ({"emotion": "bored"}, b"\0\0", "Choose one of: happy, neutral"),
        ({"text": "Hi.", "language": "tlh"}, b"", "tlh"),
        ({"text": "Hi.", "voice": "nobody"}, b"", "nobody"),
        ({"text": "Hi.", "voice": "de-male", "language": "fr"}, b"", "does not speak"),
        ({"text": "..."}, b"", "letter or digit"),
        ({"text": "  "}, b"", "nothing to speak"),
        ({}, b"", "nothing to speak"),
        ({}, b"\0\0\0", "two bytes a sample"),
        ({"sample_rate": 12_345}, b"\0\0", "12345"),
        ({"first_frame": -1}, b"\0\0", "negative"),
        ({"first_frame": 9}, b"\0\0", "ends with frame 0"),
        ({"text": "Hi.", "spoken": 9}, b"\0\0", "3 characters"),
        ({"text": "Hi.", "spoken": 3}, b"", "must follow"),
        ({"text": "Hi."}, b"\0\0", "24000"),
    ],
)
async def test_what_can_never_be_rendered_is_refused_with_the_reason(
    worker, request_bytes, fields, pcm, told
):
    answer = await problem(worker, request_bytes(pcm, **fields))

    assert answer["status"] == 400
    assert told in answer["detail"]


@pytest.mark.parametrize("content", [b"", b"\0\0", b"RIFF....WAVE", b"\0\0\0\2\xc1\xc1", b"\0\0\0\x09short"])
async def test_a_body_without_a_request_is_refused(worker, content):
    answer = await problem(worker, content)

    assert answer["status"] == 400
    assert "render record" in answer["detail"]


async def test_a_render_that_fails_midway_breaks_the_connection(worker):
    pcm = bytes(2 * 960 * 5)

    async def read_to_the_end():
        return await worker.records(pcm, text=TEXT, sample_rate=24_000, spoken=13, first_frame=10_000)

    with pytest.raises(httpx.RemoteProtocolError):
        await read_to_the_end()
    assert (await worker.health())["renders_active"] == 0


async def test_avatars_with_and_without_other_mouths_are_rendered_at_once(worker):
    films: dict[str, list[Any]] = {}

    async def render(avatar):
        films[avatar] = decoded(movie(await worker.records(bytes(32_000) + speechlike(2), avatar=avatar)))[0]

    async with anyio.create_task_group() as tasks:
        for avatar in ("ann", "cleo"):
            tasks.start_soon(render, avatar)

    for avatar, pictures in films.items():
        silent = decoded(movie(await worker.records(bytes(96_000), avatar=avatar)))[0]
        mouth = np.s_[310:350, 226:286]
        moved = [
            np.abs(a[mouth] - b[mouth].astype(int)).mean() for a, b in zip(pictures, silent, strict=True)
        ]
        assert max(moved[:15]) < 1
        assert max(moved[25:]) > 5


async def test_unknown_paths_and_methods_are_problems_too(worker):
    async with worker.client() as client:
        assert (await client.get("/nothing")).json()["status"] == 404
        assert (await client.get("/renders")).json()["status"] == 405


async def test_health_avatars_and_voices_are_told(worker):
    async with worker.client() as client:
        health = (await client.get("/health")).json()
        avatars = (await client.get("/avatars")).json()
        voices = (await client.get("/voices")).json()

    assert (health["status"], health["provider"]) == ("ok", "cpu")
    assert health["peak_rss_bytes"] > 50_000_000
    ann = {
        "name": "ann",
        "label": "Ann",
        "emotions": ["happy", "neutral"],
        "gender": "female",
        "elderly": False,
    }
    bob = {"name": "bob", "label": "Bob", "emotions": ["neutral"], "gender": "male", "elderly": False}
    cleo = {"name": "cleo", "label": "Cleo", "emotions": ["neutral"], "gender": "female", "elderly": False}
    assert avatars == [ann, bob, cleo]
    assert {
        "name": "en-female",
        "language": "en",
        "gender": "female",
        "engine": "hibari",
        "accent": "native",
    } in voices
    assert len({voice["language"] for voice in voices}) == 17


async def test_its_metrics_are_told_in_the_format_of_prometheus(start_worker):
    worker = start_worker()

    async def metrics():
        async with worker.client() as client:
            response = await client.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain; version=")
        families = text_string_to_metric_families(response.text)
        return {
            sample.name.removeprefix("satspeak_worker_") + "".join(sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        }

    before = await metrics()
    async with worker.render(speechlike(4), order="observed") as records:
        await anext(records)
        during = await metrics()
        assert [record async for record in records][-1].frames == 100
    after = await metrics()

    assert (during["renders_active"], during["renders_waiting"], during["wait_seconds"]) == (1, 0, 0)
    assert after["renders_active"] == 0
    assert after["frames_rendered_total"] - before["frames_rendered_total"] == 100
    assert after["batch_frames_sum"] - before["batch_frames_sum"] == 100
    assert after["frames_per_second"] > 0
    for stage in ("listening", "footage", "network", "filming"):
        assert after[f"stage_seconds_sum{stage}"] > before[f"stage_seconds_sum{stage}"]
    assert after["stage_seconds_sumspeech"] == before["stage_seconds_sumspeech"] > 0  # spoken when warming up


async def test_a_worker_asked_to_end_finishes_what_it_renders_and_prints_nothing(start_worker):
    worker = start_worker("--grace-s", "60")
    async with worker.render(speechlike(8)) as records:
        await anext(records)
        worker.process.send_signal(signal.SIGTERM)
        rest = [record async for record in records]

    assert rest[-1].frames == 200
    assert worker.stop() == ""
    assert worker.process.returncode in {0, -signal.SIGTERM}


async def test_a_worker_cuts_what_outlasts_the_grace(start_worker):
    worker = start_worker("--grace-s", "0")
    async with worker.render(speechlike(60)) as records:
        await anext(records)
        worker.process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx.RemoteProtocolError):
            [record async for record in records]

    worker.stop()


def test_settings_that_do_not_work_end_the_program_with_a_reason(start_worker, tmp_path):
    worker = start_worker(assets=tmp_path, ready=False)

    assert worker.process.wait(30) == 1
    worker.stop()
    assert "model.json" in worker.log[-1]


def test_a_port_that_is_taken_ends_the_program_with_a_reason(start_worker, worker):
    second = start_worker("--port", worker.url.rpartition(":")[2], ready=False)

    assert second.process.wait(30) == 1
    second.stop()
    assert "Address already in use" in second.log[-1]
