"""Ears: how much light the hollows between helix and antihelix see."""

from functools import cache

import numpy as np
from scipy.spatial import cKDTree

from faces.geometry import Floats, Ints
from faces.subdivision import head

_NEIGHBOURS = 40  # points, which reach about as far as a fold of an ear
_DEPTH = 0.9
_HOLLOW = 0.01  # decimetres by which the middle of a hollow lies below what is around it


def ear_relief(points: Floats) -> tuple[Ints, Floats]:
    """Say how hollow ears are: corners of the skin, and the logarithm of what light they see for that, each (E,).

    Maps of depth are too coarse for what helix and antihelix shade.
    """
    corners, normals = _corners(), head().normals(points)
    chosen = head().corner_points[corners]
    near, way = points[chosen], normals[chosen]
    _, others = cKDTree(near).query(near, k=_NEIGHBOURS)
    same_side = np.maximum((way[others] * way[:, None]).sum(axis=2), 0)
    height = ((near[others] - near[:, None]) * way[:, None]).sum(axis=2)
    hollow = (same_side * height).sum(axis=1) / same_side.sum(axis=1)
    return corners, -_DEPTH * np.clip(hollow / _HOLLOW, -0.7, 1.5)


@cache
def _corners() -> Ints:
    x, y, z = head().canonical[head().corner_points].T
    ear = (np.abs(x) > 0.72) & (y > 6.8) & (y < 7.4) & (z > 0.3) & (z < 0.66)  # noqa: PLR2004 - canonical
    return np.flatnonzero(ear)
