"""The packs that ship: complete, honest and small. What renders them is never run here."""

import json
from itertools import combinations, islice, pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from worker.footage import square

AVATARS = Path(__file__).parents[2] / "worker/assets/avatars"
LINES = 1080
EMOTIONS = ["happy", "neutral", "serious"]
NAMES = [
    "african_man",
    "african_woman",
    "arab_man",
    "arab_woman",
    "colombian_woman",
    "european_man",
    "european_woman",
    "iranian_man",
    "japanese_man",
    "japanese_woman",
    "mexican_man",
    "mexican_woman",
    "old_european_woman",
    "old_japanese_man",
]


@pytest.fixture(params=NAMES)
def folder(request):
    return AVATARS / request.param


@pytest.fixture
def pack(folder):
    return json.loads((folder / "avatar.json").read_text())


def test_all_fourteen_ship_and_nobody_else():
    assert sorted(path.name for path in AVATARS.iterdir()) == NAMES


def test_a_pack_describes_its_folder(folder, pack):
    emotions = pack["emotions"]

    assert pack["name"] == folder.name
    assert pack["label"]
    assert pack["gender"] == ("female" if folder.name.endswith("woman") else "male")
    assert pack["elderly"] == folder.name.startswith("old_")
    assert sorted(emotions) == EMOTIONS
    films = {film for clip in emotions.values() for film in (clip["footage"], clip["mouths"]["film"])}
    assert films == {path.name for path in folder.glob("*.mp4")}


def test_the_footage_is_what_its_pack_says(folder, pack):
    for clip in pack["emotions"].values():
        with av.open(folder / clip["footage"]) as film:
            picture = film.streams.video[0]

            assert clip["frames"] == picture.frames == len(clip["boxes"])
            assert clip["playback"] == "pingpong"
            assert clip["lines"] == LINES
            assert (picture.width, picture.height, picture.average_rate) == (LINES, LINES, 25)
            assert picture.codec_context.pix_fmt == "yuv420p"
            assert "made by a computer" in film.metadata["comment"]


def test_the_films_of_mouths_have_the_footages_frames(folder, pack):
    for clip in pack["emotions"].values():
        mouths = clip["mouths"]
        with av.open(folder / mouths["film"]) as film:
            picture = film.streams.video[0]

            assert picture.frames == clip["frames"]
            assert (picture.width, picture.height) == (mouths["shapes"] * mouths["size"], mouths["size"])
            assert mouths["size"] == 304
            assert "made by a computer" in film.metadata["comment"]


def test_mouths_lie_where_the_footage_has_them(folder, pack):
    clip = pack["emotions"]["neutral"]
    size = clip["mouths"]["size"]
    nose = np.s_[: size // 6, size // 3 : size * 2 // 3]  # where no shape moves much; beside it moustaches do

    shifts = []
    for number in range(0, clip["frames"], 10):
        idle = _square(_frame(folder / clip["footage"], number), clip["boxes"][number], size)
        pressed = _frame(folder / clip["mouths"]["film"], number)[:, -size:]
        shift, _ = cv2.phaseCorrelate(idle[nose].astype(np.float32), pressed[nose].astype(np.float32))
        shifts.append(shift)

    # In pixels of the frame; pressed lips pull a little at the nose, and of one frame alone compression tells others.
    assert np.abs(np.mean(shifts, axis=0)).max() < 0.7 * LINES / 512
    assert np.abs(shifts).max() < LINES / 512


def test_an_open_mouth_is_filmed_as_sharply_as_the_closed_one(folder, pack):
    for clip in pack["emotions"].values():
        size = clip["mouths"]["size"]
        lips = np.s_[size // 4 : size * 3 // 4, size // 4 : size * 3 // 4]
        idle = _square(_frame(folder / clip["footage"], 5), clip["boxes"][5], size)
        open_mouth = _frame(folder / clip["mouths"]["film"], 5)[:, :size]

        assert (
            cv2.Laplacian(open_mouth, cv2.CV_32F)[lips].var()
            > 0.6
            * cv2.Laplacian(idle, cv2.CV_32F)[lips].var()  # an open mouth parts a beard, which has most of it
        )


def test_each_mouth_lies_in_the_picture_and_moves_gently(pack):
    for clip in pack["emotions"].values():
        boxes = np.array(clip["boxes"]) * 512 / LINES  # (frames, centre x, centre y, side)
        centres, sides = boxes[:, :2], boxes[:, 2:]

        assert (centres - sides / 2 >= 0).all()
        assert (centres + sides / 2 <= 512).all()
        assert ((sides > 110) & (sides < 160)).all()
        assert np.abs(np.diff(boxes, axis=0)).max() < 3


def test_a_clip_starts_and_ends_nearly_at_rest_so_that_it_can_play_backwards(pack):
    for clip in pack["emotions"].values():
        steps = np.abs(np.diff(np.array(clip["boxes"]), axis=0)).max(axis=1)

        assert max(steps[0], steps[-1]) < LINES / 1024


def test_a_loop_lasts_four_seconds_or_more(pack):
    for clip in pack["emotions"].values():
        assert (2 * clip["frames"] - 2) / 25 >= 4


def test_the_mouth_stays_closed(folder, pack):
    clip = pack["emotions"]["neutral"]
    with av.open(folder / clip["footage"]) as film:
        frames = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]

    lips = [_lips(frame, box) for frame, box in zip(frames, clip["boxes"], strict=True)]

    assert max(float(np.abs(a - b).mean()) for a, b in pairwise(lips)) < 6
    assert max(float(np.abs(lips[0] - other).mean()) for other in lips) < 12


def test_happy_neutral_and_serious_are_three_faces(folder, pack):
    faces = {
        name: _face(folder / clip["footage"], clip["boxes"][0]) for name, clip in pack["emotions"].items()
    }

    for one, other in combinations(faces.values(), 2):
        assert np.abs(one - other).mean() > 5


def test_all_footage_together_stays_small():
    assert sum(path.stat().st_size for path in AVATARS.rglob("*")) < 44_000_000


def _frame(path, number):
    with av.open(path) as film:
        return next(islice(film.decode(video=0), number, None)).to_ndarray(format="gray")


def _square(frame, box, size):
    """Cut the mouth's square out of a frame."""
    x, y, _ = square(box, size, len(frame))
    left, top = int(x - size / 2), int(y - size / 2)
    return frame[top : top + size, left : left + size]


def _lips(frame, box):
    """How bright each row of the mouth is: an open one is a dark band, while the hairs of a beard cancel out."""
    x, y, side = box
    grid = np.linspace(-0.25, 0.25, 32) * side
    return frame[np.ix_(np.rint(y + grid).astype(int), np.rint(x + grid).astype(int))].mean(axis=1)


def _face(film, box):
    """The first picture from brows to chin, at one place and size, whatever the posture: only the face differs."""
    x, y, side = box
    across, down = np.linspace(-0.6, 0.6, 96) * side + x, np.linspace(-1.5, 0.5, 160) * side + y
    with av.open(film) as opened:
        picture = next(opened.decode(video=0)).to_ndarray(format="gray")
    return picture[np.ix_(np.rint(down).astype(int), np.rint(across).astype(int))].astype(float)
