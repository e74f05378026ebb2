"""The stage in the worker: where the footage stands on a canvas, and that nothing changes without one."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.worker.test_worker_process import decoded, movie, problem, speechlike
from worker import canvas
from worker.avatars import Avatars
from worker.canvas import Canvas, fitted
from worker.compose import IdleFrame
from worker.errors import MalformedRequest
from worker.footage import Footage
from worker.planes import planes, to_yuv
from worker.records import InitRecord, SegmentRecord, SpeechRecord
from worker.stage import Place, Stage, check

TEXT = "Hello there. This is a second sentence, a little longer than the first one."
NAVY = (31, 59, 87)


@pytest.fixture(scope="module")
def worker_avatars() -> Avatars:
    return Avatars(Path(canvas.__file__).parent / "assets" / "avatars", memory_bytes=256_000_000)


def person() -> np.ndarray:
    """A picture as footage gives it: red, with a green dot in the middle."""
    rgb = np.full((512, 512, 3), (200, 60, 60), np.uint8)
    cv2.circle(rgb, (256, 256), 60, (60, 200, 60), -1)
    return to_yuv(rgb)


def shown_on(stage: Stage, picture: np.ndarray) -> np.ndarray:
    """A picture without a matte on a canvas."""
    frame = IdleFrame(picture=picture, references=np.zeros((1, 96, 96, 3), np.uint8), box=None)
    return Canvas(stage, Footage([frame], "loop")).show(picture, 0)


def rgb(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420)


def test_without_a_wish_the_picture_is_the_very_same():
    picture = person()

    assert shown_on(Stage(), picture) is picture


def test_a_film_of_the_canvas_s_lines_is_shown_as_it_is():
    large = to_yuv(np.random.default_rng(0).integers(0, 256, (1080, 1080, 3), np.uint8))

    shown = shown_on(Stage(width=1920, height=1080, background="#000000"), large)

    for plane, source, factor in zip(planes(shown), planes(large), (1, 2, 2), strict=True):
        left = 420 // factor
        assert np.array_equal(plane[:, left : left + len(source)], source)


@pytest.mark.parametrize(
    ("stage", "place"),
    [
        (Stage(width=1280, height=720), Place(x=280, y=0, width=720, height=720)),
        (Stage(width=720, height=1280), Place(x=0, y=560, width=720, height=720)),
        (Stage(width=1080, height=1080), Place(x=0, y=0, width=1080, height=1080)),
        (
            Stage(width=1280, height=720, person=Place(x=800, y=200, width=480, height=300)),
            Place(x=890, y=200, width=300, height=300),
        ),
        (
            Stage(width=1280, height=720, person=Place(x=-101, y=301, width=333, height=777)),
            Place(x=-100, y=746, width=332, height=332),
        ),
    ],
)
def test_the_person_stands_as_large_as_fits_on_the_lower_edge_of_the_box(stage, place):
    found = fitted(stage, (512, 512))

    assert abs(found.x - place.x) <= 2
    assert abs(found.y - place.y) <= 2
    assert (found.width, found.height) == (place.width, place.height)
    assert (found.x % 2, found.y % 2) == (0, 0)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (1080, 1080), (1920, 1080), (402, 300), (64, 64)])
def test_a_colour_is_everywhere_but_where_the_person_is(size):
    width, height = size
    stage = Stage(width=width, height=height, background="#1f3b57")
    place = fitted(stage, (512, 512))

    shown = shown_on(stage, person())

    assert shown.shape == (height * 3 // 2, width)
    seen = rgb(shown).astype(int)
    outside = np.ones((height, width), bool)
    outside[place.y : place.y + place.height, place.x : place.x + place.width] = False
    if outside.any():
        assert np.abs(seen[outside] - NAVY).max() <= 4
    middle = seen[place.y + place.height // 2, place.x + place.width // 2]
    assert middle[1] > middle[0] + 80  # the green dot, in the middle of the place


def test_a_box_that_reaches_over_the_canvas_is_cut_off():
    stage = Stage(
        width=640,
        height=360,
        background="#000000",
        person=Place(x=-100, y=-300, width=900, height=900),
    )

    seen = rgb(shown_on(stage, person())).astype(int)

    assert seen.shape == (360, 640, 3)
    assert (seen[..., 0] > 100).mean() > 0.5  # the person, whose dot is somewhere, fills it
    assert np.abs(seen.sum(2)).min() > 50  # nothing of the background


@pytest.mark.parametrize(
    "box",
    [
        Place(x=600, y=0, width=1000, height=100),
        Place(x=-990, y=0, width=1000, height=100),
        Place(x=0, y=-1, width=32, height=2000),
        Place(x=638, y=358, width=8192, height=8192),
    ],
)
@pytest.mark.parametrize("background", [None, "#102030"])
def test_a_box_on_the_canvas_whose_person_is_not_shows_nobody(worker_avatars, box, background):
    stage = Stage(width=640, height=360, background=background, person=box)
    check(stage)
    cut_out = worker_avatars.footage(worker_avatars.find("european_woman", "happy"), "happy")

    assert shown_on(stage, person()).shape == (540, 640)
    assert Canvas(stage, cut_out).show(cut_out.first.picture, 0).shape == (540, 640)


def test_of_a_person_who_is_many_times_as_large_as_the_canvas_only_what_is_seen_is_made(monkeypatch):
    noise = np.random.default_rng(1).integers(0, 256, (16, 16), np.uint8)
    plane = np.asarray(cv2.resize(noise, (512, 512), interpolation=cv2.INTER_CUBIC), np.uint8)
    place = Place(x=-1001, y=-502, width=3000, height=2000)
    part = np.s_[502:566, 1001:1065]
    whole = canvas.scaled(plane, 3000, 2000)[part].astype(int)
    monkeypatch.setattr(canvas, "scaled", None)

    seen = canvas._scaled_part(plane, place, part)

    assert seen.shape == (64, 64)
    assert np.abs(seen - whole).max() <= 2


def test_without_a_background_the_footage_goes_on_beside_the_person():
    picture = person()

    seen = rgb(shown_on(Stage(width=1280, height=720), picture)).astype(int)

    assert np.abs(seen[:, :250] - seen[2, 300]).max() < 12
    assert np.abs(seen[:, 1030:] - seen[2, 300]).max() < 12


@pytest.mark.parametrize(
    ("width", "height", "at", "box"),
    [
        (512, 512, 0, 32),
        (4096, 2024, 0, 32),
        (64, 4096, 0, 64),
        (3840, 2160, 0, 2160),
        (64, 64, -4096, 4100),
        (640, 360, -9000, 32),
    ],
)
def test_what_goes_on_beside_a_small_person_is_blurred_at_few_pixels(width, height, at, box, monkeypatch):
    blurred = []
    blur = cv2.GaussianBlur

    def blurring(around, *given, **how):
        blurred.append(around.size)
        return blur(around, *given, **how)

    monkeypatch.setattr(cv2, "GaussianBlur", blurring)
    stage = Stage(width=width, height=height, person=Place(x=at, y=at, width=box, height=box))

    seen = rgb(shown_on(stage, person())).astype(int)

    assert max(blurred) < 1.2 * 1024**2
    assert np.abs(seen[-2:, -2:] - (200, 60, 60)).max() < 20


def test_planes_are_views_into_the_picture():
    picture = person()
    for plane in planes(picture):
        plane[:] = 7

    assert (picture == 7).all()


@pytest.mark.parametrize(
    "stage",
    [
        Stage(width=641),
        Stage(height=62),
        Stage(width=4098),
        Stage(speed=0.7),
        Stage(speed=float("nan")),
        Stage(background="#12"),
        Stage(background="#gggggg"),
        Stage(person=Place(x=0, y=0, width=10, height=100)),
        Stage(person=Place(x=512, y=0, width=100, height=100)),
    ],
)
def test_what_cannot_be_drawn_is_refused(stage):
    with pytest.raises(MalformedRequest):
        check(stage)


async def test_a_stage_that_asks_for_nothing_gives_the_same_bytes(worker):
    plain = await worker.records(speechlike(1))
    staged = await worker.records(speechlike(1), stage=Stage())

    assert movie(plain) == movie(staged)


async def test_a_canvas_becomes_a_movie_of_its_size_with_the_mouth_on_it(worker):
    stage = Stage(width=1280, height=720, background="#1f3b57")
    silence = bytes(2 * 16_000)

    records = await worker.records(silence + speechlike(1), stage=stage)

    init = records[0]
    assert isinstance(init, InitRecord)
    assert (init.width, init.height) == (1280, 720)
    pictures, times, _ = decoded(movie(records))
    assert times == pytest.approx(range(50))
    assert all(picture.shape == (720, 1280, 3) for picture in pictures)
    assert np.abs(pictures[30][:, :270].astype(int) - NAVY).mean() < 3
    # The mouth of the footage is in its middle at 340 of 512 lines.
    darkness = [255 - picture[464:485, 620:660].mean() for picture in pictures]
    assert max(darkness[27:48]) > max(darkness[:24]) + 10


async def test_a_canvas_that_is_taken_up_again_goes_on_with_the_same_pictures(worker):
    stage = Stage(width=640, height=360, background="#1f3b57")
    whole = await worker.records(speechlike(2), stage=stage)
    rest = await worker.records(speechlike(2), stage=stage, first_frame=24)

    start = [each for each in whole if isinstance(each, SegmentRecord) and each.first_frame < 24]
    joined = [whole[0], *start, *rest[1:]]
    assert rest[0].data == whole[0].data
    before, _, _ = decoded(movie(whole))
    after, times, _ = decoded(movie(joined))
    assert times == pytest.approx(range(50))
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(before, after, strict=True)) < 1


async def test_who_speaks_faster_takes_less_time_and_says_it_the_same_again(worker):
    def spoken(records):
        return b"".join(record.pcm for record in records if isinstance(record, SpeechRecord))

    lengths = {}
    for speed in (0.8, 1.0, 1.25):
        stage = Stage(speed=speed)
        lengths[speed] = len(spoken(await worker.records(text=TEXT, language="en", stage=stage)))

    assert lengths[1.0] / lengths[1.25] == pytest.approx(1.25, rel=0.06)
    assert lengths[1.0] / lengths[0.8] == pytest.approx(0.8, rel=0.06)
    again = await worker.records(text=TEXT, language="en", stage=Stage(speed=1.25))
    assert len(spoken(again)) == lengths[1.25]


async def test_a_recording_has_a_pace_of_its_own(worker, request_bytes):
    told = await problem(worker, request_bytes(stage=Stage(speed=1.1)) + speechlike(1))

    assert told["status"] == 400
    assert "pace" in told["detail"]
