"""Brows, eyes and lids in the picture: of a face that is drawn of a few lines, and of the avatars themselves."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import worker
from worker.accents import AT_REST, Accent
from worker.avatars import Avatars
from worker.compose import IdleFrame, Mask
from worker.footage import Footage
from worker.gestures import Performer

EYES = (211.0, 230.0, 301.0, 230.0)
BROW = 30  # pixels above an eye
FRAMES = 60
TALL = Accent(brows=1.0)


def face(*, lids=0.0, index=0):
    luma = np.full((512, 512), 160, np.uint8)
    for x in (211, 301):
        luma[230 - BROW - 3 : 230 - BROW + 3, x - 25 : x + 25] = 60
        cv2.circle(luma, (x, 230), 8, 40, -1)
        luma[220 : 220 + round(20 * lids), x - 20 : x + 20] = 150
    picture = np.concatenate([luma, np.full((256, 512), 128, np.uint8)])
    mouth = np.zeros((1, 96, 96, 3), np.uint8)
    return IdleFrame(picture=picture, references=mouth, box=(256.0, 350.0, 130.0), eyes=EYES, index=index)


@pytest.fixture(scope="module")
def footage():
    film = [face(index=index) for index in range(FRAMES - 3)]
    film += [face(lids=lids, index=FRAMES - 3 + n) for n, lids in enumerate((0.2, 0.6, 1.0))]
    return Footage(film, "pingpong", blinks=[FRAMES - 1])


def show(footage, accent, frame=0):
    return Performer(footage, Mask()).show(frame, np.zeros((96, 96, 3), np.uint8), accent)


def brow_height(picture):
    strip = 160 - picture[180:215, 200:222].astype(float)
    return 230 - (strip * np.arange(180, 215)[:, None]).sum() / strip.sum()


def test_a_face_at_rest_is_the_footage_itself(footage):
    assert show(footage, AT_REST) is footage.frame(0).picture


def test_brows_go_up_with_the_accent_and_all_else_stays(footage):
    heights = [brow_height(show(footage, Accent(brows=brows))) for brows in (0.0, 0.5, 1.0)]

    assert heights[1] - heights[0] == pytest.approx(3.4, abs=0.4)
    assert heights[2] - heights[0] == pytest.approx(6.75, abs=0.6)
    raised, rest = show(footage, TALL), footage.frame(0).picture
    assert (raised[226:512] == rest[226:512]).all()  # eyes, mouth and all below
    assert (raised[:140] == rest[:140]).all()


def pause(frames, *, left=15):
    return [
        Accent(paused=age, pause_left=min(left, frames - age)) if age <= frames else AT_REST
        for age in range(1, frames + 3)
    ]


def test_in_a_long_pause_some_look_aside_and_back_and_in_a_short_one_nobody(footage):
    iris = (slice(224, 236), slice(196, 226))

    def shifts(frames, start):
        film = [show(footage, accent, start + n) for n, accent in enumerate(pause(frames))]
        dark = [np.clip(120 - picture[iris].astype(float), 0, None) for picture in film]
        return [float((of * np.arange(30)).sum() / max(of.sum(), 1)) - 14.9 for of in dark]

    turned = [shifts(20, start) for start in range(0, 400, 40)]
    farthest = [max(of, key=abs) for of in turned]
    assert min(farthest) < -1.5
    assert max(farthest) > 1.5
    assert all(abs(of[-1] - of[0]) < 0.5 for of in turned)
    assert all(abs(at - of[0]) < 0.5 for of in [shifts(8, start) for start in (0, 40)] for at in of[6:])


def test_lids_close_at_the_start_of_some_pauses_but_not_beside_a_blink_of_the_film(footage):
    eye = (slice(226, 234), slice(207, 215))

    def shut(start):
        return show(footage, pause(20)[2], start)[eye].mean() > 120

    alone = [start for start in range(2000) if not footage.blinks_within(range(start - 30, start + 30))]
    assert any(map(shut, alone[::7]))
    assert not all(map(shut, alone[::7]))
    assert not shut(FRAMES - 10)


def test_a_frame_is_the_same_whoever_shows_it(footage):
    accents = [*pause(20), TALL]
    whole = [show(footage, accent, n) for n, accent in enumerate(accents)]

    performer = Performer(footage, Mask())
    rest = [performer.show(n, np.zeros((96, 96, 3), np.uint8), accents[n]) for n in range(9, len(accents))]

    assert all((a == b).all() for a, b in zip(whole[9:], rest, strict=True))


def test_footage_without_eyes_stays_as_it_was_filmed():
    frame = face()
    blind = Footage([IdleFrame(picture=frame.picture, references=frame.references, box=frame.box)], "loop")

    assert show(blind, TALL) is frame.picture


def test_every_avatar_has_eyes_where_its_film_shows_them():
    packs = Avatars(Path(worker.__file__).parent / "assets" / "avatars", memory_bytes=1)

    for pack in packs:
        for emotion in pack.emotions.values():
            assert len(emotion.eyes) == emotion.frames
            for eyes, box in zip(emotion.eyes, emotion.boxes, strict=True):
                assert eyes
                assert box
                assert 0.85 < (eyes[2] - eyes[0]) / box[2] * 1.476 < 1.2
                assert abs((eyes[0] + eyes[2]) / 2 - box[0]) < 0.15 * box[2]
                assert 0.7 < (box[1] - eyes[1]) / box[2] < 1.3
