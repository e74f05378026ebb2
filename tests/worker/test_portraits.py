"""Portraits and packs of avatars, as a worker makes them for a service."""

import asyncio
import base64
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import av
import cv2
import httpx
import moderngl
import numpy as np
import pytest

from tests.worker.test_importing import blank, filmed, footage_of, place, showing_shapes, write
from tests.worker.test_worker_process import decoded, movie
from worker import portraits
from worker.avatars import read_pack
from worker.drawing import DrawPortrait
from worker.errors import CannotDraw, StudioBusy
from worker.film_mattes import FilmMattes
from worker.import_faces import FaceFinder
from worker.portraits import Studio
from worker.settings import Settings
from worker.stage import Stage

PATIENCE_S = 1200  # drawing lets everybody else go first
BALD = {"prompt": "a bald man with a hat, white background", "width": 320, "height": 400, "format": "png"}


def _has_opengl() -> bool:
    try:
        moderngl.create_context(standalone=True, backend="egl").release()  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - whatever a driver says
        return False
    return True


needs_opengl = pytest.mark.skipif(not _has_opengl(), reason="no OpenGL by EGL here")


async def _post(worker, path, **content):
    async with httpx.AsyncClient(base_url=worker.url, timeout=PATIENCE_S) as client:
        return await client.post(path, **content)


def _picture(answer) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(answer["picture"]), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture)


def _unpack(content: bytes, folder: Path):
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(folder, filter="data")
    return read_pack(folder / "avatar.json")


@needs_opengl
async def test_a_prompt_becomes_a_portrait_and_the_portrait_an_avatar_that_blinks(worker, tmp_path):
    drawn = await _post(worker, "/portraits", json=BALD)

    assert drawn.status_code == 200, drawn.text
    answer = drawn.json()
    picture = _picture(answer)
    assert (answer["mime"], picture.shape) == ("image/png", (400, 320, 3))
    assert answer["ignored_words"] == ["hat"]
    assert answer["recipe"]["emotion"] == "neutral"
    assert picture[:20, :20].mean() > 200  # the white backdrop
    again = await _post(worker, "/portraits", json=BALD)
    assert again.json() == answer

    made = await _post(
        worker, "/avatars?name=own_bald&gender=male&label=Bald", content=base64.b64decode(answer["picture"])
    )

    assert made.status_code == 200, made.text
    assert made.headers["content-type"] == "application/x-tar"
    assert json.loads(made.headers["x-warnings"]) == []
    pack = _unpack(made.content, tmp_path / "own_bald")
    clip = pack.emotions["neutral"]
    assert (pack.name, pack.label, pack.gender) == ("own_bald", "Bald", "male")
    with av.open(tmp_path / "own_bald" / clip.footage) as film:
        frames = [frame.to_ndarray(format="gray").astype(float) for frame in film.decode(video=0)]
    assert len(frames) == clip.frames == len(clip.boxes)
    mattes = FilmMattes(tmp_path / "own_bald" / clip.mattes, clip.frames, np.zeros((768, 512), np.uint8))
    assert (mattes[30][:40, :100] == 0).all()
    x, y, side = clip.boxes[0]
    assert mattes[30][int(y), int(x)] == 255
    assert frames[0].shape == (512, 512)
    eyes = np.s_[int(y - 1.05 * side) : int(y - 0.6 * side), int(x - 0.6 * side) : int(x + 0.6 * side)]
    assert (
        np.abs(frames[-1][eyes] - frames[-5][eyes]).mean()
        > 4 * np.abs(frames[20][eyes] - frames[24][eyes]).mean()
    )
    moved = np.array(clip.boxes)[:, :2]
    assert 1 < np.ptp(moved, axis=0).max() < 5


