"""Films the mouths of the avatars in a few fixed shapes, beside the idle footage and frame by frame like it.

    python -m training mouths               # whatever is missing or older than its footage

The network that draws lips need not invent teeth: for each frame of footage it is given the same mouth at the same
pose, in the same light, closed and in the shapes of `faces/shapes.py`, all of them sharp. It moves their pixels and
blends them. A film holds the shapes of a frame side by side, each of them the `TILE` pixels of the frame around the
mouth (`worker.footage.square`), so that the worker need not scale anything.
"""

import hashlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import av
import click
import msgspec

from faces.emotions import EMOTIONS
from faces.filming import film_mouths, mouth_hair, mouth_renderer, tile
from faces.motion import POSTURES
from faces.shapes import SHAPES
from training import footage
from training.cast import CAST
from worker.footage import square

TILE = tile(footage.LINES)

_RECIPE = 6  # raise it when code changes what a film shows
_CRF = 24


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
    renderer = mouth_renderer(footage.LINES) if films else None
    built = ""
    for done, (name, emotion) in enumerate(films, start=1):
        started = time.monotonic()
        if name != built:
            density = mouth_hair(CAST[name])
            avatar, built = footage.build(renderer, name, hair_density=density, frame=footage.LINES), name
        path = out / name / f"{emotion}.mouths.mp4"
        pictures = list(film_mouths(renderer, avatar, footage.seed(name), emotion, square))
        footage.encode(path, pictures, recipe(name, emotion), crf=_CRF)
        size = path.stat().st_size / 1024
        minutes = (time.monotonic() - started) / 60
        click.echo(f"{name}/{emotion}: {size:.0f} KiB in {minutes:.1f} min; {done} of {len(films)}")
    for name in names:
        _enter(out / name)
    return len(films)


def recipe(name: str, emotion: str) -> str:
    """Hash everything that decides what a film shows."""
    ingredients = (_RECIPE, TILE, SHAPES, footage.FRAMES, CAST[name], EMOTIONS[emotion], POSTURES[emotion])
    return hashlib.sha256(msgspec.json.encode(ingredients)).hexdigest()[:16]


def _is_current(out: Path, name: str, emotion: str) -> bool:
    path = out / name / f"{emotion}.mouths.mp4"
    if not path.exists():
        return False
    with av.open(str(path)) as container:
        return recipe(name, emotion) in container.metadata.get("comment", "")


def _enter(folder: Path) -> None:
    """Name the films in the avatar's description."""
    pack = footage.read_pack(folder)
    clips = {
        emotion: msgspec.structs.replace(
            clip, mouths=footage.Mouths(film=f"{emotion}.mouths.mp4", shapes=len(SHAPES), size=TILE)
        )
        for emotion, clip in pack.emotions.items()
    }
    footage.write_pack(folder, msgspec.structs.replace(pack, emotions=clips))


if __name__ == "__main__":
    main()
