"""Films of many lines, shown with fewer: pictures, boxes, eyes and mouths, and what the network makes of them."""

import json
import shutil

import cv2
import numpy as np
import pytest

from tests.worker.conftest import FOOTAGE_FRAMES, write_film
from worker.avatars import Avatars
from worker.errors import BadAssets
from worker.footage import square
from worker.import_film import write_mattes
from worker.shrinking import Shrinking
from worker.stage import Place, Stage, lines

FILMED, TILE, BRIGHTER = 1080, 304, 24
BOX = (541.3, 690.7, 290.0)
EYES = (430.0, 470.0, 650.0, 474.0)


def draw(step: int) -> np.ndarray:
    """Something in all directions that moves from frame to frame: RGB, (1080, 1080, 3)."""
    y, x = np.mgrid[:FILMED, :FILMED].astype(np.float32)
    waves = 60 * np.sin(x / 17 + step / 3) * np.cos(y / 23) + 30 * np.sin((x + y) / 9)
    return np.clip(110 + waves[..., None] + np.array((20, 0, -20)), 0, 255).astype(np.uint8)


def mouths(step: int) -> np.ndarray:
    """The square of the frame itself, once and twice a little brighter: RGB, (304, 608, 3)."""
    x, y, _ = square(BOX, TILE, FILMED)
    left, top = int(x - TILE / 2), int(y - TILE / 2)
    own = draw(step)[top : top + TILE, left : left + TILE].astype(int)
    return np.clip(np.hstack([own + BRIGHTER, own + 2 * BRIGHTER]), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    home = tmp_path_factory.mktemp("avatars") / "dora"
    home.mkdir()
    write_film(home / "neutral.mp4", draw)
    write_film(home / "neutral.mouths.mp4", mouths)
    describe(home)
    return home


@pytest.fixture(scope="module")
def avatars(filmed):
    return Avatars(filmed.parent, memory_bytes=500_000_000)


@pytest.fixture
def home(filmed, tmp_path):
    """A copy of the pack, to change."""
    return shutil.copytree(filmed, tmp_path / "dora")


def describe(home, **fields):
    emotion = {
        "footage": "neutral.mp4",
        "frames": FOOTAGE_FRAMES,
        "playback": "loop",
        "lines": FILMED,
        "boxes": [BOX] * FOOTAGE_FRAMES,
        "eyes": [EYES] * FOOTAGE_FRAMES,
        "mouths": {"film": "neutral.mouths.mp4", "shapes": 2, "size": TILE},
    }
    pack = {"name": "dora", "label": "Dora", "gender": "female", "elderly": False}
    (home / "avatar.json").write_text(json.dumps(pack | {"emotions": {"neutral": emotion | fields}}))
    return Avatars(home.parent, memory_bytes=500_000_000)


def footage(avatars, *, of):
    return avatars.footage(avatars.find("dora", "neutral"), "neutral", of)


@pytest.mark.parametrize(("shown", "side"), [(512, 144), (720, 202), (1080, 304)])
def test_other_mouths_lie_pixel_on_pixel_on_a_film_of_any_lines(avatars, shown, side):
    film = footage(avatars, of=shown)

    for index in (0, 7, 24):
        frame = film.frame(index)
        assert frame.picture.shape == (shown * 3 // 2, shown)
        assert frame.references.shape == (3, side, side, 3)
        idle, one, two = frame.references.astype(int)
        inner = np.s_[4:-4, 4:-4]
        assert abs((one - idle)[inner] - BRIGHTER).mean() < 1.5
        assert abs((two - idle)[inner] - 2 * BRIGHTER).mean() < 1.5
        left, top = (int(middle - side / 2) for middle in frame.box[:2])
        assert (left % 2, top % 2) == (0, 0)
        bright = idle @ (0.2126, 0.7152, 0.0722) * 219 / 255 + 16
        assert np.abs(bright - frame.picture[top : top + side, left : left + side]).mean() < 1


@pytest.mark.parametrize("shown", [512, 720, 1080])
def test_boxes_and_eyes_are_where_they_are_seen(avatars, shown):
    frame = footage(avatars, of=shown).frame(3)

    scale = shown / FILMED
    found = frame.box[0] - len(frame.references[0]) / 2 + frame.framing[0]
    assert found == pytest.approx(BOX[0] * scale)
    assert frame.framing[2] == pytest.approx(BOX[2] * scale)
    assert frame.eyes == pytest.approx([at * scale for at in EYES])


def test_a_film_has_no_more_lines_than_were_filmed(avatars):
    assert footage(avatars, of=2160) is footage(avatars, of=1080)


def test_a_film_of_each_number_of_lines_is_kept_beside_the_others(avatars):
    few, many = footage(avatars, of=512), footage(avatars, of=1080)

    assert footage(avatars, of=512) is few
    assert footage(avatars, of=1080) is many
    assert many.bytes > 4 * few.bytes


def test_the_network_is_asked_whether_it_draws_all_sizes_that_canvases_want(avatars):
    assert avatars.references() == {(3, 144), (3, 202), (3, 304)}


def test_a_frame_without_a_face_has_the_references_of_the_others(home):
    film = footage(describe(home, boxes=[None] + [BOX] * (FOOTAGE_FRAMES - 1)), of=720)

    assert film.frame(0).box is None
    assert film.frame(0).references.shape == film.frame(1).references.shape == (3, 202, 202, 3)


@pytest.mark.parametrize("shown", [512, 720, 1080])
def test_mattes_of_a_film_are_shown_with_its_lines(home, shown):
    alpha = np.zeros((FILMED, FILMED), np.uint8)
    alpha[270:, 540:] = 255
    write_mattes(home / "neutral.mattes.mp4", [alpha] * FOOTAGE_FRAMES)

    matte = footage(describe(home, mattes="neutral.mattes.mp4"), of=shown).matte(3)

    assert matte.shape == (shown, shown)
    assert matte.mean() == pytest.approx(alpha.mean(), abs=1)


@pytest.mark.parametrize("wrong", [512, 720, 2160])
def test_a_film_of_other_lines_than_its_pack_says_is_refused(home, wrong):
    avatars = describe(home, lines=wrong)

    with pytest.raises(BadAssets, match=rf"neutral\.mp4 is 1080×1080 and not a square of {wrong} lines"):
        footage(avatars, of=1080)


@pytest.mark.parametrize("wrong", [0, 360, 721])
def test_lines_that_cannot_be_shown_are_refused(home, wrong):
    with pytest.raises(BadAssets, match=f"{wrong} lines of 'neutral'"):
        describe(home, lines=wrong)


def test_a_film_that_is_no_square_is_refused(home):
    write_film(home / "neutral.mp4", lambda step: draw(step)[:720])

    with pytest.raises(BadAssets, match="is 1080×720 and not a square"):
        footage(describe(home), of=512)


def test_a_square_of_a_smaller_frame_is_the_same_as_cut_out_of_all_of_it():
    smaller = Shrinking(filmed=FILMED, shown=512)
    whole = smaller.frame(draw(0))

    for corner, size in (((0, 0), 144), ((184, 238), 144), ((368, 368), 144), ((63, 65), 130)):
        x, y = corner
        cut = smaller.square(draw(0), corner, size)
        assert cut.shape == (size, size, 3)
        assert cv2.absdiff(cut, np.ascontiguousarray(whole[y : y + size, x : x + size])).max() <= 1


@pytest.mark.parametrize(
    ("stage", "wanted"),
    [
        (None, 512),
        (Stage(), 512),
        (Stage(width=1280, height=720), 720),
        (Stage(width=720, height=1280), 720),
        (Stage(width=1920, height=1080), 1080),
        (Stage(width=3840, height=2160), 1080),
        (Stage(width=1920, height=1080, person=Place(x=1300, y=500, width=600, height=500)), 512),
        (Stage(width=640, height=360, person=Place(x=-200, y=-100, width=1000, height=900)), 1080),
    ],
)
def test_a_canvas_takes_a_film_of_the_lines_that_it_shows(stage, wanted):
    assert lines(stage) == wanted
