"""A picture or film of somebody's own stands behind a person: the same frames for whoever goes on with a render."""

import hashlib
import io
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from tests.worker.test_worker_process import decoded, movie, speechlike
from worker.backgrounds import MAX_BACKGROUND_BYTES, Backgrounds
from worker.behind import Reel, filling, open_background
from worker.errors import BackgroundMissing, BadBackground
from worker.records import SegmentRecord
from worker.stage import Place, Stage

GREEN, RED = (30, 160, 60), (200, 40, 40)


def picture(width=640, height=360, colour=GREEN, kind="PNG", **how):
    content = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(content, kind, **how)
    return content.getvalue()


def noise(width, height):
    """A picture that takes many bytes in a film, too."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def grey_of(number):
    """What a frame of a film is filled with."""
    return 20 + 8 * (number % 25)


def film(path, frames, *, rate=25, size=(320, 180), codec="libx264"):
    """A film whose frames are grey, each a level of its own."""
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=rate, options={"crf": "10", "g": "8"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, rate)
        for number in range(frames):
            grey = np.full((size[1], size[0], 3), grey_of(number), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    return path


def level(shown):
    """The grey of a canvas."""
    return cv2.cvtColor(shown, cv2.COLOR_YUV2RGB_I420).mean()


def digest_of(content):
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("source", "canvas", "fit", "place"),
    [
        ((640, 360), (1280, 720), "cover", Place(x=0, y=0, width=1280, height=720)),
        ((400, 400), (1280, 720), "cover", Place(x=0, y=-280, width=1280, height=1280)),
        ((400, 400), (1280, 720), "contain", Place(x=280, y=0, width=720, height=720)),
        ((3000, 1000), (720, 1280), "contain", Place(x=0, y=520, width=720, height=240)),
    ],
)
def test_a_background_covers_the_canvas_or_is_seen_whole_in_its_middle(source, canvas, fit, place):
    found = filling(source, canvas, fit)

    assert abs(found.y - place.y) <= 2
    assert (found.x, found.width, found.height) == (place.x, place.width, place.height)
    assert (found.x % 2, found.y % 2) == (0, 0)


def test_a_picture_lies_as_it_was_held(tmp_path):
    image = Image.new("RGB", (200, 100), RED)
    image.paste(GREEN, (0, 0, 100, 100))  # on the left, which is above once it is turned
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)

    shown = open_background(tmp_path / "turned.jpg", (100, 200), "cover").at(3)

    rgb = cv2.cvtColor(shown, cv2.COLOR_YUV2RGB_I420).astype(int)
    assert np.abs(rgb[:90] - GREEN).mean() < 16  # OpenCV reads it by BT.601
    assert np.abs(rgb[110:] - RED).mean() < 16


@pytest.mark.parametrize("rate", [25, 10, 50])
@pytest.mark.parametrize(("name", "codec"), [("film.mp4", "libx264"), ("film.webm", "libvpx")])
def test_a_film_goes_at_its_own_pace_and_begins_anew(tmp_path, rate, name, codec):
    path = film(tmp_path / name, 20, rate=rate, codec=codec)

    reel = Reel(path, (64, 64), "cover")

    shown = [level(reel.at(index)) for index in range(100)]
    wanted = [grey_of(index * rate // 25 % 20) for index in range(100)]
    assert np.abs(np.subtract(shown, wanted)).max() < 4


def test_a_film_is_the_same_from_wherever_it_is_taken_up(tmp_path):
    path = film(tmp_path / "film.mp4", 30, rate=24)
    whole = Reel(path, (96, 64), "cover")
    before = [whole.at(index).copy() for index in range(80)]

    for first in (1, 17, 29, 31, 70):
        again = Reel(path, (96, 64), "cover")
        for index in range(first, 80):
            assert (again.at(index) == before[index]).all()


@pytest.mark.parametrize("size", [(60_000, 6), (6, 60_000), (900, 300)])
def test_of_a_picture_only_what_is_seen_is_made(tmp_path, size, monkeypatch):
    made = []
    resize = Image.Image.resize

    def resizing(image, to, *given):
        made.append(to)
        return resize(image, to, *given)

    monkeypatch.setattr(Image.Image, "resize", resizing)
    drawn = Image.new("RGB", size, GREEN)
    drawn.paste("black", (0, 0, size[0] // 3, size[1] // 3))
    drawn.save(tmp_path / "picture.png")

    seen = open_background(tmp_path / "picture.png", (128, 128), "cover").at(0)

    assert set(made) == {(128, 128)}
    assert (
        np.abs(cv2.cvtColor(seen, cv2.COLOR_YUV2RGB_I420)[64, 64].astype(int) - GREEN).max() < 25
    )  # as BT.601


def test_a_film_that_is_far_wider_than_high_is_refused(tmp_path):
    film(tmp_path / "strip.mp4", 2, size=(1600, 64))

    with pytest.raises(BadBackground, match="8 times"):
        open_background(tmp_path / "strip.mp4", (128, 128), "cover")


def kept(folder, content):
    backgrounds = Backgrounds(folder, limit_bytes=1 << 20)
    backgrounds.keep(digest_of(content), io.BytesIO(content))
    return backgrounds


def test_what_cannot_be_shown_is_refused_before_it_is_kept(tmp_path, monkeypatch):
    long = film(tmp_path / "long.mp4", 61, rate=1).read_bytes()
    large = film(tmp_path / "large.mp4", 1, size=(2400, 2000)).read_bytes()
    broken = bytearray(film(tmp_path / "film.mp4", 30).read_bytes())
    moov = broken.index(b"moov")
    broken[moov - 400 : moov - 4] = bytes(396)
    refused = [b"", b"hello", picture()[:300], long, large, picture(8000, 7000), bytes(broken[:-200])]
    for content in refused:
        with pytest.raises(BadBackground):
            kept(tmp_path / "kept", content)
    with pytest.raises(BadBackground, match="digest"):
        Backgrounds(tmp_path / "kept", limit_bytes=1).keep("0" * 64, io.BytesIO(picture()))
    assert [*(tmp_path / "kept").iterdir()] == []


def test_what_was_used_longest_ago_goes_first(tmp_path):
    rng = np.random.default_rng(1)
    contents = []
    for _ in range(3):
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (400, 400, 3), np.uint8)).save(file, "PNG")
        contents.append(file.getvalue())

    for content in contents:
        backgrounds = kept(tmp_path, content)

    assert backgrounds.find(digest_of(contents[0])) is None
    assert all(backgrounds.find(digest_of(content)) for content in contents[1:])
    with pytest.raises(BackgroundMissing):
        backgrounds.check(Stage(background=digest_of(contents[0])))


async def test_a_person_stands_before_a_film_and_a_render_is_taken_up_with_the_same_frames(worker, tmp_path):
    content = film(tmp_path / "film.mp4", 30).read_bytes()
    digest = digest_of(content)
    stage = Stage(width=640, height=360, background=digest)
    async with worker.client() as client:
        assert (await client.get(f"/backgrounds/{'1' * 64}")).status_code == 404
        assert (await client.put(f"/backgrounds/{digest}", content=content)).status_code == 204
        assert (await client.get(f"/backgrounds/{digest}")).status_code == 204
        refused = await client.put(f"/backgrounds/{'0' * 64}", content=content)
        assert refused.status_code == 400
        too_large = await client.put(f"/backgrounds/{digest}", content=bytes(MAX_BACKGROUND_BYTES + 1))
        assert too_large.status_code == 400

    whole = await worker.records(speechlike(2), stage=stage)
    rest = await worker.records(speechlike(2), stage=stage, first_frame=24)

    start = [each for each in whole if isinstance(each, SegmentRecord) and each.first_frame < 24]
    before, _, _ = decoded(movie(whole))
    after, times, _ = decoded(movie([whole[0], *start, *rest[1:]]))
    assert times == pytest.approx(range(50))
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(before, after, strict=True)) < 1
    beside = [shown[:, :100].mean() for shown in before]  # where nobody stands
    assert np.abs(np.subtract(beside, [grey_of(index % 30) for index in range(50)])).max() < 4


async def test_a_background_that_is_not_here_is_told_apart_from_one_that_never_will_be(worker, request_bytes):
    async with worker.client() as client:
        body = request_bytes(stage=Stage(background="0" * 64)) + speechlike(1)
        assert (await client.post("/renders", content=body)).status_code == 409
