"""Mattes of what was filmed before a studio backdrop that is known."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from worker.avatars import Avatars
from worker.canvas import Canvas
from worker.compose import IdleFrame
from worker.footage import Footage
from worker.matte import Mattes, Studio, centres, matte
from worker.planes import parted, planes, to_yuv, whole
from worker.settings import Settings
from worker.stage import Place, Stage

STUDIO = Studio(centre=(0.88, 0.89, 0.90), edge=(0.55, 0.60, 0.66))
SIDE = 512


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """A head with strands of hair on shoulders, and how much of each pixel it is: RGB and 0 to 1."""
    scale = 4
    alpha = np.zeros((SIDE * scale, SIDE * scale), np.uint8)
    cv2.ellipse(alpha, (256 * scale, 230 * scale), (110 * scale, 150 * scale), 0, 0, 360, 255, -1)
    cv2.ellipse(alpha, (256 * scale, 560 * scale), (300 * scale, 170 * scale), 0, 0, 360, 255, -1)
    for angle in np.linspace(np.pi, 2 * np.pi, 90):
        start = (256 + 105 * np.cos(angle), 230 + 145 * np.sin(angle))
        end = (256 + 122 * np.cos(angle + 0.03), 230 + 164 * np.sin(angle + 0.03))
        a, b = ([round(scale * at) for at in point] for point in (start, end))
        cv2.line(alpha, a, b, 255, 3)
    share = cv2.resize(alpha, (SIDE, SIDE), interpolation=cv2.INTER_AREA) / 255
    person = np.full((SIDE, SIDE, 3), (60.0, 40, 30))
    person[380:] = (150, 60, 60)
    return person, share


def filmed(person: np.ndarray, share: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """A picture in YUV of somebody before something in YUV, as a film would give it."""
    own = whole(to_yuv(person.astype(np.uint8)))
    return parted(share[..., None] * own + (1 - share[..., None]) * behind)


def coded(picture: np.ndarray) -> np.ndarray:
    """What H.264 of the footage's quality makes of a picture."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = SIDE, SIDE, "yuv420p"
    encoder.options = {"crf": "18", "tune": "zerolatency"}
    encoder.time_base = Fraction(1, 25)
    packets = encoder.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")) + encoder.encode()
    decoder = av.CodecContext.create("h264", "r")
    [frame] = [frame for packet in packets for frame in decoder.decode(packet)] + decoder.decode()
    return np.asarray(frame.to_ndarray(), np.uint8)


def seen() -> np.ndarray:
    return STUDIO.seen(centres(SIDE) / SIDE, centres(SIDE) / SIDE)


def footage(picture: np.ndarray, studio: Studio | None = STUDIO) -> Footage:
    frame = IdleFrame(picture=picture, references=np.zeros((1, 96, 96, 3), np.uint8), box=None)
    return Footage([frame], "loop", studio=studio)


def levels(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b).mean())


def test_somebody_filmed_with_more_lines_is_cut_out_as_well_and_finer():
    person, share = drawn()
    large = [cv2.resize(plane, (1024, 1024), interpolation=cv2.INTER_CUBIC) for plane in (person, share)]
    studio = STUDIO.seen(centres(1024) / 1024, centres(1024) / 1024)

    found = matte(whole(filmed(np.clip(large[0], 0, 255), np.clip(large[1], 0, 1), studio)), studio)
    few = matte(whole(filmed(person, share, seen())), seen())

    error, of_few = (
        np.abs(of / 255 - truth).mean() for of, truth in ((found, np.clip(large[1], 0, 1)), (few, share))
    )
    assert found.shape == (1024, 1024)
    assert error < 0.01
    assert error < 1.2 * of_few


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#00a040"])
def test_a_person_before_another_background_is_as_if_they_had_been_filmed_there(colour):
    person, share = drawn()
    picture = coded(filmed(person, share, seen()))
    stage = Stage(background=colour, person=Place(x=0, y=0, width=SIDE, height=SIDE))

    shown = Canvas(stage, footage(picture)).show(picture, 0)

    new = whole(to_yuv(np.full((SIDE, SIDE, 3), stage.colour, np.uint8)))
    # Of footage whose shoulders reach its sides the lower rows are not shown, so it stands lower.
    canvas = Canvas(stage, footage(picture))
    down = canvas.place.y
    truth = filmed(person, share, new)
    assert down > 0
    assert levels(next(planes(shown))[down:], next(planes(truth))[: SIDE - down]) < 1
    assert (next(planes(shown))[: down - 2] == next(planes(truth))[0, 0]).all()


