"""Takes the pictures of the docs that a worker makes: `pytest tests/worker/test_pictures.py --pictures docs -n 0`."""

from pathlib import Path

import cv2
import numpy as np

from bench.stage import before, footage_of, room
from faces.portraits import Painter
from faces.prompts import imagine
from tests.worker.test_worker_process import decoded, movie
from worker import import_pack
from worker.drawing import bring_to_life
from worker.import_pack import Person
from worker.settings import Settings
from worker.stage import Place, Stage

TEXT = "Have you ever seen the sea by night?"
PROMPTS = (
    "an elderly African man with a grey beard, wearing a dark suit and a red tie",
    "a smiling woman with long red hair",
    "a Japanese woman with a black bob",
    "a bald man with a black beard, blue background",
    "a Colombian woman in a teal blouse, green background",
    "an African woman wearing a purple hijab",
)


def write(path: Path, pictures: list[np.ndarray]) -> None:
    """Write pictures side by side, as high as the first."""
    high = len(pictures[0])
    row = [
        cv2.resize(each, (each.shape[1] * high // len(each), high), interpolation=cv2.INTER_AREA)
        for each in pictures
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.hstack(row)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


async def speaking(worker, avatar: str, stage: Stage) -> np.ndarray:
    """A moment of a video that differs much from its start, but not most: the mouth is open, as mouths are."""
    records = await worker.records(
        text=TEXT, language="en", sample_rate=24_000, avatar=avatar, emotion="neutral", stage=stage
    )
    pictures, _, _ = decoded(movie(records))
    first = pictures[0].astype(int)
    return sorted(pictures, key=lambda picture: np.abs(picture - first).mean())[3 * len(pictures) // 5]


async def test_pictures_of_one_person_on_three_canvases(pictures, start_worker):
    worker = start_worker(assets=Settings().assets)
    stages = (
        Stage(width=1280, height=720),
        Stage(width=720, height=1280, background="#1f3b57"),
        Stage(width=720, height=720, background="#d05000", person=Place(x=200, y=300, width=420, height=420)),
    )

    shown = [await speaking(worker, "european_woman", stage) for stage in stages]

    write(pictures / "pictures" / "stages.jpg", [cv2.resize(shown[0], (853, 480)), *shown[1:]])


async def test_pictures_of_a_picture_that_becomes_an_avatar(pictures, tmp_path, start_worker):
    picture = before(footage_of("old_european_woman"), room())  # nobody who could be asked
    take, warnings = bring_to_life(picture)
    assert warnings == []
    person = Person(name="eve", label="Eve", gender="female", elderly=False)
    import_pack.add(tmp_path / "avatars", person, ("neutral",), take)
    for folder in ("model", "voices"):
        (tmp_path / folder).symlink_to(Settings().assets / folder)
    worker = start_worker(assets=tmp_path)

    plain = await speaking(worker, "eve", Stage())
    elsewhere = await speaking(worker, "eve", Stage(width=910, height=512, background="#1f3b57"))

    write(pictures / "pictures" / "picture.jpg", [picture, plain, elsewhere])


def test_pictures_of_portraits(pictures):
    painter = Painter()
    drawn = [painter.draw(imagine(prompt).recipe, 640, 640) for prompt in PROMPTS]

    rows = [
        np.hstack([cv2.resize(each, (320, 320)) for each in drawn[start : start + 3]]) for start in (0, 3)
    ]
    write(pictures / "pictures" / "portraits.jpg", [np.vstack(rows)])
