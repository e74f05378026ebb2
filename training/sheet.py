"""Contact sheets: everyone in every emotion, freshly drawn or taken from the shipped footage."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from training.avatar import SIZE, Avatar
from training.cast import CAST, CLOSED_MOUTH, EMOTIONS, mix
from training.renderer import Picture, Renderer


def draw_sheet(path: Path, names: Sequence[str], *, size: int, density: float = 1.0) -> None:
    """Render each avatar in each emotion, one row an avatar."""
    renderer = Renderer(size)
    rows = []
    for name in names:
        avatar = Avatar(renderer, CAST[name], seed=list(CAST).index(name), hair_density=density)
        row = []
        for emotion in EMOTIONS.values():
            avatar.express(mix(CLOSED_MOUTH, emotion))
            row.append(avatar.render())
        rows.append(np.hstack(row))
    write_picture(path, _two_columns(rows))


def write_picture(path: Path, picture: Picture) -> None:
    """Write an RGB picture in the format its suffix names."""
    if not cv2.imwrite(str(path), picture[..., ::-1]):
        raise OSError(f"{path} could not be written")


def _two_columns(rows: list[Picture]) -> Picture:
    if len(rows) == 1:
        return rows[0]
    half = (len(rows) + 1) // 2
    padded = rows + [np.zeros_like(rows[0])] * (2 * half - len(rows))
    return np.hstack([np.vstack(padded[:half]), np.vstack(padded[half:])])
