"""Eyeballs: a unit sphere with a bulging cornea; pupil, iris and white are the shader's."""

from functools import cache
from typing import NamedTuple

import numpy as np

from faces.geometry import Floats, Ints

_RINGS, _SEGMENTS = 40, 48


class Eyeball(NamedTuple):
    """Points (E, 3) looking along +z, and triangles."""

    points: Floats
    triangles: Ints


@cache
def eyeball() -> Eyeball:
    """Build the sphere, finely ringed where the iris is."""
    rings = np.concatenate([np.linspace(0, 0.62, 26), np.linspace(0.66, 2.2, _RINGS - 26)])
    from_axis, around = np.meshgrid(rings, np.linspace(0, 2 * np.pi, _SEGMENTS + 1), indexing="ij")
    sphere = np.stack(
        [np.sin(from_axis) * np.cos(around), np.sin(from_axis) * np.sin(around), np.cos(from_axis)], axis=-1
    )
    cornea = 1 + 0.03 * np.clip(1 - (from_axis / 0.5) ** 2, 0, 1)
    row = _SEGMENTS + 1
    first = (np.arange(_RINGS - 1)[:, None] * row + np.arange(_SEGMENTS)[None]).ravel()
    triangles = np.concatenate(
        [
            np.stack([first, first + row, first + 1], axis=1),
            np.stack([first + 1, first + row, first + row + 1], axis=1),
        ]
    )
    return Eyeball((sphere * cornea[..., None]).reshape(-1, 3), triangles)
