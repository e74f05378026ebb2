"""Small pictures and films of avatars at rest, and the frame of a video on which the mouth is open."""

import io
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import worker
from worker import previews
from worker.avatars import Avatars
from worker.encode import FPS, Encoder, header
from worker.errors import NoFilm

ASSETS = Path(worker.__file__).parent / "assets"


@pytest.fixture(scope="module")
def avatars() -> Avatars:
    return Avatars(ASSETS / "avatars", memory_bytes=10_000_000)


@pytest.fixture
def pack(avatars):
    return avatars.find("arab_man", "serious")


def shown(jpeg: bytes):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_a_portrait_is_a_small_square_picture(avatars, pack):
    portrait = previews.portrait(avatars, pack, "serious")

    assert shown(portrait).shape == (previews.PREVIEW_PIXELS, previews.PREVIEW_PIXELS, 3)
    assert len(portrait) < 20_000


def test_an_idle_film_is_small_begins_with_its_index_and_ends_where_it_begins(avatars, pack):
    film = previews.idle(avatars, pack, "serious")

    assert len(film) < 100_000
    assert film.index(b"moov") < film.index(b"mdat")
    with av.open(io.BytesIO(film), "r") as container:
        assert [stream.type for stream in container.streams] == ["video"]
        pictures = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]
    assert len(pictures) == 2 * pack.emotions["serious"].frames - 2
    steps = [
        np.abs(pictures[n] - pictures[n - 1]).mean() for n in range(len(pictures))
    ]  # the first is the loop's joint
    assert steps[0] <= 2 * max(steps[1:])


def test_a_poster_is_the_frame_on_which_the_mouth_is_furthest_from_rest(avatars, pack):
    footage, open_at = avatars.footage(pack, "serious"), 17
    encoder = Encoder(sample_rate=16_000)
    encoder.hear(np.zeros(2 * 16_000, np.int16))
    encoder.end_of_speech()
    film = header(16_000)
    for n in range(2 * FPS):
        idle = footage.frame(n)
        picture = idle.picture.copy()
        x, y, size = idle.box
        reach = size / (4 if n == open_at else 16)
        picture[int(y - reach) : int(y + reach), int(x - reach) : int(x + reach)] = 16
        if segment := encoder.show(picture):
            film += segment.data

    poster = shown(previews.poster(avatars, pack, "serious", film + b"a segment that is not whole"))

    x, y, size = footage.frame(open_at).box
    assert poster.shape == (512, 512, 3)
    assert poster[int(y - size / 5), int(x - size / 5)].max() < 60


def test_what_is_no_film_has_no_poster(avatars, pack):
    with pytest.raises(NoFilm):
        previews.poster(avatars, pack, "serious", b"no film")


def test_a_poster_of_a_canvas_is_its_first_picture_and_opens_no_footage(pack):
    closed = Avatars(ASSETS / "avatars", memory_bytes=10_000_000)
    encoder, film = Encoder(sample_rate=16_000, size=(640, 360)), header(16_000, size=(640, 360))
    encoder.hear(np.zeros(16_000, np.int16))
    encoder.end_of_speech()
    for n in range(FPS):
        if segment := encoder.show(np.full((540, 640), 16 + 8 * n, np.uint8)):
            film += segment.data

    poster = shown(previews.poster(closed, pack, "serious", film))

    assert poster.shape == (360, 640, 3)
    assert closed.kept_bytes == 0
