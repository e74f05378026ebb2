"""Nods in the picture: of a head that is drawn of noise, so that each pixel tells where it came from."""

import cv2
import numpy as np
import pytest

from worker.accents import AT_REST, Accent
from worker.canvas import Canvas
from worker.compose import IdleFrame, Mask
from worker.footage import Footage
from worker.gestures import Performer
from worker.import_film import write_mattes
from worker.model import Graph
from worker.nods import Tilt, pitch
from worker.planes import planes, to_yuv
from worker.render_pass import RenderPass
from worker.stage import Stage

EYES = (211.0, 230.0, 301.0, 230.0)
APART, MIDDLE, ACROSS = 90, 230, 256
NODDING = [Accent(nod=nod, nod_age=age) for age, nod in enumerate((0.2, 0.5, 0.8, 1.0, 0.8, 0.4, 0.1), 1)]
ASKING = Accent(asks=1.0)
LOWEST = 3
RATE = 16_000


def noise(sigma=2.0):
    rng = np.random.default_rng(3)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (512, 512, 3)), (0, 0), sigma)
    return np.clip(128 + 60 * grain / grain.std(), 0, 255).astype(np.uint8)


def frame(picture, *, eyes=EYES, box=(256.0, 340.0, 130.0)):
    return IdleFrame(picture=picture, references=np.zeros((1, 96, 96, 3), np.uint8), box=box, eyes=eyes)


@pytest.fixture(scope="module")
def footage():
    """A film of one frame, long enough for a walk through it."""
    return Footage([frame(to_yuv(noise()))] * 60, "pingpong", turns=[20, 40], emotion="neutral")


def show(footage, accent, at=0):
    return Performer(footage, Mask()).show(at, np.zeros((96, 96, 3), np.uint8), accent)


def seed_that(nods):
    """A seed by which somebody nods, or does not, who could in the first frame."""
    return next(seed for seed in map(str, range(99)) if bool(degrees(NODDING[LOWEST], seed=seed)) == nods)


def degrees(accent, *, seed="0", emotion="neutral", at=LOWEST):
    return pitch(accent, at, seed=seed, emotion=emotion)


def moved_down(shown, filmed, *, down, across=0, half=10):
    """By how many pixels the surroundings of a point of the head were moved; it is in distances of the eyes."""
    y, x = round(MIDDLE + down * APART), round(ACROSS + across * APART)
    part = shown[y - half : y + half, x - half : x + half]
    near = filmed[y - half - 12 : y + half + 12, x - half : x + half]
    found = cv2.matchTemplate(near, part, cv2.TM_SQDIFF)[:, 0]
    return 12 - int(found.argmin())


def test_the_nose_goes_down_most_and_ears_crown_and_chin_follow(footage):
    filmed = footage.first.picture[:512]
    shown = Tilt(EYES, 512, 3.0).picture(footage.first.picture)[:512]

    nose, ear, crown, chin = (
        moved_down(shown, filmed, down=down, across=across)
        for down, across in ((0.6, 0), (0.3, 1.1), (-1.3, 0), (1.7, 0))
    )

    assert nose in (7, 8)
    assert 2 <= ear < nose
    assert 2 <= crown < nose
    assert 3 <= chin < nose


@pytest.mark.parametrize("pitched", [3.0, -1.2])
def test_the_neck_what_is_beside_the_head_and_the_edges_of_the_picture_stay(footage, pitched):
    filmed = footage.first.picture
    shown = Tilt(EYES, 512, pitched).picture(filmed)

    for before, after in zip(planes(filmed), planes(shown), strict=True):
        scale = len(before) / 512
        collar, hair = round((MIDDLE + 2.35 * APART) * scale), round((ACROSS + 1.85 * APART) * scale)
        assert (before[collar:] == after[collar:]).all()
        assert (before[:, hair:] == after[:, hair:]).all()
        assert (before[:, : len(before) - hair] == after[:, : len(before) - hair]).all()
        assert (before != after).any()


def test_a_face_that_fills_the_picture_leaves_its_edges_where_they_are(footage):
    filmed = footage.first.picture
    shown = Tilt((96.0, 210.0, 416.0, 240.0), 512, 1.0).picture(filmed)

    for before, after in zip(planes(filmed), planes(shown), strict=True):
        for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
            assert (before[edge] == after[edge]).all()
    assert moved_down(shown[:512], filmed[:512], down=0.0) > 5


def test_a_head_moves_smoothly_and_not_even_a_smooth_backdrop_is_bent():
    slope = np.broadcast_to(np.linspace(90, 190, 512).astype(np.uint8)[:, None, None], (512, 512, 3))
    filmed = to_yuv(np.ascontiguousarray(slope))
    shown = Tilt(EYES, 512, 3.0).picture(filmed)

    change = shown[:512].astype(int) - filmed[:512]
    assert np.abs(change).max() <= 2  # seven pixels of a slope of a fifth of a level each
    beside = change[:, ACROSS + round(1.4 * APART) :]
    assert np.abs(beside).max() <= 1


def test_what_moves_nowhere_is_the_footage_itself(footage):
    assert show(footage, AT_REST) is footage.first.picture
    still = footage.walk(seed_that(nods=False))
    assert show(still, NODDING[LOWEST], LOWEST) is still.first.picture


def test_who_asks_lifts_the_head(footage):
    shown = show(footage, ASKING)

    assert moved_down(shown[:512], footage.first.picture[:512], down=0.6) in (-3, -2)


