"""Films become avatars, or are refused with the reason. Our own footage stands in for people: its boxes are known."""

import json
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from tests.told import answer
from worker.avatars import Avatars, Emotion, Pack, read_pack
from worker.canvas import Canvas
from worker.compose import Mask, compose
from worker.footage import Footage, references_shape, square
from worker.import_command import avatars
from worker.import_faces import FaceFinder
from worker.import_film import read_film, write_footage
from worker.importing import lines_of, smooth, study
from worker.planes import planes, to_yuv
from worker.records import EndRecord, InitRecord, SegmentRecord
from worker.stage import Stage

ROOT = Path(__file__).parents[2]
BUILT_IN = ROOT / "worker" / "assets" / "avatars"
BACKGROUND = (90, 110, 120)
DARK = 180  # of the three channels together
BRIEFLY = ("--seconds", "1")

Rgb = NDArray[np.uint8]
Draw = Callable[[Rgb, int], Rgb]


def filmed(name: str, emotion: str = "neutral") -> list[Rgb]:
    with av.open(BUILT_IN / name / f"{emotion}.mp4") as film:
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in film.decode(video=0)]


def small(picture: Rgb) -> Rgb:
    return np.asarray(cv2.resize(picture, (512, 512), interpolation=cv2.INTER_AREA), np.uint8)


def footage_of(name: str) -> list[Rgb]:
    """What somebody who comes with the worker looks like at rest, in pictures of 512 lines."""
    return [small(picture) for picture in filmed(name)]


def boxes_of(name: str) -> np.ndarray:
    """Where the mouth is in these pictures."""
    emotion = read_pack(BUILT_IN / name / "avatar.json").emotions["neutral"]
    return np.array(emotion.boxes, float) * 512 / emotion.lines


def showing_shapes(name: str, *, large: bool = False) -> list[Rgb]:
    """Show at rest, then ah, ee, oo and mm, eight frames each: in pictures of 512 lines, or of all of them."""
    emotion = read_pack(BUILT_IN / name / "avatar.json").emotions["neutral"]
    assert emotion.mouths
    size = emotion.mouths.size
    shown = filmed(name)[: 8 * 5]
    tiles = filmed(name, "neutral.mouths")
    for index, (picture, box) in enumerate(zip(shown, emotion.boxes, strict=False)):
        if index >= 8 and box:
            left, top = (int(middle - size / 2) for middle in square(box, size, emotion.lines)[:2])
            shape = index // 8 - 1
            picture[top : top + size, left : left + size] = tiles[index][:, shape * size : (shape + 1) * size]
    return shown if large else [small(picture) for picture in shown]


def place(face: Rgb, size: int, x: int, y: int, picture: Rgb) -> Rgb:
    """Show a frame of footage scaled, with its corner at x and y."""
    small = cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)
    picture[y : y + size, x : x + size] = small
    return picture


def blank(width: int = 640, height: int = 480) -> Rgb:
    return np.full((height, width, 3), BACKGROUND, np.uint8)


def write(
    path: Path, pictures: Iterable[Rgb], *, rate: int = 30, codec: str = "libx264", aspect: int = 1
) -> Path:
    """Write a film as people have them; `aspect` is how many times as wide as high a pixel is."""
    with av.open(path, "w") as film:
        stream: Any = film.add_stream(codec, rate=rate)
        stream.time_base = Fraction(1, rate)
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        for index, picture in enumerate(pictures):
            if index == 0:
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())
    return path


def matrix(values: tuple[int, ...]) -> bytes:
    """Return the start of an MP4 track's matrix: a, b, u, c, d as 16.16 fixed point."""
    return struct.pack(">5i", *(value * 65_536 for value in values))


@pytest.fixture(scope="module")
def faces() -> list[Rgb]:
    return footage_of("european_woman")


@pytest.fixture
def home(tmp_path, assets) -> Path:
    """Assets without an avatar, but with a network."""
    folder = tmp_path / "assets"
    (folder / "avatars").mkdir(parents=True)
    (folder / "model").symlink_to(assets / "model")
    return folder


@pytest.fixture
def cutting() -> bool:
    """Whether people are cut out, which takes longer than all the rest."""
    return False


