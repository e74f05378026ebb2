"""Eyeballs: a unit sphere with a bulging cornea, painted with pupil, iris and white."""

from functools import cache
from typing import NamedTuple

import numpy as np

from faces.geometry import Floats, Ints, smoothstep

_RINGS, _SEGMENTS = 40, 48
_IRIS = 0.47  # radians from the axis to the iris's rim


class Eyeball(NamedTuple):
    """Points (E, 3) looking along +z, triangles, and each point's angles: from the axis and around it, each (E,)."""

    points: Floats
    triangles: Ints
    from_axis: Floats
    around: Floats


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
    return Eyeball((sphere * cornea[..., None]).reshape(-1, 3), triangles, from_axis.ravel(), around.ravel())


def eye_colours(iris: Floats) -> Floats:
    """Colour the eyeball's points for an iris colour (3,), shape (E, 3)."""
    ball = eyeball()
    radius = ball.from_axis / _IRIS
    turn = ball.around
    white = np.array([0.72, 0.68, 0.66]) * (1 - 0.25 * smoothstep(0.9, 1.6, ball.from_axis))[:, None]
    white[:, 1:] *= (1 - 0.12 * smoothstep(0.7, 1.4, ball.from_axis))[:, None]
    fibres = (
        0.75
        + 0.35 * np.sin(23 * turn + 3 * np.sin(7 * turn)) * np.sin(11 * turn + 1)
        + 0.2 * np.sin(41 * turn)
    )
    ring = (0.55 + 0.75 * smoothstep(0.35, 0.85, radius)) * (1 - 0.75 * smoothstep(0.84, 1.0, radius))
    in_iris = smoothstep(1.06, 0.96, radius)[:, None]
    in_pupil = smoothstep(0.46, 0.40, radius)[:, None]
    colours = white * (1 - in_iris) + iris * (fibres * ring)[:, None] * in_iris
    return colours * (1 - in_pupil) + 0.004 * in_pupil