def test_not_all_is_nodded_at_and_not_all_nods_are_as_deep():
    nods = [degrees(NODDING[LOWEST], seed=str(seed)) for seed in range(200)]

    assert 0.7 < np.mean(np.array(nods) > 0) < 0.9
    deep = [nod for nod in nods if nod]
    assert 1.5 < min(deep) < max(deep) <= 3
    assert np.std(deep) > 0.1


def test_who_is_happy_nods_deeper_and_who_is_serious_less():
    seed = seed_that(nods=True)
    happy, neutral, serious, own = (
        degrees(NODDING[LOWEST], seed=seed, emotion=emotion)
        for emotion in ("happy", "neutral", "serious", "thoughtful")
    )

    assert happy > neutral > serious > 1.2
    assert own == neutral


def test_all_frames_of_a_nod_are_of_one_nod():
    for seed in map(str, range(20)):
        curve = [degrees(accent, seed=seed, at=at) for at, accent in enumerate(NODDING)]
        shares = np.array(curve) / [accent.nod for accent in NODDING]
        assert np.ptp(shares) < 1e-9


def test_two_renders_split_at_any_frame_are_bit_equal(footage):
    walked = footage.walk(seed_that(nods=True))
    accents = [*NODDING, AT_REST, ASKING]
    whole = [show(walked, accent, at) for at, accent in enumerate(accents)]

    for split in range(1, len(accents)):
        again = footage.walk(walked.seed)
        performer = Performer(again, Mask())
        rest = [
            performer.show(at, np.zeros((96, 96, 3), np.uint8), accents[at])
            for at in range(split, len(accents))
        ]
        assert all((a == b).all() for a, b in zip(whole[split:], rest, strict=True))


def stressed_speech():
    """Three seconds of a voice that is higher and louder for a moment, and pauses."""
    t = np.arange(3 * RATE) / RATE
    stressed = (t > 1.2) & (t < 1.4)
    wave = np.where(stressed, 2 * np.sin(2 * np.pi * 170 * t), np.sin(2 * np.pi * 120 * t))
    return (6_000 * wave * (1 + np.sin(2 * np.pi * 5 * t)) * (t < 2.4)).astype(np.int16)


def pictured(footage, first_frame):
    """The pictures of a render that begins with a frame, before they are encoded."""
    render_pass = RenderPass(footage, RATE, first_frame, Graph())
    render_pass.hear(stressed_speech())
    render_pass.end_of_speech()
    pictures = {}
    while gop := render_pass.next_gop():
        for frame, accent in enumerate(gop.accents, gop.first_frame):
            pictures[frame] = show(footage, accent, frame)
    return pictures


@pytest.mark.parametrize("split", [1, 4, 28, 30, 33, 52])
def test_a_render_that_goes_on_shows_what_the_first_would_have_shown(footage, split):
    seed = seed_that(nods=True)
    whole = pictured(footage.walk(seed), 0)
    rest = pictured(footage.walk(seed), split)

    assert sum(picture is not footage.first.picture for picture in whole.values()) >= 13
    assert list(rest) == list(whole)[split:]
    assert all((picture == whole[frame]).all() for frame, picture in rest.items())


def test_nobody_nods_whose_eyes_or_mouth_are_not_known():
    picture = to_yuv(noise())
    for blind in (frame(picture, eyes=None), frame(picture, box=None)):
        film = Footage([blind], "loop")
        assert show(film, ASKING) is picture
        assert Performer(film, Mask()).tilt(0, ASKING) is None


def test_a_cut_out_moves_with_its_matte(tmp_path):
    """A grey head before a bright wall, of which nothing is to be seen on a canvas as grey, whether it nods or not."""
    alpha = np.zeros((512, 512), np.uint8)
    cv2.ellipse(alpha, (ACROSS, 250), (95, 140), 0, 0, 360, 255, -1)
    cv2.rectangle(alpha, (200, 330), (312, 511), 255, -1)
    soft = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.0), np.uint8)
    scene = np.repeat(np.rint(240 - soft[..., None] * ((240 - 110) / 255)), 3, axis=2)
    filmed = to_yuv(scene.astype(np.uint8))
    write_mattes(tmp_path / "mattes.mp4", [soft])
    film = Footage([frame(filmed)], "loop", mattes=tmp_path / "mattes.mp4")
    canvas = Canvas(Stage(background="#6e6e6e"), film)
    place = canvas.place
    tilt = Tilt(EYES, 512, 3.0)

    def stains(shown):
        luma = next(planes(shown)).astype(int)
        return np.abs(luma - luma[5, 5])[place.y :].max()

    at_rest = stains(canvas.show(filmed, 0))
    nodding = tilt.picture(filmed)
    assert stains(canvas.show(nodding, 0, tilt)) <= at_rest + 4
    assert stains(canvas.show(nodding, 0)) > at_rest + 25


@pytest.mark.parametrize("accent", [*NODDING, ASKING, AT_REST])
def test_one_tilt_moves_picture_and_matte_as_two_of_the_same_frame_would(footage, accent):
    performer = Performer(footage.walk(seed_that(nods=True)), Mask())
    mouth, matte = np.zeros((96, 96, 3), np.uint8), noise()[..., 0]

    def moved(tilt):
        return matte if tilt is None else tilt.plane(matte)

    picture, tilt = performer.show_tilted(LOWEST, mouth, accent)

    assert (picture == performer.show(LOWEST, mouth, accent)).all()
    assert (moved(tilt) == moved(performer.tilt(LOWEST, accent))).all()
