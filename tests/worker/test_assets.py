"""What the worker ships: every avatar with its footage, and a network that leaves it alone in silence."""

from pathlib import Path

import av
import numpy as np
import pytest

import worker
from worker.avatars import Avatars
from worker.compose import compose
from worker.mel import MEL
from worker.model import LipModel
from worker.records import EndRecord, InitRecord, SegmentRecord

ASSETS = Path(worker.__file__).parent / "assets"
EMOTIONS = ["happy", "neutral", "serious"]
AVATARS = [
    "african_man", "african_woman", "arab_man", "arab_woman", "colombian_woman", "european_man", "european_woman",
    "iranian_man", "japanese_man", "japanese_woman", "mexican_man", "mexican_woman", "old_european_woman",
    "old_japanese_man",
]  # fmt: skip


@pytest.fixture(scope="module")
def avatars() -> Avatars:
    return Avatars(ASSETS / "avatars", memory_bytes=10_000_000)


@pytest.fixture(scope="module")
def model() -> LipModel:
    return LipModel(ASSETS / "model", provider="cpu", threads=2)


@pytest.mark.parametrize("name", AVATARS)
def test_every_avatar_of_the_api_has_footage_for_every_emotion(avatars, name):
    for emotion in EMOTIONS:
        pack = avatars.find(name, emotion)
        described = pack.emotions[emotion]
        with av.open(ASSETS / "avatars" / name / described.footage, "r") as film:
            stream = film.streams.video[0]
            assert (stream.width, stream.height, stream.frames) == (1080, 1080, described.frames)
            assert stream.average_rate == 25
        assert described.lines == 1080
        assert described.mouths.size == 304
        for x, y, side in described.boxes:
            assert side / 2 < x < 1080 - side / 2
            assert side / 2 < y < 1080 - side / 2
    assert sorted(pack.emotions) == EMOTIONS


def test_avatars_have_a_gender_and_an_age(avatars):
    elderly = {pack.name for pack in avatars if pack.elderly}
    women = {pack.name for pack in avatars if pack.gender == "female"}

    assert elderly == {name for name in AVATARS if name.startswith("old_")}
    assert women == {name for name in AVATARS if name.endswith("_woman")}


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_in_silence_a_frame_is_the_footage(avatars, model, emotion):
    footage = avatars.footage(avatars.find("european_woman", emotion), emotion)
    frames = range(0, 60, 20)
    graph = model.graph(footage.references)
    silence = np.full((len(frames), 1, MEL.bands, graph.mel.frames), -MEL.largest, np.float32)

    mouths = model.predict(silence, footage.faces(frames))

    for idle, mouth in zip(map(footage.frame, frames), mouths, strict=True):
        picture = compose(idle, mouth, graph.mask)
        assert np.abs(picture.astype(int) - idle.picture).mean() < 0.02


async def test_the_shipped_worker_speaks_in_the_language_of_the_text(start_worker):
    shipped = start_worker(assets=ASSETS)

    records = await shipped.records(text="Guten Tag, heute ist schönes Wetter.", avatar="old_japanese_man")

    init = next(record for record in records if isinstance(record, InitRecord))
    frames = sum(record.frames for record in records if isinstance(record, SegmentRecord))
    assert (init.language, init.voice) == ("de", "de-male-elderly")
    assert isinstance(records[-1], EndRecord)
    assert records[-1].frames == frames > 25