@pytest.fixture
def run(home, cutting, monkeypatch):
    """Runs `python -m worker avatars`, in this process."""
    if not cutting:
        monkeypatch.setattr("worker.import_command.cut_out", lambda take, _: (take, []))

    def run(command: str, *arguments: str | Path) -> Result:
        words = [command, *map(str, arguments), "--assets", str(home)]
        return CliRunner().invoke(avatars, words, terminal_width=500)

    return run


@pytest.fixture
def add(run, home):
    """Adds the avatar `eve`."""

    def add(film: Path, *options: str) -> Pack:
        done = run("add", "eve", "--footage", film, "--gender", "female", *options)
        assert done.exit_code == 0, done.stderr
        return read_pack(home / "avatars" / "eve" / "avatar.json")

    return add


@pytest.fixture
def refusal(run, home):
    """Why a film is refused."""

    def refusal(film: Path, *options: str) -> str:
        done = run("add", "eve", "--footage", film, "--gender", "female", *options)
        assert done.exit_code == 1, done.stderr
        assert not (home / "avatars" / "eve").exists()
        return done.stderr

    return refusal


@pytest.mark.parametrize("name", ["european_woman", "old_japanese_man"])
def test_the_mouth_is_found_within_a_tenth_of_its_size(name):
    known = boxes_of(name)

    take = study(lambda: footage_of(name), FaceFinder())

    left, top, size = take.cut
    found = np.array(take.boxes, float) * size / 512 + [left, top, 0]
    assert (np.abs(found - known).mean(axis=0) < 0.1 * known[0, 2]).all()


def test_a_film_of_another_size_and_rate_becomes_footage_of_ours(add, home, tmp_path, faces):
    rng = np.random.default_rng(0)
    noisy = (
        np.clip(place(face, 400, 30 + index, 40, blank()) + rng.normal(0, 6, (480, 640, 3)), 0, 255).astype(
            np.uint8
        )
        for index, face in enumerate(faces)
    )

    emotion = add(write(tmp_path / "clip.mov", noisy)).emotions["neutral"]

    assert emotion.frames == len(emotion.boxes) == 44  # 52 at 30 a second are 1.73 s
    assert emotion.playback == "pingpong"
    with av.open(home / "avatars" / "eve" / emotion.footage) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (512, 512, 25)
    boxes = np.array(emotion.boxes, float)
    assert 120 < boxes[:, 2].mean() < 160
    # It walks from left to right by a pixel a frame, now scaled; and steadily.
    assert boxes[-1, 0] > boxes[0, 0]
    assert np.abs(np.diff(boxes, n=2, axis=0)).max() < 1


@pytest.mark.parametrize(("suffix", "codec"), [("avi", "mpeg4"), ("mkv", "ffv1"), ("webm", "libvpx")])
def test_any_codec_will_do(suffix, codec, add, tmp_path, faces):
    pictures = [cv2.resize(face, (400, 400)) for face in faces[:30]]

    assert (
        add(write(tmp_path / f"clip.{suffix}", pictures, rate=25, codec=codec)).emotions["neutral"].frames
        == 30
    )


def test_a_film_from_a_telephone_held_upright_is_turned(tmp_path, faces):
    film = write(tmp_path / "clip.mp4", [np.rot90(face).copy() for face in faces[:3]], rate=25)
    stored, turned = ((1, 0, 0, 0, 1), (0, 1, 0, -1, 0))  # of the track's matrix, as telephones write it
    header, track = film.read_bytes().split(b"tkhd")
    film.write_bytes(header + b"tkhd" + track.replace(matrix(stored), matrix(turned), 1))

    picture = next(iter(read_film(film, longest_s=1)))

    assert np.abs(picture.astype(int) - faces[0]).mean() < 5


