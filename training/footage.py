"""Films the avatars: idle footage for each emotion, and the packs that the worker reads.

One command renders everything and can be stopped and run again: a clip carries the hash of its recipe, and one
that is up to date is left alone. llvmpipe's output differs between Mesa versions, so the footage is shipped, never
rendered in continuous integration.
"""

import hashlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import av
import click
import msgspec
import numpy as np

from faces.avatar import SIZE, Avatar, Box
from faces.emotions import CLOSED_MOUTH, EMOTIONS, expression
from faces.filming import FRAMES, Eyes, film_idle
from faces.filming import moments as _moments
from faces.looks import Look
from faces.motion import POSTURES, Moment, blinks, turns
from faces.renderer import Picture, Renderer
from training.cast import CAST
from worker.importing import rounded
from worker.matte import Studio

AVATARS = Path(__file__).parents[1] / "worker/assets/avatars"
FPS = 25
LINES = 1080
"""Of a film; the worker makes smaller ones of it."""

_RECIPE = 6  # raise it when code changes what a clip shows
_CRF = 24
_GOP = 26  # half of a clip
_PRESET = 4


class Mouths(msgspec.Struct, frozen=True, kw_only=True):
    """A film of the same frames as the footage: the mouth's square in some shapes, side by side (`mouths.py`)."""

    film: str
    shapes: int
    size: int


class Clip(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Footage of one emotion; a box a frame: centre x, centre y and side in pixels of the mouth's square."""

    footage: str
    frames: int
    playback: str
    lines: int = SIZE
    boxes: list[Box]
    eyes: list[Eyes] = []
    mouths: Mouths | None = None
    turns: list[int] = []
    blinks: list[int] = []


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """One avatar as `avatar.json` holds it."""

    name: str
    label: str
    gender: str
    elderly: bool
    emotions: dict[str, Clip]
    studio: Studio


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(CAST)))
@click.option("--out", type=click.Path(path_type=Path), default=AVATARS, help="Folder of the packs.")
@click.option("--processes", default=os.cpu_count() or 1, show_default=True, help="Renderers at once.")
def main(names: tuple[str, ...], out: Path, processes: int) -> None:
    """Render what is missing or out of date: all avatars, or only NAMES."""
    os.environ.setdefault("LP_NUM_THREADS", "1")  # llvmpipe gains more from processes than from threads
    shares = [share for k in range(processes) if (share := (names or list(CAST))[k::processes])]
    with ProcessPoolExecutor(len(shares), get_context("spawn")) as pool:
        for done in pool.map(film, shares, [out] * len(shares)):
            click.echo(f"{done} clips rendered")


def film(names: Sequence[str], out: Path) -> int:
    """Render the clips of some avatars that are not up to date, one emotion after another; return how many."""
    clips = [(name, emotion) for emotion in EMOTIONS for name in names if not _is_current(out, name, emotion)]
    renderer = Renderer(LINES, supersampling=2)
    avatars: dict[str, Avatar] = {}
    started = time.monotonic()
    for done, (name, emotion) in enumerate(clips, start=1):
        if name not in avatars:
            avatars[name] = build(renderer, name, frame=LINES)
        filmed = list(film_idle(avatars[name], CAST[name], seed(name), emotion))
        path = out / name / f"{emotion}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        encode(path, [picture for picture, _, _ in filmed], recipe(name, emotion), crf=_CRF)
        _write_pack(out, name, emotion, [box for _, box, _ in filmed], [eyes for _, _, eyes in filmed])
        minutes = (time.monotonic() - started) / 60
        left = minutes / done * (len(clips) - done)
        size = path.stat().st_size / 1024
        click.echo(f"{name}/{emotion}: {size:.0f} KiB; {done} of {len(clips)}, {left:.0f} min left")
    return len(clips)