@pytest.mark.parametrize("size", [(512, 512), (600, 200), (300, 900)])
async def test_a_picture_that_was_drawn_elsewhere_is_cut_to_a_size_around_the_face(worker, size):
    portrait = footage_of("european_woman")[0][..., ::-1]
    high, wide = portrait.shape[:2]
    wall = np.full((high, 3 * wide, 3), portrait[0, 0], np.uint8)  # the face is far from its middle
    wall[:, 2 * wide :] = portrait
    _, png = cv2.imencode(".png", wall)
    width, height = size

    cut = await _post(worker, f"/portraits/fitted?width={width}&height={height}", content=png.tobytes())

    assert cut.status_code == 200, cut.text
    assert cut.content.startswith(b"\xff\xd8\xff")
    picture = cv2.imdecode(np.frombuffer(cut.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (height, width, 3)
    [found] = FaceFinder().find(np.ascontiguousarray(picture[..., ::-1]), smallest=40)
    x = np.mean(found.points, axis=0)[0]
    assert abs(x / width - 0.5) < (0.25 if width < 2 * height else 0.4)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("width=512&height=512", b""),
        ("width=512&height=512", b"no picture"),
        ("width=512&height=512", b"\x89PNG\r\n\x1a\n"),
        ("width=512&height=512", cv2.imencode(".png", np.full((300, 300, 3), 128, np.uint8))[1].tobytes()),
        ("width=9000&height=512", b"x"),
        ("width=512", b"x"),
    ],
)
async def test_what_shows_nobody_is_not_cut(worker, query, body):
    answer = await _post(worker, f"/portraits/fitted?{query}", content=body)

    assert answer.status_code == 400, answer.text


async def test_a_prompt_that_is_never_drawn_is_refused(worker):
    answer = await _post(worker, "/portraits", json={"prompt": "a child"})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Children" in answer.json()["detail"]


@pytest.mark.parametrize(
    "order", [{}, {"prompt": ""}, {"prompt": "a man", "seed": -1}, {"prompt": "a man", "format": "gif"}]
)
async def test_a_portrait_that_is_not_described_is_refused(order, worker):
    assert (await _post(worker, "/portraits", json=order)).status_code == 400


@needs_opengl
@pytest.mark.parametrize("size", [(64, 64), (4096, 512), (512, 2000)])
async def test_a_size_that_cannot_be_drawn_is_refused(size, worker):
    width, height = size
    answer = await _post(worker, "/portraits", json={"prompt": "a man", "width": width, "height": height})

    assert answer.status_code == 400


async def test_a_picture_without_a_face_is_refused_with_the_reason(worker):
    picture = np.full((300, 300, 3), 128, np.uint8)
    _, jpeg = cv2.imencode(".jpg", picture)

    answer = await _post(worker, "/avatars?name=own_a&gender=female", content=jpeg.tobytes())

    assert answer.status_code == 400
    assert answer.json()["detail"] == "It shows no face."


async def _trained(worker, tmp_path, shapes, *, size=440, name="own_eve"):
    wall = blank(size + 200, size + 40)
    faces = filmed("european_woman")[:30]
    rest = write(tmp_path / "clip.mp4", (place(face, size, 100, 20, wall.copy()) for face in faces))
    shown = (place(face, size, 90, 24, wall.copy()) for face in shapes)
    mouths = write(tmp_path / "mouths.mp4", shown, rate=25)
    query = f"name={name}&gender=female&footage={rest.stat().st_size}"
    return await _post(worker, f"/avatars?{query}", content=rest.read_bytes() + mouths.read_bytes())


async def test_a_film_of_the_mouths_behind_the_footage_makes_lips_sharp(worker, tmp_path):
    made = await _trained(worker, tmp_path, showing_shapes("european_woman"))

    assert made.status_code == 200, made.text
    emotion = _unpack(made.content, tmp_path / "own_eve").emotions["neutral"]
    assert emotion.mouths
    with av.open(tmp_path / "own_eve" / emotion.mouths.film) as film:
        squares = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(squares) == emotion.frames
    ah, ee, oo, mm = np.split(squares[10].astype(int), 4, axis=1)
    assert all(np.abs(mouth - mm)[40:110, 30:114].mean() > 5 for mouth in (ah, ee, oo))


async def test_an_avatar_of_an_account_is_lent_with_the_lines_of_its_film_and_speaks(start_worker, tmp_path):
    ours = tmp_path / "assets"
    (ours / "avatars").mkdir(parents=True)
    for part in ("model", "avatars/arab_man"):  # the network that draws all sizes
        (ours / part).symlink_to(Settings().assets / part)
    worker = start_worker("--speech-engine", "fast", assets=ours)
    name = "own_" + "5ee" * 8
    shapes = showing_shapes("european_woman", large=True)

    made = await _trained(worker, tmp_path, shapes, size=760, name=name)

    assert made.status_code == 200, made.text
    emotion = _unpack(made.content, tmp_path / name).emotions["neutral"]
    assert 700 < emotion.lines <= 760
    assert min(emotion.references()) == (5, 144)
    async with httpx.AsyncClient(base_url=worker.url, timeout=PATIENCE_S) as client:
        lent = await client.put(f"/avatars/{name}", content=made.content)
    assert lent.status_code == 204, lent.text
    second = (8000 * np.sin(np.arange(16_000) / 20)).astype("<i2").tobytes()
    stage = Stage(width=720, height=720)
    records = await worker.records(second, avatar=name, emotion="neutral", stage=stage)
    pictures, _, _ = decoded(movie(records))
    assert len(pictures) == 25
    assert pictures[0].shape == (720, 720, 3)