@pytest.mark.parametrize(("size", "lines"), [(440, 512), (760, 720), (1080, 1024), (1600, 1080)])
def test_a_film_keeps_its_lines_up_to_as_many_as_a_canvas_shows(size, lines):
    large = filmed("european_woman")[:25]
    wall = blank(size + 200, size)
    film = [place(face, size, 100, 0, wall.copy()) for face in large]

    take = study(lambda: film, FaceFinder())

    left, top, across = take.cut
    shown = list(take.frames)
    assert take.lines == pytest.approx(lines, abs=8)
    assert len(shown) == len(take.frames) == 25
    assert all(picture.shape == (take.lines, take.lines, 3) for picture in shown)
    known = boxes_of("european_woman")[:25] * size / 512 + [100, 0, 0]
    found = np.array(take.boxes, float) * across / take.lines + [left, top, 0]
    assert (np.abs(found - known).mean(axis=0) < 0.1 * known[0, 2]).all()
    if 512 < take.lines < 1080:
        assert (shown[7] == film[7][top : top + across, left : left + across]).all()


@pytest.mark.parametrize(
    ("size", "seconds", "lines"),
    [(300, 20, 512), (1024, 8, 1024), (2000, 8, 1080), (2000, 9, 1072), (2000, 20, 720), (640, 20, 640)],
)
def test_a_long_film_has_no_more_lines_than_the_memory_of_a_worker_has_room_for(size, seconds, lines):
    assert lines_of(size, seconds * 25) == lines


def test_somebody_is_seen_as_sharply_on_a_large_canvas_as_in_their_film(add, home, tmp_path):
    large = filmed("european_woman")[:25]

    pack = add(write(tmp_path / "clip.mp4", large, rate=25), *BRIEFLY)

    emotion = pack.emotions["neutral"]
    assert 1000 < emotion.lines <= 1080
    avatars = Avatars(home / "avatars", memory_bytes=1 << 30)
    detail = {}
    for shown in (512, 720, 1080):
        footage = avatars.footage(pack, "neutral", shown)
        picture = next(planes(footage.frame(7).picture))
        lines = min(shown, emotion.lines)
        assert picture.shape == (lines, lines)
        enlarged = cv2.resize(picture, (1080, 1080), interpolation=cv2.INTER_CUBIC)
        detail[shown] = float(np.abs(cv2.Laplacian(enlarged.astype(np.float32), cv2.CV_32F)).mean())
    assert detail[1080] > 2 * detail[512]
    assert detail[1080] > 1.3 * detail[720]


