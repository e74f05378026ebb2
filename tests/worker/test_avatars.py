"""Avatar packs and their footage."""

import gc
import json
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest

from worker import compose
from worker.avatars import Avatars
from worker.compose import IdleFrame
from worker.errors import BadAssets, UnknownAvatar, UnknownEmotion
from worker.footage import Footage, square
from worker.import_film import write_mattes


@pytest.fixture
def avatars(assets):
    return Avatars(assets / "avatars", memory_bytes=50_000_000)


@pytest.fixture
def folder(assets, tmp_path):
    """A copy of the packs, to spoil."""
    return shutil.copytree(assets / "avatars", tmp_path / "avatars")


def describe(folder, name="ann", /, **fields):
    path = folder / name / "avatar.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_avatars_are_found_with_their_emotions(avatars):
    assert [(pack.name, pack.label, sorted(pack.emotions)) for pack in avatars] == [
        ("ann", "Ann", ["happy", "neutral"]),
        ("bob", "Bob", ["neutral"]),
        ("cleo", "Cleo", ["neutral"]),
    ]
    assert avatars.find("bob", "neutral").gender == "male"


def test_an_unknown_avatar_is_told_the_known_ones(avatars):
    with pytest.raises(UnknownAvatar, match="ann, bob, cleo"):
        avatars.find("eve", "neutral")


def test_an_unknown_emotion_is_told_the_known_ones(avatars):
    with pytest.raises(UnknownEmotion, match="happy, neutral"):
        avatars.find("ann", "bored")


def test_footage_with_turns_is_walked_through_and_other_footage_goes_round():
    nothing = np.zeros(0, np.uint8)
    frames = [IdleFrame(picture=nothing, references=nothing, box=None, index=index) for index in range(40)]

    plain, walked = Footage(frames, "pingpong"), Footage(frames, "pingpong", turns=[12, 20])

    assert [plain.walk("7").frame(index).index for index in (0, 39, 40, 78)] == [0, 39, 38, 0]
    assert [walked.frame(index).index for index in (0, 39, 40, 78)] == [0, 39, 38, 0]
    ways = [[walked.walk(seed).frame(index).index for index in range(200)] for seed in "778"]
    assert ways[0] == ways[1] != ways[2]


def test_turns_must_lie_between_the_ends_of_the_film(folder):
    path = folder / "ann" / "avatar.json"
    pack = json.loads(path.read_text())
    pack["emotions"]["neutral"]["turns"] = [0]
    path.write_text(json.dumps(pack))

    with pytest.raises(BadAssets, match="turns"):
        Avatars(folder, memory_bytes=1)