def test_where_nobody_is_nothing_of_the_backdrop_is_left():
    person, share = drawn()
    picture = coded(filmed(person, share, seen()))

    alpha = matte(whole(picture), seen())

    assert (alpha[:30] == 0).all()
    assert (alpha[160:300, 200:312] == 255).all()
    assert levels(alpha, np.rint(255 * share)) < 2


def test_the_backdrop_is_not_left_between_a_head_and_a_strand_that_stands_off_it():
    person, share = drawn()
    strand = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(strand, (350, 230), (55, 60), 0, -100, 100, 255, 2, cv2.LINE_AA)
    picture = coded(filmed(person, np.maximum(share, strand / 255), seen()))

    alpha = matte(whole(picture), seen())

    assert (alpha[210:250, 382:395] == 0).all()
    assert (alpha[210:250, 396:412].max(axis=1) > 32).all()


def test_clothes_as_light_as_the_backdrop_have_no_holes():
    person, share = drawn()
    light = whole(to_yuv(person.astype(np.uint8)))
    light[440:490, 190:320] = seen()[440:490, 190:320]  # a shirt that is exactly what is behind
    picture = parted(share[..., None] * light + (1 - share[..., None]) * seen())

    alpha = matte(whole(picture), seen())

    assert (alpha[430:500, 180:330] == 255).all()


def test_clothes_that_are_nearly_as_the_backdrop_up_to_their_edge_have_no_holes():
    person, share = drawn()
    light = whole(to_yuv(person.astype(np.uint8)))
    light[380:] = seen()[380:] + np.array([8, 0, 0])
    picture = parted(share[..., None] * light + (1 - share[..., None]) * seen())

    alpha = matte(whole(picture), seen())

    inside = cv2.erode((share == 1).astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    assert (alpha[400:500][inside[400:500]] == 255).all()


def test_the_backdrop_goes_on_beyond_the_footage_without_a_seam():
    person, share = drawn()
    picture = filmed(person, 0 * share, seen())

    shown = Canvas(Stage(width=1280, height=720), footage(picture)).show(picture, 0)

    luma = next(planes(shown)).astype(int)
    assert np.abs(np.diff(luma, axis=1)).max() <= 2
    assert np.abs(np.diff(luma, axis=0)).max() <= 2


def test_a_matte_is_made_once_and_is_the_same_when_it_is_unpacked():
    person, share = drawn()
    picture = filmed(person, share, seen())
    asked = []

    def look(frame):
        asked.append(frame)
        return picture

    mattes = Mattes(STUDIO, look)

    first, second = mattes[0], mattes[0]

    assert (first == second).all()
    assert asked == [0, 0]  # for the backdrop, and for the matte


def test_each_avatar_that_comes_with_the_worker_has_its_studio_within_a_level():
    avatars = Avatars(Settings().assets / "avatars", memory_bytes=1)
    for pack in avatars:
        assert pack.studio is not None, pack.name
        film = avatars.footage(pack, "neutral")
        mattes = film.mattes
        assert mattes is not None
        corner = whole(film.first.picture)[:64, :64] - mattes.backdrop[:64, :64]
        assert np.abs(corner).mean() < 1, pack.name
        alpha = mattes[0]
        assert (alpha[:20, :100] == 0).all()
        assert (alpha[200:330, 230:280] == 255).all(), pack.name
