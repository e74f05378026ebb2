"""Clothes: the shoulders' own skin, smoothed, lifted and hemmed at the neck."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.geometry import Floats, Ints, smoothstep
from training.looks import Clothes, linear
from training.subdivision import head, vertex_normals

_NECKLINE = {"crew": 5.82, "turtle": 5.98, "suit": 5.80, "shirt": 5.80}  # at the nape
_DROP = {"crew": 0.28, "turtle": 0.10, "suit": 0.42, "shirt": 0.42}  # towards the throat
_JAW = 6.2  # no cloth above
_THICKNESS = 0.055
_HEM_POINTS, _HEM_SIDES = 160, 14
_HEM_WIDTH, _HEM_HEIGHT = 0.045, 0.10


class Cloth(NamedTuple):
    """A sewn mesh: positions, normals, canonical positions and colours (N, 3), triangles (T, 3)."""

    positions: Floats
    normals: Floats
    canonical: Floats
    colours: Floats
    triangles: Ints


def sew(clothes: Clothes, points: Floats, normals: Floats) -> tuple[Cloth, Cloth]:
    """Cut cloth from the head part's points and normals (P, 3); return the cloth and its hem."""
    canonical = head().canonical
    quads = head().quads[_covered(clothes, canonical[head().quads].mean(axis=1))]
    used, quads = np.unique(quads, return_inverse=True)
    quads = quads.reshape(-1, 4)
    edges = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    positions = _smooth(points[used], edges) + normals[used] * _THICKNESS
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    cloth = Cloth(
        positions,
        vertex_normals(positions, triangles),
        canonical[used],
        _colours(clothes, canonical[used]),
        triangles,
    )
    return cloth, _hem(
        positions, canonical[used], edges, linear(clothes.shirt if clothes.kind == "suit" else clothes.colour)
    )


def _covered(clothes: Clothes, centres: Floats) -> NDArray[np.bool_]:
    x, y, z = np.abs(centres[:, 0]), centres[:, 1], centres[:, 2]
    neckline = _NECKLINE[clothes.kind] - _DROP[clothes.kind] * smoothstep(0.0, 1.2, z)
    neckline = neckline + 1.2 * smoothstep(0.70, 1.05, x)
    return (y < neckline) & (y < _JAW)


def _smooth(positions: Floats, edges: Ints) -> Floats:
    """Let the cloth hang over the body's small forms."""
    count = len(positions)
    near = sparse.csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (count, count))
    near = near + near.T
    average = sparse.diags(1 / np.asarray(near.sum(axis=1)).ravel()) @ near
    for _ in range(12):
        positions = 0.5 * positions + 0.5 * (average @ positions)
    return positions


def _colours(clothes: Clothes, canonical: Floats) -> Floats:
    colours = np.tile(linear(clothes.colour), (len(canonical), 1))
    if clothes.kind == "suit":
        x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
        opening = (z > 0.3) & (x < 0.46 * np.clip((y - 3.9) / 1.9, 0, 1) + 0.05)  # noqa: PLR2004 - the lapels
        colours[opening] = linear(clothes.shirt)
        colours[opening & (x < 0.10 + 0.05 * smoothstep(5.3, 4.6, y))] = linear(clothes.tie)
    return colours


def _hem(positions: Floats, canonical: Floats, edges: Ints, colour: Floats) -> Cloth:
    """Roll a hem along the cloth's border around the neck."""
    loop = _neck_loop(positions, canonical, edges)
    ahead = np.roll(loop, -1, axis=0) - np.roll(loop, 1, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    outwards = loop - loop.mean(axis=0)
    outwards -= ahead * (outwards * ahead).sum(axis=1, keepdims=True)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    up = np.cross(ahead, outwards)
    up *= np.where(up[:, 1:2] < 0, -1, 1)

    turn = np.linspace(0, 2 * np.pi, _HEM_SIDES, endpoint=False)
    rise = ((np.sin(turn) + 0.6) * _HEM_HEIGHT)[None, :, None]
    tube = loop[:, None] + up[:, None] * rise
    tube = tube + outwards[:, None] * ((np.cos(turn) * _HEM_WIDTH)[None, :, None] - 0.35 * rise)
    triangles = grid_triangles(_HEM_POINTS, _HEM_SIDES, closed_rows=True)
    tube = tube.reshape(-1, 3)
    normals = vertex_normals(tube, triangles)
    if ((tube - np.repeat(loop, _HEM_SIDES, axis=0)) * normals).sum() < 0:
        normals = -normals
    return Cloth(tube, normals, tube, np.tile(colour, (len(tube), 1)), triangles)


def _neck_loop(positions: Floats, canonical: Floats, edges: Ints) -> Floats:
    """Follow the cloth's upper border around the neck, evenly by angle, shape (_HEM_POINTS, 3)."""
    sides, uses = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    border = sides[uses == 1]
    ends = canonical[border]  # (B, 2, 3)
    around_neck = (ends[..., 1].mean(axis=1) > 4.75) & (np.abs(ends[..., 0]).max(axis=1) < 1.1)  # noqa: PLR2004
    points = positions[np.unique(border[around_neck])]
    centre = points.mean(axis=0)
    angles = np.arctan2(points[:, 0] - centre[0], points[:, 2] - centre[2])
    wanted = np.linspace(-np.pi, np.pi, _HEM_POINTS, endpoint=False)
    loop = np.stack(
        [np.interp(wanted, *_sorted(angles, points[:, axis]), period=2 * np.pi) for axis in range(3)], axis=1
    )
    for _ in range(6):
        loop = 0.5 * loop + 0.25 * (np.roll(loop, 1, axis=0) + np.roll(loop, -1, axis=0))
    return loop


def _sorted(keys: Floats, values: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(keys)
    return keys[order], values[order]


def grid_triangles(rows: int, columns: int, *, closed_rows: bool) -> Ints:
    """Connect a grid of points whose columns close into rings; `closed_rows` joins the last row to the first."""
    row = np.arange(rows if closed_rows else rows - 1)[:, None]
    column = np.arange(columns)[None]
    right = (column + 1) % columns
    below = (row + 1) % rows
    a, b, c, d = (
        row * columns + column,
        row * columns + right,
        below * columns + column,
        below * columns + right,
    )
    return np.concatenate(
        [np.stack([a, c, b], axis=-1).reshape(-1, 3), np.stack([b, c, d], axis=-1).reshape(-1, 3)]
    )