def test_somebody_imported_with_few_lines_stays_as_they_are_beside_new_footage(add, home, tmp_path, faces):
    add(write(tmp_path / "clip.mp4", [place(face, 440, 100, 20, blank()) for face in faces[:30]]), *BRIEFLY)
    description = home / "avatars" / "eve" / "avatar.json"
    written = json.loads(description.read_bytes())
    assert written["emotions"]["neutral"].pop("lines") == 512  # of which older versions told nothing
    description.write_text(json.dumps(written))
    before = read_pack(description).emotions["neutral"]

    pack = add(BUILT_IN / "european_woman" / "happy.mp4", "--emotion", "happy", *BRIEFLY)

    assert pack.emotions["neutral"] == before
    assert before.lines == 512
    avatars = Avatars(home / "avatars", memory_bytes=1 << 30)
    assert avatars.footage(pack, "neutral", 1080).first.picture.shape == (768, 512)
    many = pack.emotions["happy"].lines
    assert avatars.footage(pack, "happy", 1080).first.picture.shape == (many * 3 // 2, many)
    assert avatars.footage(pack, "happy").first.picture.shape == (768, 512)


def test_footage_of_many_lines_takes_no_more_disk_the_noisier_it_is(tmp_path):
    rng = np.random.default_rng(0)
    noise = (rng.integers(0, 256, (520, 520, 3), np.uint8) for _ in range(50))

    write_footage(tmp_path / "noise.mp4", noise, lines=520)

    assert (tmp_path / "noise.mp4").stat().st_size * 8 < 0.5 * 520 * 520 * (50 + 50)


def test_a_film_of_pictures_that_fill_the_memory_is_refused(refusal, tmp_path):
    assert "50 megapixels" in refusal(write(tmp_path / "clip.mp4", [blank(512, 1024)] * 30, aspect=120))


@pytest.mark.parametrize(("size", "lines", "side"), [(440, 512, 144), (760, 720, 202)])
def test_four_mouths_in_a_film_become_those_that_a_network_is_shown(add, home, tmp_path, size, lines, side):
    def around(face: Rgb, x: int, y: int) -> Rgb:
        return place(face, size, x, y, blank(size + 200, size + 40))

    large = filmed("european_woman")
    rest = write(tmp_path / "clip.mp4", (around(face, 100, 20) for face in large[:30]))
    shown = (around(face, 90, 24) for face in showing_shapes("european_woman", large=True))

    emotion = add(rest, "--mouths", write(tmp_path / "mouths.mp4", shown, rate=25)).emotions["neutral"]

    assert emotion.lines == pytest.approx(lines, abs=8)
    count, pixels = references_shape(emotion.mouths)
    assert count == 5
    assert pixels == pytest.approx(side, abs=4)
    assert min(emotion.references()) == (5, 144)
    with av.open(home / "avatars" / "eve" / emotion.mouths.film) as film:
        squares = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(squares) == emotion.frames
    avatars = Avatars(home / "avatars", memory_bytes=1 << 30)
    frame = avatars.footage(avatars.find("eve", "neutral"), "neutral", 1080).frame(10)
    idle, *others = frame.references.astype(int)
    assert idle.shape == (pixels, pixels, 3)
    assert all(np.abs(other - idle)[:, :4].mean() < 3 for other in others)  # they lie pixel on pixel
    # What follows is counted in pixels of 512 lines.
    seen = np.asarray(cv2.resize(squares[10], (4 * 144, 144), interpolation=cv2.INTER_AREA), np.uint8)
    ah, ee, oo, mm = np.split(seen.astype(int), 4, axis=1)
    dark = [(mouth[40:110].sum(axis=-1) < DARK).sum() for mouth in (ah, ee, oo, mm)]  # the inside of a mouth
    assert dark[0] > 2 * max(dark[1:])
    assert all(np.abs(mouth - mm)[40:110, 30:114].mean() > 5 for mouth in (ah, ee, oo))
    assert all(np.abs(mouth - mm)[:, :4].max() < 40 for mouth in (ah, ee, oo))  # the cheeks are the frame's


async def test_an_added_avatar_speaks(add, home, tmp_path, faces, start_worker):
    pictures = (place(face, 440, 100, 20, blank()) for face in faces)
    add(write(tmp_path / "clip.mp4", pictures))
    worker = start_worker(assets=home)
    second = (8000 * np.sin(np.arange(16_000) / 20)).astype("<i2").tobytes()

    records = await worker.records(second, avatar="eve")

    assert isinstance(records[-1], EndRecord)
    assert records[-1].frames == 25
    movie = tmp_path / "out.mp4"
    movie.write_bytes(
        b"".join(record.data for record in records if isinstance(record, InitRecord | SegmentRecord))
    )
    with av.open(movie) as film:
        assert len(list(film.decode(video=0))) == 25
    with av.open(movie) as film:
        assert sum(frame.samples for frame in film.decode(audio=0)) >= 16_000


def test_a_film_without_one_of_the_mouths_is_refused_with_what_to_film(refusal, tmp_path, faces):
    rest = write(tmp_path / "clip.mp4", faces[:30], rate=25)
    shapes = write(tmp_path / "mouths.mp4", showing_shapes("european_woman")[:24], rate=25)

    told = refusal(rest, "--mouths", shapes)

    assert 'shows no "oo"' in told
    assert 'hold "aaah"' in told


def test_frames_without_a_face_pass_through(add, home, tmp_path, faces):
    pictures = [
        blank() if 20 <= i < 35 else place(face, 440, 100, 20, blank()) for i, face in enumerate(faces)
    ]

    pack = add(write(tmp_path / "clip.mp4", pictures, rate=25))

    boxes = pack.emotions["neutral"].boxes
    assert [i for i, box in enumerate(boxes) if box is None] == list(range(20, 35))
    frame = Avatars(home / "avatars", memory_bytes=1).footage(pack, "neutral").frame(25)
    assert compose(frame, np.ones((3, 96, 96), np.float32), Mask()) is frame.picture


def test_a_face_that_is_missed_for_a_moment_keeps_its_mouth():
    boxes = np.array([[100.0 + i, 200, 50] for i in range(40)])
    known = boxes.copy()
    boxes[20:26] = np.nan

    np.testing.assert_allclose(smooth(boxes)[12:28], known[12:28], atol=0.01)


def test_the_noise_of_the_finder_is_smoothed_away():
    noise = np.random.default_rng(0).normal(0, 2, (100, 3))

    assert smooth(np.array([[256.0, 350, 135]]) + noise).std(axis=0).max() < 1


def test_a_film_without_a_face_is_refused(refusal, tmp_path):
    assert "no face" in refusal(write(tmp_path / "clip.mp4", [blank()] * 40))


def test_a_film_of_two_people_is_refused(refusal, tmp_path, faces):
    other = footage_of("african_man")
    pictures = [
        place(right, 320, 320, 80, place(left, 320, 0, 80, blank()))
        for left, right in zip(faces[:32], other, strict=False)
    ]

    assert "several faces" in refusal(write(tmp_path / "clip.mp4", pictures))


def test_a_face_that_is_too_small_is_refused(refusal, tmp_path, faces):
    pictures = [place(face, 150, 200, 100, blank()) for face in faces[:32]]

    assert "too small" in refusal(write(tmp_path / "clip.mp4", pictures))


def test_a_film_that_is_too_short_is_refused(refusal, tmp_path, faces):
    assert "0.4 s" in refusal(write(tmp_path / "clip.mp4", faces[:12]))


def test_a_film_that_mostly_shows_no_face_is_refused(refusal, tmp_path, faces):
    assert "only in 18 of 48" in refusal(
        write(tmp_path / "clip.mp4", [*faces[:18], *[blank(512, 512)] * 30], rate=25)
    )


def test_a_film_of_someone_who_speaks_is_refused_unless_wanted(refusal, add, tmp_path, faces):
    pictures = []
    for index, (face, box) in enumerate(zip(faces, boxes_of("european_woman"), strict=True)):
        opening = round(8 + 8 * np.sin(index))
        centre = (round(box[0]), round(box[1]))
        pictures.append(cv2.ellipse(face.copy(), centre, (24, opening), 0, 0, 360, (60, 20, 20), -1))
    film = write(tmp_path / "clip.mp4", pictures, rate=25)

    assert "mouth moves" in refusal(film)
    assert add(film, "--may-speak").emotions["neutral"].frames == 52


@pytest.mark.parametrize("content", [b"", b"nothing that is a film"])
def test_a_file_that_is_no_film_is_refused(content, refusal, tmp_path):
    film = tmp_path / "clip.mp4"
    film.write_bytes(content)

    assert "cannot be read" in refusal(film)


@pytest.mark.parametrize("name", ["../eve", "/tmp/eve", "Eve", "", "eve.", ".eve", "eve\n", "e" * 41])
def test_a_name_that_could_lead_elsewhere_is_refused(name, run, home):
    for command in (
        ("add", name, "--footage", BUILT_IN / "arab_man" / "neutral.mp4", "--gender", "male"),
        ("remove", name),
    ):
        assert run(*command).exit_code == 1
    assert list(home.iterdir())
    assert not list((home / "avatars").iterdir())


@pytest.mark.parametrize("cutting", [True])
@pytest.mark.parametrize(("size", "lines"), [(400, 512), (720, 680)])
def test_the_person_of_a_film_is_cut_out(add, run, home, tmp_path, size, lines):
    large = filmed("european_woman")[:32]
    pictures = [place(face, size, 120, 80, blank(size + 240, size + 80)) for face in large]
    emotion = add(write(tmp_path / "clip.mp4", pictures), *BRIEFLY).emotions["neutral"]

    assert emotion.lines == pytest.approx(lines, abs=8)
    packs = Avatars(home / "avatars", memory_bytes=1 << 28)
    for shown in {512, emotion.lines}:
        footage = packs.footage(packs.find("eve", "neutral"), "neutral", shown)
        assert footage.matte(7).shape == (shown, shown)
        check_cut_out(footage, emotion, shown)
    kept = {path.name for path in (home / "avatars" / "eve").iterdir()}
    assert kept == {"avatar.json", emotion.footage, emotion.mattes}


def check_cut_out(footage: Footage, emotion: Emotion, lines: int) -> None:
    """See nothing of the old background on a new one as high as the footage, and an eye."""
    canvas = Canvas(Stage(width=2 * lines, height=lines, background="#00a040"), footage)
    shown = canvas.show(footage.frame(7).picture, 7)

    green = next(planes(to_yuv(np.full((2, 2, 3), (0, 160, 64), np.uint8))))[0, 0]
    luma = next(planes(shown))
    assert (luma[:60] == green).all()  # of the background nothing is left
    eye = emotion.eyes[7]
    assert eye
    scale = lines / emotion.lines
    place_of_eye = int(canvas.place.y + eye[1] * scale), int(canvas.place.x + eye[0] * scale)
    assert luma[place_of_eye] != green
    picture = footage.frame(7).picture
    plain = Canvas(Stage(width=2 * lines, height=lines), footage).show(picture, 7)
    assert (next(planes(plain))[:, lines // 2 : lines // 2 + lines] == next(planes(picture))).all()


@pytest.mark.parametrize("cutting", [True])
def test_where_nobody_can_be_cut_out_it_is_told(run, home, monkeypatch):
    monkeypatch.setattr("worker.drawing.find_spec", lambda _: None)

    done = run(
        "add", "eve", "--footage", BUILT_IN / "arab_woman" / "neutral.mp4", "--gender", "female", *BRIEFLY
    )

    assert (done.exit_code, "satspeak[faces]" in done.stderr) == (0, True)
    assert read_pack(home / "avatars" / "eve" / "avatar.json").emotions["neutral"].mattes is None


def test_what_exists_is_replaced_only_by_force(add, run, home):
    film = BUILT_IN / "european_woman" / "neutral.mp4"
    before = add(film, *BRIEFLY)

    refused = run("add", "eve", "--footage", BUILT_IN / "arab_woman" / "neutral.mp4")
    assert (refused.exit_code, "--force" in refused.stderr) == (1, True)
    assert read_pack(home / "avatars" / "eve" / "avatar.json") == before

    after = add(BUILT_IN / "arab_woman" / "neutral.mp4", "--force", *BRIEFLY)
    assert after != before
    kept = {path.name for path in (home / "avatars" / "eve").iterdir()}
    assert kept == {"avatar.json", after.emotions["neutral"].footage}


def test_one_more_emotion_keeps_the_others(add, run, home):
    add(BUILT_IN / "european_woman" / "neutral.mp4", "--label", "Eve of Paris", *BRIEFLY)

    more = run(
        "add", "eve", "--footage", BUILT_IN / "european_woman" / "happy.mp4", "--emotion", "happy", *BRIEFLY
    )

    assert more.exit_code == 0, more.stderr
    pack = read_pack(home / "avatars" / "eve" / "avatar.json")
    assert (pack.label, pack.gender, sorted(pack.emotions)) == (
        "Eve of Paris",
        "female",
        ["happy", "neutral"],
    )
    assert run("list").stdout == "eve\tEve of Paris\tfemale\thappy, neutral\n"
    told = {"name": "eve", "label": "Eve of Paris", "gender": "female", "elderly": False}
    assert answer(run("list", "--json")) == [told | {"emotions": ["happy", "neutral"]}]


def test_a_new_avatar_needs_a_gender(run):
    refused = run("add", "eve", "--footage", BUILT_IN / "european_woman" / "neutral.mp4")

    assert (refused.exit_code, "--gender" in refused.stderr) == (2, True)


def test_a_removed_avatar_is_gone(add, run, home):
    add(BUILT_IN / "european_woman" / "neutral.mp4", *BRIEFLY)

    assert answer(run("remove", "eve", "--json")) == {"name": "eve"}
    assert not (home / "avatars" / "eve").exists()
    assert "no avatar 'eve'" in run("remove", "eve").stderr


def test_all_built_in_faces_are_found_once():
    finder = FaceFinder()
    for path in sorted(BUILT_IN.glob("*/neutral.mp4")):
        assert len(finder.find(footage_of(path.parent.name)[0], smallest=60)) == 1, path


def test_the_command_of_the_project_passes_on_to_the_worker(home, run):
    command = [sys.executable, "-m", "satspeak", "avatars", "remove", "eve", "--assets", str(home)]

    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)

    assert (done.returncode, "no avatar 'eve'" in done.stderr) == (1, True)
