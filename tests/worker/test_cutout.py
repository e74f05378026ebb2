"""People of whose background nothing is known are cut out when they are imported."""

import hashlib

import cv2
import numpy as np
import pytest

from bench.stage import before, filmed_matte_error, footage_of, room, wall
from worker.cutout import MODEL, NOT_TOLD, Cutter, cut_film
from worker.errors import BadAssets
from worker.film_mattes import FilmMattes
from worker.import_film import write_mattes
from worker.planes import to_yuv


@pytest.mark.parametrize(
    ("avatar", "scene", "lines"),
    [
        ("african_man", wall, 512),
        ("arab_woman", room, 512),
        ("african_man", room, 1080),
        ("arab_woman", wall, 1080),
    ],
)
def test_a_person_before_another_background_is_nearly_as_if_they_had_been_filmed_there(avatar, scene, lines):
    behind = np.asarray(cv2.resize(scene(), (lines, lines), interpolation=cv2.INTER_CUBIC), np.uint8)

    assert filmed_matte_error(footage_of(avatar, lines), behind) < 1


def test_a_pixel_that_differs_in_one_picture_alone_does_not_flicker():
    person = before(footage_of("african_man"), wall())
    pictures = [person, person.copy(), person]
    x = int(np.argmax(Cutter().cut(person)[400] > 0))  # where the person begins
    pictures[1][390:410, x - 8 : x + 8] = 255 - pictures[1][390:410, x - 8 : x + 8]

    mattes, _ = cut_film(pictures)

    first, second, third = mattes
    assert len(mattes) == 3
    assert (np.minimum(first, third) <= second).all()
    assert (second <= np.maximum(first, third)).all()
    assert (np.asarray(list(mattes)) == [first, second, third]).all()  # as often as one wants


def test_mattes_are_kept_without_loss(tmp_path):
    rng = np.random.default_rng(0)
    mattes = [rng.integers(0, 256, (512, 512), np.uint8) for _ in range(3)]

    write_mattes(tmp_path / "mattes.mp4", mattes)

    picture = to_yuv(np.zeros((512, 512, 3), np.uint8))
    kept = FilmMattes(tmp_path / "mattes.mp4", 3, picture)
    assert all((kept[index] == mattes[index]).all() for index in (2, 0, 1))
    with pytest.raises(BadAssets, match="frames"):
        FilmMattes(tmp_path / "mattes.mp4", 4, picture)
    with pytest.raises(BadAssets, match="size"):
        FilmMattes(tmp_path / "mattes.mp4", 3, to_yuv(np.zeros((256, 256, 3), np.uint8)))


def test_the_network_is_the_one_that_is_told():
    told = (MODEL.parent / "README.md").read_text()

    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() in told


def test_who_is_not_found_is_not_cut_out():
    assert cut_film([wall()]) == ([], [NOT_TOLD])