async def test_a_film_without_one_of_the_mouths_is_refused_as_the_command_does(worker, tmp_path):
    refused = await _trained(worker, tmp_path, showing_shapes("european_woman")[:24])

    assert refused.status_code == 400, refused.text
    assert 'shows no "oo"' in refused.json()["detail"]
    assert 'hold "aaah"' in refused.json()["detail"]


@pytest.mark.parametrize(("footage", "body"), [(5, b"12345"), (9, b"12345"), (0, b"12345"), (5, b"")])
async def test_footage_without_anything_behind_it_is_refused(worker, footage, body):
    answer = await _post(worker, f"/avatars?name=own_a&gender=male&footage={footage}", content=body)

    assert answer.status_code == 400


@pytest.mark.parametrize("query", ["name=../a&gender=male", "name=Own&gender=male", "name=own_a&gender=none"])
async def test_an_avatar_of_no_proper_name_or_gender_is_refused(query, worker):
    assert (await _post(worker, f"/avatars?{query}", content=b"x")).status_code == 400


@pytest.mark.parametrize("body", [b"", b"no picture and no film"])
async def test_what_is_no_picture_and_no_film_is_refused(body, worker):
    assert (await _post(worker, "/avatars?name=own_a&gender=male", content=body)).status_code == 400


async def test_without_the_extra_it_is_told_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['moderngl'] = None\n")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    )
    studio = Studio()

    with pytest.raises(CannotDraw, match=r"moderngl.*satspeak\[faces\].*libegl1"):
        await studio.portrait(DrawPortrait(prompt="a man", width=256, height=256, seed=None, format="png"))

    await studio.close()


async def test_one_more_than_may_wait_is_told_when_to_come_back():
    queue = portraits._Queue(15)
    held = asyncio.Event()

    async def wait() -> None:
        async with queue.turn():
            await held.wait()

    async with asyncio.TaskGroup() as waiting, queue.turn():
        tasks = [waiting.create_task(wait()) for _ in range(portraits._MAX_WAITING)]
        await asyncio.sleep(0)  # each of them has begun to wait then
        assert queue._there == portraits._MAX_WAITING + 1
        with pytest.raises(StudioBusy):
            async with queue.turn():
                pass
        held.set()
    assert all(task.done() for task in tasks)
    async with queue.turn():
        pass


@needs_opengl
def test_the_command_draws_a_portrait(tmp_path):
    picture, recipe = tmp_path / "a.jpg", tmp_path / "a.json"
    command = [
        sys.executable,
        "-m",
        "faces",
        "a bald man with glasses",
        "-o",
        str(picture),
        "--recipe",
        str(recipe),
    ]

    done = subprocess.run(
        [*command, "--width", "128", "--height", "128"], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert "Not used: glasses" in done.stdout
    drawn = cv2.imread(str(picture))
    assert drawn is not None
    assert drawn.shape == (128, 128, 3)
    assert json.loads(recipe.read_text())["emotion"] == "neutral"


@needs_opengl
async def test_somebody_drawn_is_filmed_from_their_recipe(worker, full, tmp_path):
    if not full:
        pytest.skip("takes two minutes of a processor; --full")
    recipe = (await _post(worker, "/portraits", json=BALD)).json()["recipe"]
    order = {"name": "own_b", "label": "B", "gender": "male", "recipe": recipe, "mouths": True}

    made = await _post(worker, "/avatars/filmed", json=order)

    assert made.status_code == 200, made.text
    clip = _unpack(made.content, tmp_path / "own_b").emotions["neutral"]
    assert clip.mouths
    assert clip.turns
    assert clip.blinks == (51,)
    with av.open(tmp_path / "own_b" / clip.mouths.film) as film:
        assert film.streams.video[0].frames == clip.frames