def test_decoded_footage_is_ready_for_network_and_encoder(avatars):
    footage = avatars.footage(avatars.find("ann", "happy"), "happy")

    frame = footage.frame(0)
    assert frame.picture.shape == (768, 512)
    assert frame.references.shape == (1, 96, 96, 3)
    lip = frame.references[0, 96 // 2 + round((330 - 320.5) * 96 / 135), 48].astype(int)
    assert (abs(lip - (170, 80, 80)) < 30).all()  # as drawn: red stays red


def test_other_mouths_are_decoded_in_step_with_the_footage(avatars, mouth_colours):
    footage = avatars.footage(avatars.find("cleo", "neutral"), "neutral")

    for index in (0, 7, 24):
        idle = footage.frame(index)
        references = idle.references
        assert references.shape == (1 + len(mouth_colours), 144, 144, 3)
        assert references.flags.c_contiguous
        x, y, side = idle.framing
        lip = references[0, round(y) + round(330 - 320.5), round(x)].astype(int)
        assert (abs(lip - (170, 80, 80)) < 30).all()
        assert side == 135
        assert abs(x - 72) <= 1
        assert abs(y - 72) <= 1
        for mouth, colour in zip(references[1:], mouth_colours, strict=True):
            expected = np.array(colour) + index
            assert (abs(mouth.reshape(-1, 3).mean(axis=0) - expected) < 4).all()
    assert avatars.references() == {(1, 96), (3, 144)}


def test_other_mouths_lie_pixel_on_pixel_on_the_footage(avatars):
    footage = avatars.footage(avatars.find("cleo", "neutral"), "neutral")

    for index in range(25):
        idle = footage.frame(index)
        left, top = (int(middle - 72) for middle in idle.box[:2])
        assert (left % 2, top % 2) == (0, 0)  # so that colours, at half, lie on each other as well
        bright = idle.references[0] @ (0.2126, 0.7152, 0.0722) * 219 / 255 + 16
        assert np.abs(bright - idle.picture[top : top + 144, left : left + 144]).mean() < 1


def test_a_square_stays_within_the_frame():
    assert square((30.0, 500.0, 135.0), 144, 512) == (72, 440, 144)


def test_mouths_that_are_smaller_than_their_boxes_are_refused(folder):
    emotion = json.loads((folder / "cleo" / "avatar.json").read_text())["emotions"]["neutral"]
    boxes = [[x, y, 150.0] for x, y, _ in emotion["boxes"]]
    describe(folder, "cleo", emotions={"neutral": emotion | {"boxes": boxes}})

    with pytest.raises(BadAssets, match="mouths of 144 pixels for boxes of 150"):
        Avatars(folder, memory_bytes=1)


@pytest.mark.parametrize("fields", [{"shapes": 3}, {"size": 160}])
def test_other_mouths_of_another_number_or_size_are_refused(folder, fields):
    emotion = json.loads((folder / "cleo" / "avatar.json").read_text())["emotions"]["neutral"]
    describe(folder, "cleo", emotions={"neutral": emotion | {"mouths": emotion["mouths"] | fields}})
    avatars = Avatars(folder, memory_bytes=1)

    with pytest.raises(BadAssets, match=r"neutral\.mouths\.mp4 is 288×144 and not"):
        avatars.footage(avatars.find("cleo", "neutral"), "neutral")


def test_missing_mouths_are_named(folder):
    (folder / "cleo" / "neutral.mouths.mp4").unlink()
    avatars = Avatars(folder, memory_bytes=1)

    with pytest.raises(BadAssets, match=r"neutral\.mouths\.mp4"):
        avatars.footage(avatars.find("cleo", "neutral"), "neutral")


def test_other_mouths_count_in_the_memory_limit(avatars):
    with_mouths = avatars.footage(avatars.find("cleo", "neutral"), "neutral")
    without = avatars.footage(avatars.find("bob", "neutral"), "neutral")

    assert with_mouths.bytes - without.bytes == 25 * 3 * (3 * 144**2 - 96**2)


def test_footage_is_decoded_once(avatars):
    pack = avatars.find("ann", "happy")

    assert avatars.footage(pack, "happy") is avatars.footage(pack, "happy")


def test_footage_beyond_the_memory_limit_is_forgotten_oldest_first(assets):
    avatars = Avatars(assets / "avatars", memory_bytes=25_000_000)  # two films of 25 frames
    ann, bob = avatars.find("ann", "happy"), avatars.find("bob", "neutral")
    happy, neutral = avatars.footage(ann, "happy"), avatars.footage(ann, "neutral")

    assert avatars.footage(ann, "happy") is happy
    avatars.footage(bob, "neutral")

    assert avatars.footage(ann, "happy") is happy
    assert avatars.footage(ann, "neutral") is not neutral


def test_footage_that_is_forgotten_goes_at_once_also_where_somebody_was_cut_out():
    avatars = Avatars(Path(compose.__file__).parent / "assets" / "avatars", memory_bytes=256_000_000)
    footage = avatars.footage(avatars.find("european_woman", "happy"), "happy")
    assert footage.mattes is not None
    assert footage.walk("one").matte(0).any()
    gone = weakref.ref(footage)
    gc.disable()
    try:
        del footage
        avatars.forget()

        assert gone() is None  # and not when Python next looks for what only refers to itself
    finally:
        gc.enable()


def test_a_folder_without_avatars_is_refused(tmp_path):
    with pytest.raises(BadAssets, match="no avatar"):
        Avatars(tmp_path, memory_bytes=1)


@pytest.mark.parametrize("fields", [{"name": "anna"}, {"gender": "robot"}, {"emotions": {"happy": {}}}])
def test_a_description_that_does_not_fit_is_refused(folder, fields):
    describe(folder, **fields)

    with pytest.raises(BadAssets, match=r"avatar\.json"):
        Avatars(folder, memory_bytes=1)


def test_boxes_for_another_number_of_frames_are_refused(folder):
    emotion = json.loads((folder / "ann" / "avatar.json").read_text())["emotions"]["happy"]
    describe(folder, emotions={"happy": emotion | {"frames": 3}})

    with pytest.raises(BadAssets, match="25 boxes for 3 frames"):
        Avatars(folder, memory_bytes=1)


def test_footage_that_is_no_film_is_refused(folder):
    (folder / "ann" / "happy.mp4").write_bytes(b"nothing")
    avatars = Avatars(folder, memory_bytes=1)

    with pytest.raises(BadAssets, match=r"happy\.mp4"):
        avatars.footage(avatars.find("ann", "happy"), "happy")


def test_a_film_of_another_length_than_its_description_is_refused_before_it_is_shown(folder):
    emotion = json.loads((folder / "ann" / "avatar.json").read_text())["emotions"]["happy"]
    shorter = emotion | {"frames": 24, "boxes": emotion["boxes"][:24]}
    describe(folder, emotions={"happy": shorter})
    avatars = Avatars(folder, memory_bytes=1)

    with pytest.raises(BadAssets, match="25 frames and not 24"):
        avatars.footage(avatars.find("ann", "happy"), "happy")


def test_a_frame_is_the_same_whichever_was_asked_for_first(assets):
    shown = []
    for order in (range(25), reversed(range(25))):
        avatars = Avatars(assets / "avatars", memory_bytes=1)
        footage = avatars.footage(avatars.find("ann", "happy"), "happy")
        shown.append({index: footage.frame(index).picture.copy() for index in order})

    for index in range(25):
        assert (shown[0][index] == shown[1][index]).all()


def test_a_film_that_breaks_off_is_told_where(folder):
    film = folder / "ann" / "happy.mp4"
    data = film.read_bytes()
    start, end = data.index(b"mdat") + 200, data.index(b"moov") - 4
    film.write_bytes(data[:start] + bytes(end - start) + data[end:])
    avatars = Avatars(folder, memory_bytes=1)

    with pytest.raises(BadAssets, match="damaged at frame"):
        avatars.footage(avatars.find("ann", "happy"), "happy").frame(24)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def three_films(assets, clock):
    """Avatars with room for three films of 25 frames and two megabytes, and the films."""
    avatars = Avatars(assets / "avatars", memory_bytes=34_000_000, clock=clock)
    opened = [("ann", "happy"), ("ann", "neutral"), ("bob", "neutral")]
    films = [avatars.footage(avatars.find(name, emotion), emotion) for name, emotion in opened]
    assert 30_000_000 < avatars.kept_bytes < 34_000_000 - 2_000_000
    return avatars, films


def see(footage, index, megabytes=1):
    """Let a network look at a frame; tell whether it had to."""
    looked = []

    def look():
        looked.append(index)
        return (np.zeros(megabytes * 1_000_000, np.uint8),)

    assert footage.frame(index).sight(look)[0].nbytes == megabytes * 1_000_000
    return bool(looked)


def test_what_networks_make_of_a_frame_is_kept_within_the_memory_limit(three_films):
    avatars, (happy, neutral, _) = three_films
    before = avatars.kept_bytes

    assert [see(happy, index) for index in (0, 1, 0, 1)] == [True, True, False, False]
    assert avatars.kept_bytes == before + 2_000_000
    # Nothing is taken from a film that is shown at the moment, and there is no more room.
    assert [see(neutral, index) for index in (0, 0)] == [True, True]
    assert avatars.kept_bytes == before + 2_000_000


def test_what_was_not_used_lately_makes_room_its_sights_before_its_film(three_films, clock):
    avatars, (happy, neutral, _) = three_films
    see(happy, 0)
    see(happy, 1)
    clock.now += 10
    avatars.footage(avatars.find("bob", "neutral"), "neutral")

    assert [see(neutral, index) for index in (0, 1, 0, 1)] == [True, True, False, False]
    assert avatars.footage(avatars.find("ann", "happy"), "happy") is happy
    assert see(happy, 0)  # that was forgotten

    clock.now += 10
    for index in range(8):
        see(neutral, index)
    assert [see(neutral, index) for index in range(8)] == [False] * 8
    assert avatars.footage(avatars.find("ann", "happy"), "happy") is not happy
    assert avatars.kept_bytes < 34_000_000


def test_a_new_film_takes_the_room_of_sights_even_of_those_in_use(assets, clock):
    avatars = Avatars(assets / "avatars", memory_bytes=25_000_000, clock=clock)
    happy = avatars.footage(avatars.find("ann", "happy"), "happy")
    for index in range(12):
        see(happy, index)
    assert avatars.kept_bytes > 20_000_000

    avatars.footage(avatars.find("bob", "neutral"), "neutral")

    assert avatars.kept_bytes < 25_000_000
    assert avatars.footage(avatars.find("ann", "happy"), "happy") is happy
    assert see(happy, 0)


@pytest.fixture(params=["of the studio", "of a film"])
def cut_out(request, folder):
    """Avatars of which Ann is cut out in each way that there is."""
    if request.param == "of the studio":
        describe(folder, studio={"centre": (0.88, 0.89, 0.90), "edge": (0.55, 0.60, 0.66)})
    else:
        alpha = np.zeros((512, 512), np.uint8)
        alpha[100:, 100:400] = 255
        write_mattes(folder / "ann" / "mattes.mp4", [alpha] * 25)
        pack = json.loads((folder / "ann" / "avatar.json").read_text())
        pack["emotions"]["happy"]["mattes"] = "mattes.mp4"
        describe(folder, emotions=pack["emotions"])
    return folder


BACKDROP_BYTES = 512 * 512 * 3 * 4


def test_mattes_count_in_the_memory_limit_as_they_are_made(cut_out):
    avatars = Avatars(cut_out, memory_bytes=50_000_000)
    happy = avatars.footage(avatars.find("ann", "happy"), "happy")
    film = avatars.kept_bytes

    happy.matte(0)
    first = avatars.kept_bytes
    assert first > film + BACKDROP_BYTES

    happy.walk("another video").matte(0)
    assert avatars.kept_bytes == first

    happy.matte(1)
    assert avatars.kept_bytes > first


def test_mattes_take_the_room_of_sights(cut_out, clock):
    avatars = Avatars(cut_out, memory_bytes=24_000_000, clock=clock)
    happy, neutral = (avatars.footage(avatars.find("ann", which), which) for which in ("happy", "neutral"))
    assert avatars.kept_bytes < 24_000_000 - 2_000_000
    assert [see(neutral, index) for index in (0, 0)] == [True, False]

    happy.matte(0)

    assert see(neutral, 0)


def test_mattes_of_a_film_that_was_forgotten_are_of_no_account(cut_out):
    avatars = Avatars(cut_out, memory_bytes=50_000_000)
    happy = avatars.footage(avatars.find("ann", "happy"), "happy")
    avatars.forget()

    happy.matte(0)

    assert avatars.kept_bytes == 0


def test_a_film_that_was_forgotten_while_it_runs_keeps_no_sights(assets, clock):
    avatars = Avatars(assets / "avatars", memory_bytes=1, clock=clock)
    happy = avatars.footage(avatars.find("ann", "happy"), "happy")
    avatars.footage(avatars.find("bob", "neutral"), "neutral")

    assert [see(happy, index) for index in (0, 0)] == [True, True]