def recipe(name: str, emotion: str) -> str:
    """Hash everything that decides what a clip shows."""
    ingredients = (
        _RECIPE,
        LINES,
        FRAMES,
        CAST[name],
        seed(name),
        EMOTIONS[emotion],
        CLOSED_MOUTH,
        POSTURES[emotion],
    )
    return hashlib.sha256(msgspec.json.encode(ingredients)).hexdigest()[:16]


def read_pack(folder: Path) -> Pack:
    """Read an avatar's folder."""
    return msgspec.json.decode((folder / "avatar.json").read_bytes(), type=Pack)


def draw_stills(renderer: Renderer, name: str) -> list[Picture]:
    """Draw an avatar facing the camera, once in each emotion."""
    avatar = build(renderer, name)
    pictures = []
    for emotion in EMOTIONS:
        avatar.express(expression(CAST[name], emotion))
        pictures.append(avatar.render())
    return pictures


def build(renderer: Renderer, name: str, *, hair_density: float = 1.0, frame: int = SIZE) -> Avatar:
    """Build an avatar, the same each time."""
    return Avatar(renderer, CAST[name], seed=seed(name), hair_density=hair_density, frame=frame)


def seed(name: str) -> int:
    """Return what decides everything random of an avatar."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])


def _is_current(out: Path, name: str, emotion: str) -> bool:
    folder = out / name
    path = folder / f"{emotion}.mp4"
    if (
        not path.exists()
        or not (folder / "avatar.json").exists()
        or emotion not in read_pack(folder).emotions
    ):
        return False
    with av.open(str(path)) as container:
        return recipe(name, emotion) in container.metadata.get("comment", "")


def moments(name: str, emotion: str) -> list[Moment]:
    """Say how an avatar moves in a clip, frame by frame."""
    return _moments(seed(name), emotion)


def encode(path: Path, pictures: Sequence[Picture], recipe_hash: str, *, crf: int) -> None:
    """Write pictures as a film that carries the hash of its recipe.

    In AV1, which takes less than half of what H.264 takes for as good a picture.
    """
    os.environ.setdefault("SVT_LOG", "1")  # errors alone
    unfinished = path.with_suffix(".part")
    with av.open(str(unfinished), "w", format="mp4", options={"movflags": "faststart"}) as container:
        container.metadata["title"] = f"{path.parent.name}, {path.stem}"
        container.metadata["comment"] = f"A person made by a computer; recipe {recipe_hash}"
        stream = container.add_stream("libsvtav1", rate=FPS)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.options = {"crf": str(crf), "preset": str(_PRESET), "g": str(_GOP)}
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    # Where it runs as root SVT-AV1 takes real-time priority, also for who calls it, and all else stands still.
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    unfinished.replace(path)


def _write_pack(out: Path, name: str, emotion: str, boxes: Sequence[Box], eyes: Sequence[Eyes]) -> None:
    folder = out / name
    clips = dict(read_pack(folder).emotions) if (folder / "avatar.json").exists() else {}
    clips[emotion] = Clip(
        footage=f"{emotion}.mp4",
        frames=len(boxes),
        playback="pingpong",
        lines=LINES,
        boxes=[(round(x, 2), round(y, 2), round(side, 2)) for x, y, side in boxes],
        eyes=[rounded(pair) for pair in eyes],
    )
    _write_clips(folder, name, clips)


def _write_clips(folder: Path, name: str, clips: dict[str, Clip]) -> None:
    look: Look = CAST[name]
    for emotion, clip in clips.items():
        moved = moments(name, emotion)
        clips[emotion] = msgspec.structs.replace(clip, turns=turns(moved), blinks=blinks(moved))
    pack = Pack(
        name=name,
        label=look.label,
        gender=look.gender,
        elderly=look.elderly,
        emotions={known: clips[known] for known in EMOTIONS if known in clips},
        studio=Studio(centre=look.backdrop[0], edge=look.backdrop[1]),
    )
    write_pack(folder, pack)


def write_pack(folder: Path, pack: Pack) -> None:
    """Write an avatar's description into its folder."""
    path = folder / "avatar.json"
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(msgspec.json.encode(pack) + b"\n")
    unfinished.replace(path)
