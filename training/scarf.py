"""A head covering: a sheet around the head that leaves the face free, in folds, with a cord if it has one."""

import numpy as np
from scipy.spatial import cKDTree

from training.clothes import Cloth, grid_triangles
from training.geometry import Floats, smoothstep
from training.looks import Scarf, linear
from training.subdivision import vertex_normals

_AROUND, _BACKWARDS = 120, 46  # points around the face's opening, and from it to the back
_LONGEST = 1.5  # how far from the head's middle the sheet lies above the shoulders
_ON_SHOULDERS = 1.9
_CORD_SIDES, _CORD_RADIUS = 10, 0.04


def drape(scarf: Scarf, points: Floats) -> Cloth:
    """Lay the sheet over the head part's points (P, 3)."""
    top = points[:, 1].max()
    centre = _middle(top)
    from_centre = points[points[:, 1] > top - 2.6] - centre
    distances = np.linalg.norm(from_centre, axis=1)
    tree = cKDTree(from_centre / distances[:, None])

    around = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    back = np.linspace(0, 1, _BACKWARDS)
    tall = np.where(np.sin(around) > 0, scarf.up, scarf.down)
    opening = np.arctan(np.hypot(np.cos(around) * scarf.wide, np.sin(around) * tall))
    tilt = opening + (np.pi - opening) * back[:, None] ** 1.1  # (_BACKWARDS, _AROUND)
    directions = np.stack(
        [np.sin(tilt) * np.cos(around), np.sin(tilt) * np.sin(around), np.cos(tilt)], axis=-1
    )

    flat = directions.reshape(-1, 3)
    _, nearest = tree.query(flat)
    radius = np.array(
        [
            distances[near].max() if near else distances[closest]
            for near, closest in zip(tree.query_ball_point(flat, 0.22), nearest, strict=True)
        ]
    ).reshape(_BACKWARDS, _AROUND)
    low = smoothstep(-0.35, -0.95, directions[..., 1]) * smoothstep(0.0, 0.4, back)[:, None]
    radius = np.minimum(radius, _LONGEST) * (1 - low) + low * _ON_SHOULDERS
    radius[:2] = distances[nearest.reshape(_BACKWARDS, _AROUND)[:2]]  # the edge lies on the skin
    for _ in range(5):
        radius = 0.5 * radius + 0.25 * (np.roll(radius, 1, axis=1) + np.roll(radius, -1, axis=1))
        radius[1:-1] = 0.5 * radius[1:-1] + 0.25 * (radius[2:] + radius[:-2])
    folds = 0.022 * np.sin(27.9 * back[:, None] + 4.4 * np.cos(around))
    folds = folds + 0.012 * np.sin(23 * back[:, None] + 5 * np.sin(2 * around))
    radius = radius + 0.05 + folds * (1 + 1.2 * low) * smoothstep(0, 0.25, back)[:, None]
    radius[0] -= 0.07  # the edge lies on the skin
    radius[1] += 0.015

    positions = (centre + directions * radius[..., None]).reshape(-1, 3)
    triangles = grid_triangles(_BACKWARDS, _AROUND, closed_rows=False)
    normals = vertex_normals(positions, triangles)
    if ((positions - centre) * normals).sum() < 0:
        normals = -normals
    return Cloth(positions, normals, positions, np.tile(linear(scarf.colour), (len(positions), 1)), triangles)


def wind_cord(colour: str, scarf: Cloth, top: float) -> Cloth:
    """Lay a double cord around the crown, higher at the front than at the back."""
    around = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    turn = np.linspace(0, 2 * np.pi, _CORD_SIDES, endpoint=False)
    from_centre = scarf.positions - _middle(top)
    distances = np.linalg.norm(from_centre, axis=1)
    tree = cKDTree(from_centre / distances[:, None])
    tubes = []
    for winding in range(2):
        height = 0.72 + 0.12 * np.cos(around) + 0.075 * winding
        outwards = np.stack(
            [np.cos(height) * np.sin(around), np.sin(height), np.cos(height) * np.cos(around)], axis=1
        )
        _, near = tree.query(outwards, k=6)
        path = outwards * (distances[near].mean(axis=1) - 0.01)[:, None]
        for _ in range(3):
            path = 0.5 * path + 0.25 * (np.roll(path, 1, axis=0) + np.roll(path, -1, axis=0))
        ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
        across = np.cross(ahead, outwards)
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        ring = outwards[:, None] * np.cos(turn)[:, None] + across[:, None] * np.sin(turn)[:, None]
        tubes.append((_middle(top) + path[:, None] + _CORD_RADIUS * ring, ring))
    positions = np.concatenate([tube.reshape(-1, 3) for tube, _ in tubes])
    normals = np.concatenate([ring.reshape(-1, 3) for _, ring in tubes])
    one = grid_triangles(_AROUND, _CORD_SIDES, closed_rows=True)
    triangles = np.concatenate([one, one + _AROUND * _CORD_SIDES])
    return Cloth(positions, normals, positions, np.tile(linear(colour), (len(positions), 1)), triangles)


def _middle(top: float) -> Floats:
    """The point inside the head that the sheet lies around, below a crown at height `top`."""
    return np.array([0, top - 1.12, 0.45])
