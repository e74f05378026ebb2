"""Contact sheets: everyone in every emotion, freshly drawn or taken from the footage that ships."""

from pathlib import Path

import av
import click
import cv2
import numpy as np

from faces.avatar import Box
from faces.emotions import EMOTIONS
from faces.renderer import Picture, Renderer
from training.cast import CAST
from training.footage import AVATARS, draw_stills, read_pack

_BOX_COLOUR = (40, 220, 120)
_NEUTRAL = list(EMOTIONS).index("neutral")


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--name", "names", multiple=True, type=click.Choice(list(CAST)), help="Only these avatars.")
@click.option("--size", default=256, show_default=True, help="Pixels of one picture.")
@click.option("--draw", is_flag=True, help="Draw anew instead of showing the footage that ships.")
@click.option(
    "--beside",
    "before",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Another folder of packs, shown to the left of the footage that ships, neutral alone.",
)
@click.option("--boxes", is_flag=True, help="Frame the mouths; only for footage.")
def main(out: Path, names: tuple[str, ...], size: int, draw: bool, before: Path | None, boxes: bool) -> None:
    """Write a picture OUT of every avatar in every emotion."""
    chosen = names or tuple(CAST)
    if before:
        rows = [
            [_first_frames(folder / name, size, boxes=boxes)[_NEUTRAL] for folder in (before, AVATARS)]
            for name in chosen
        ]
    elif draw:
        renderer = Renderer(size)
        rows = [draw_stills(renderer, name) for name in chosen]
    else:
        rows = [_first_frames(AVATARS / name, size, boxes=boxes) for name in chosen]
    write_picture(out, _two_columns([np.hstack(row) for row in rows]))


def write_picture(path: Path, picture: Picture) -> None:
    """Write an RGB picture in the format its suffix names.

    Raises:
        OSError: the path or its format cannot be written.

    """
    if not cv2.imwrite(str(path), picture[..., ::-1]):
        raise OSError(f"{path} could not be written")


def _first_frames(folder: Path, size: int, *, boxes: bool) -> list[Picture]:
    """Decode the first frame of each of a pack's clips."""
    pictures = []
    for clip in read_pack(folder).emotions.values():
        with av.open(str(folder / clip.footage)) as container:
            picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
        if boxes:
            _frame(picture, clip.boxes[0])
        pictures.append(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA))
    return pictures


def _frame(picture: Picture, box: Box) -> None:
    x, y, side = box
    low, high = (round(x - side / 2), round(y - side / 2)), (round(x + side / 2), round(y + side / 2))
    cv2.rectangle(picture, low, high, _BOX_COLOUR, 1)


def _two_columns(rows: list[Picture]) -> Picture:
    if len(rows) == 1:
        return rows[0]
    half = (len(rows) + 1) // 2
    padded = rows + [np.zeros_like(rows[0])] * (2 * half - len(rows))
    return np.hstack([np.vstack(padded[:half]), np.vstack(padded[half:])])
