"""Films the mouths of the avatars in a few fixed shapes, beside the idle footage and frame by frame like it.

    python -m training mouths               # whatever is missing or older than its footage

The network that draws lips need not invent teeth: for each frame of footage it is given the same mouth at the same
pose, in the same light, closed and in the shapes of `shapes.py`, all of them sharp. It moves their pixels and blends
them. A film holds the shapes of a frame side by side, each of them the `SIZE` pixels of the frame around the mouth
(`worker.footage.square`), so that the worker need not scale anything.
"""

import hashlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import av
import click
import cv2
import msgspec
import numpy as np

from training import footage
from training.avatar import SIZE as FRAME
from training.avatar import Avatar
from training.cast import CAST, EMOTIONS
from training.motion import POSTURES
from training.renderer import Camera, Elsewhere, Picture, Pose, Renderer
from training.shapes import SHAPES, SIZE, speaking_face, units
from worker.footage import square

_RECIPE = 3  # raise it when code changes what a film shows
_CRF = 17
_DRAWN_EVERY = 13  # frames; those between are moved to where the head is, which takes an eighth of the time
_FINE = 3  # those are drawn so many times as large, so that moving them blurs nothing
_HASTE = 4.0  # how quickly one drawn frame takes over from the last


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(CAST)))
@click.option("--out", type=click.Path(path_type=Path), default=footage.AVATARS, help="Folder of the packs.")
@click.option("--processes", default=os.cpu_count() or 1, show_default=True, help="Renderers at once.")
def main(names: tuple[str, ...], out: Path, processes: int) -> None:
    """Render what is missing or out of date, of all avatars or only NAMES; their footage must be there."""
    os.environ.setdefault("LP_NUM_THREADS", "1")
    shares = [share for k in range(processes) if (share := (names or list(CAST))[k::processes])]
    with ProcessPoolExecutor(len(shares), get_context("spawn")) as pool:
        for done in pool.map(film, shares, [out] * len(shares)):
            click.echo(f"{done} films of mouths rendered")


def film(names: Sequence[str], out: Path) -> int:
    """Render the films of some avatars that are not up to date; return how many."""
    films = [(name, emotion) for name in names for emotion in EMOTIONS if not _is_current(out, name, emotion)]
    renderer = Renderer(_FINE * SIZE, supersampling=1) if films else None
    built = ""
    for done, (name, emotion) in enumerate(films, start=1):
        started = time.monotonic()
        if name != built:
            # Only the shadow of hair is needed of it; but a beard must be the one in the footage.
            density = 1.0 if CAST[name].beard else 0.25
            avatar, built = footage.build(renderer, name, hair_density=density), name
        path = out / name / f"{emotion}.mouths.mp4"
        footage.encode(path, _perform(renderer, avatar, name, emotion), recipe(name, emotion), crf=_CRF)
        size = path.stat().st_size / 1024
        minutes = (time.monotonic() - started) / 60
        click.echo(f"{name}/{emotion}: {size:.0f} KiB in {minutes:.1f} min; {done} of {len(films)}")
    for name in names:
        _enter(out / name)
    return len(films)


def recipe(name: str, emotion: str) -> str:
    """Hash everything that decides what a film shows."""
    ingredients = (_RECIPE, SIZE, SHAPES, footage.FRAMES, CAST[name], EMOTIONS[emotion], POSTURES[emotion])
    return hashlib.sha256(msgspec.json.encode(ingredients)).hexdigest()[:16]


def _is_current(out: Path, name: str, emotion: str) -> bool:
    path = out / name / f"{emotion}.mouths.mp4"
    if not path.exists():
        return False
    with av.open(str(path)) as container:
        return recipe(name, emotion) in container.metadata.get("comment", "")


def _perform(renderer: Renderer, avatar: Avatar, name: str, emotion: str) -> list[Picture]:
    """Film all shapes of each frame, side by side."""
    faces = [speaking_face(units(shape), EMOTIONS[emotion]) for shape in SHAPES]
    poses = [moment.pose for moment in footage.moments(name, emotion)]
    cameras = [avatar.camera(square(avatar.mouth_box(pose), SIZE, FRAME)) for pose in poses]
    drawn = sorted({*range(0, len(poses), _DRAWN_EVERY), len(poses) - 1})
    tiles = np.zeros((len(poses), len(faces), SIZE, SIZE, 3), np.uint8)
    for k, face in enumerate(faces):
        avatar.express(face)
        fine = {frame: avatar.render(poses[frame], cameras[frame]) for frame in drawn}
        for frame, picture in fine.items():
            tiles[frame, k] = _shrunk(picture)
        for before, after in pairwise(drawn):
            for frame in range(before + 1, after):
                # Mostly the nearer one, since two pictures of a beard never blend sharply.
                share = np.clip(0.5 + _HASTE * ((frame - before) / (after - before) - 0.5), 0, 1)
                here = poses[frame], cameras[frame]
                tile = np.zeros((SIZE, SIZE, 3))
                for other, part in ((before, 1 - share), (after, share)):
                    if part:
                        there = poses[other], cameras[other]
                        tile += part * _shrunk(_carry(renderer, avatar, fine[other], here, there))
                tiles[frame, k] = np.rint(tile)
    return [np.concatenate(list(row), axis=1) for row in tiles]


def _carry(
    renderer: Renderer,
    avatar: Avatar,
    picture: Picture,
    here: tuple[Pose, Camera],
    there: tuple[Pose, Camera],
) -> Picture:
    """Move each point of a picture taken `there` to where the head's movement brings it."""
    place = Elsewhere(there[1], there[0], avatar.shape())
    size = len(picture)
    traced = cv2.resize(renderer.trace(avatar.scene, here[1], here[0], place, SIZE // 2), (size, size))
    axis = np.arange(size, dtype=np.float32)
    still = np.stack(np.meshgrid(axis, axis), -1)
    moved = (traced[..., :2] + 1) * (size / 2) - 0.5
    # Clothes and what lies behind the head stay; a point at the edge of the face is half of both.
    source = np.where(traced[..., 3:] > 0.999, moved, still)  # noqa: PLR2004
    return cv2.remap(picture, source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _shrunk(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)


def _enter(folder: Path) -> None:
    """Name the films in the avatar's description."""
    pack = footage.read_pack(folder)
    clips = {
        emotion: msgspec.structs.replace(
            clip, mouths=footage.Mouths(film=f"{emotion}.mouths.mp4", shapes=len(SHAPES), size=SIZE)
        )
        for emotion, clip in pack.emotions.items()
    }
    footage.write_pack(folder, msgspec.structs.replace(pack, emotions=clips))


if __name__ == "__main__":
    main()
