"""Other kinds of files of a whole video."""

import io

import av
import pytest

from tests.worker.test_worker_process import movie, speechlike
from worker.encode import MACHINE_GENERATED
from worker.stage import Stage

CODECS = {"mov": ("h264", "aac"), "webm": ("vp9", "opus"), "avi": ("mpeg4", "mp3float")}


@pytest.fixture
async def film(worker):
    """An MP4 of a second and a half, not as large as others."""
    return movie(await worker.records(speechlike(1.5), stage=Stage(width=256, height=144)))


async def ask(worker, kind, film):
    async with worker.client() as client:
        return await client.post("/finish", params={"kind": kind}, content=film)


@pytest.mark.parametrize("kind", CODECS)
async def test_each_kind_of_file_has_all_pictures_and_all_sound(worker, film, kind):
    answer = await ask(worker, kind, film)

    assert answer.status_code == 200, answer.text
    pictures, samples = 0, 0.0
    with av.open(io.BytesIO(answer.content), "r") as made:
        codecs = tuple(stream.codec_context.name for stream in (*made.streams.video, *made.streams.audio))
        told = {name.lower(): value for name, value in made.metadata.items()}
        for frame in made.decode(*made.streams):
            if isinstance(frame, av.VideoFrame):
                assert (frame.width, frame.height) == (256, 144)
                pictures += 1
            else:
                samples += frame.samples / frame.sample_rate
    assert codecs == CODECS[kind]
    assert pictures == 38
    assert samples == pytest.approx(38 / 25, abs=0.15)  # MP3 begins and ends with a frame of its own
    assert told["comment"] == MACHINE_GENERATED


async def test_quicktime_has_the_very_same_pictures(worker, film):
    made = (await ask(worker, "mov", film)).content

    def packets(data):
        with av.open(io.BytesIO(data), "r") as container:
            return [bytes(packet) for packet in container.demux(video=0) if packet.size]

    assert packets(made) == packets(film)


@pytest.mark.parametrize("content", [b"", b"no film", bytes(5000)])
async def test_what_is_no_film_is_refused(worker, content):
    answer = await ask(worker, "webm", content)

    assert answer.status_code == 400


async def test_there_is_no_other_kind(worker, film):
    assert (await ask(worker, "exe", film)).status_code == 400
