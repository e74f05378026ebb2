"""Clothes: the shoulders' own skin, smoothed, lifted and hemmed at the neck."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from faces.geometry import Floats, Ints, smoothstep
from faces.looks import Clothes, linear
from faces.subdivision import head, vertex_normals

_NECKLINE = {"crew": 5.82, "turtle": 5.98, "suit": 6.06, "shirt": 6.05}  # at the nape
_DROP = {"crew": 0.28, "turtle": 0.10, "suit": 0.22, "shirt": 0.22}  # towards the throat
_JAW = 6.2  # no cloth above
_SHOULDER_SEAM = 0.3  # canonical z
_TOPSTITCH = 0.03  # from the edge of a collar
NO_SEAM = 9.0  # from any seam
_THICKNESS, _JACKET_THICKNESS = 0.055, 0.085
_HEM_POINTS, _HEM_SIDES = 480, 14
_HEM_WIDTH, _HEM_HEIGHT = 0.035, 0.09
_HEM_WAVES = 5  # harmonics that a neckline keeps
_RIBS = 120  # of a knitted hem
_COLLAR_SIDES = 12
_SPREAD = 0.13
_COLLAR_GAP, _BUTTONED_GAP = 0.13, 0.05  # radians from the middle to each end of a collar
_TIE_POINTS, _TIE_SIDES = 24, 12


class Cloth(NamedTuple):
    """A sewn mesh: positions, normals, canonical positions and colours (N, 3), triangles (T, 3).

    `cut` (N,) is how far from the edge of the cut a point lies; the cloth ends where it is below zero. `seam` (N,) is
    how far from the nearest seam, on either side of it.
    """

    positions: Floats
    normals: Floats
    canonical: Floats
    colours: Floats
    triangles: Ints
    cut: Floats | None = None
    seam: Floats | None = None


def sew(clothes: Clothes, points: Floats, normals: Floats) -> dict[str, Cloth]:
    """Cut cloth from the head part's points and normals (P, 3); return its pieces by name."""
    canonical = head().canonical
    quads = head().quads[_covered(clothes, canonical[head().quads].mean(axis=1))]
    used, quads = np.unique(quads, return_inverse=True)
    quads = quads.reshape(-1, 4)
    edges = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    body = _smooth(points[used], edges)
    near = smoothstep(0.55, 0.05, _neckline(clothes, canonical[used]) - canonical[used][:, 1])[:, None]
    body = body * (1 - near) + points[used] * near
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])

    def layer(colour: str, thickness: float, cut: Floats | None = None) -> Cloth:
        positions = body + normals[used] * thickness
        colours = np.tile(linear(colour), (len(used), 1))
        shown = triangles if cut is None else triangles[(cut[triangles] > 0).any(axis=1)]
        outwards = vertex_normals(positions, triangles)
        return Cloth(positions, outwards, canonical[used], colours, shown, cut)

    suit = clothes.kind == "suit"
    cloth = layer(clothes.shirt if suit else clothes.colour, _THICKNESS)
    cloth = cloth if suit else cloth._replace(seam=_seam(clothes, canonical[used]))
    loop = _neck_loop(cloth.positions, canonical[used], edges)
    waves = np.fft.rfft(loop, axis=0)
    waves[_HEM_WAVES:] = 0  # the border follows the mesh in steps
    loop = np.fft.irfft(waves, len(loop), axis=0)
    if clothes.kind in ("crew", "turtle"):
        return {"cloth": cloth, "hem": _hem(loop, linear(clothes.colour))}
    tied = suit and clothes.tie
    gap = _COLLAR_GAP if tied else _BUTTONED_GAP
    pieces = {"cloth": cloth, "collar": _collar(loop, cloth.colours[0], gap)}
    if not tied:
        pieces["placket"] = _placket(loop, cloth.positions, cloth.colours[0])
    if suit:
        x, y, z = canonical[used].T
        lapels = np.where(z > 0.3, np.abs(x) - 0.24 * (y - 3.9) - 0.03, 1.0)  # noqa: PLR2004 - only in front
        jacket = layer(clothes.colour, _JACKET_THICKNESS, lapels)
        pieces["jacket"] = jacket._replace(seam=_seam(clothes, canonical[used]))
        if clothes.tie:
            pieces["tie"] = _tie(loop, cloth.positions, linear(clothes.tie))
    return pieces


def _covered(clothes: Clothes, centres: Floats) -> NDArray[np.bool_]:
    y = centres[:, 1]
    return (y < _neckline(clothes, centres)) & (y < _JAW)


def _neckline(clothes: Clothes, places: Floats) -> Floats:
    """Say how high the cloth reaches at canonical places (N, 3); far from the neck it covers everything."""
    x, z = np.abs(places[:, 0]), places[:, 2]
    neckline = _NECKLINE[clothes.kind] - _DROP[clothes.kind] * smoothstep(0.0, 1.2, z)
    return neckline + 1.2 * smoothstep(0.70, 1.05, x)


def _seam(clothes: Clothes, places: Floats) -> Floats:
    """Say how far canonical places (N, 3) are from where a sleeve is set in, or front and back of a shirt meet.

    On a jacket that line ends at the lapel, whose edge is another.
    """
    x, y, z = np.abs(places[:, 0]), places[:, 1], places[:, 2]
    if clothes.kind in ("crew", "turtle"):  # from the neck to the arm, as sweaters have it
        return np.where(z > 0, 0.75 * (x - 0.62 - 0.95 * (5.72 - y)), NO_SEAM)
    shoulder = np.where(x > 0.4, z - _SHOULDER_SEAM, NO_SEAM)  # noqa: PLR2004 - not on the chest
    return np.minimum(shoulder, 0.75 * (x - 0.56 - 0.85 * (5.72 - y))) if clothes.kind == "suit" else shoulder


def _smooth(positions: Floats, edges: Ints) -> Floats:
    """Let the cloth hang over the body's small forms."""
    count = len(positions)
    near = sparse.csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (count, count))
    near = near + near.T
    average = sparse.diags(1 / np.asarray(near.sum(axis=1)).ravel()) @ near
    for _ in range(12):
        positions = 0.5 * positions + 0.5 * (average @ positions)
    return positions


def _around(loop: Floats) -> tuple[Floats, Floats]:
    """Return the directions away from the neck and up along it at each point of a loop, each (N, 3)."""
    ahead = np.roll(loop, -1, axis=0) - np.roll(loop, 1, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    outwards = loop - loop.mean(axis=0)
    outwards -= ahead * (outwards * ahead).sum(axis=1, keepdims=True)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    up = np.cross(ahead, outwards)
    return outwards, up * np.where(up[:, 1:2] < 0, -1, 1)


def _hem(loop: Floats, colour: Floats) -> Cloth:
    """Knit a ribbed hem along the cloth's border around the neck."""
    outwards, up = _around(loop)
    turn = np.linspace(0, 2 * np.pi, _HEM_SIDES, endpoint=False)
    rib = np.cos(2 * np.pi * _RIBS * np.arange(_HEM_POINTS) / _HEM_POINTS)
    rise = ((np.sin(turn) + 0.6) * _HEM_HEIGHT)[None, :, None]
    width = (np.cos(turn)[None] * (_HEM_WIDTH + 0.004 * rib[:, None]))[..., None]
    tube = loop[:, None] + up[:, None] * rise + outwards[:, None] * (width - 0.35 * rise)
    colours = np.repeat(colour * (0.90 + 0.10 * rib[:, None]), _HEM_SIDES, axis=0)
    return _sheet(tube, colours, closed=True, inside=loop)


def _collar(loop: Floats, colour: Floats, gap: float) -> Cloth:
    """Fold a collar over: a stand along the neck, and a leaf that ends in two points in front."""
    outwards, up = _around(loop)
    angles = np.linspace(-np.pi, np.pi, _HEM_POINTS, endpoint=False)
    kept = np.abs(angles) > gap
    order = np.argsort(angles[kept] % (2 * np.pi))  # from one end around the nape to the other
    loop, outwards, up, angles = (values[kept][order] for values in (loop, outwards, up, angles))
    if gap < _COLLAR_GAP:
        leaf = 0.17 + 0.16 * np.clip(1 - np.abs(angles) / 1.1, 0, 1) ** 1.5
    else:
        leaf = 0.17 + 0.15 * np.exp(-(((np.abs(angles) - gap - 0.16) / 0.3) ** 2))
    along = np.linspace(0, 1, _COLLAR_SIDES)
    stand, fall = smoothstep(0, 0.35, along), smoothstep(0.45, 1, along)
    height = 0.15 * stand - np.outer(leaf, fall * 0.9)
    aside = 0.05 * smoothstep(0.3, 0.55, along) + np.outer(leaf, 0.5 * fall) - 0.03 * stand
    sheet = loop[:, None] + up[:, None] * height[..., None] + outwards[:, None] * aside[..., None]
    apart = _SPREAD * np.exp(-(((np.abs(angles) - gap) / 0.35) ** 2)) * np.sign(angles)
    sheet[..., 0] += np.outer(apart, fall)  # the leaf's ends slant away from each other
    # Stitched along its edges, which are the lower one and both ends.
    from_edge = np.hypot(0.9, 0.5) * np.outer(leaf, 1 - fall)
    from_end = np.linalg.norm(loop[:, None] - loop[[0, -1]], axis=2).min(axis=1)
    seam = np.minimum(from_edge, from_end[:, None]) - _TOPSTITCH
    sewn = _sheet(sheet, np.tile(colour, (sheet[..., 0].size, 1)), closed=False, inside=loop)
    return sewn._replace(seam=seam.ravel())


def _tie(loop: Floats, cloth: Floats, colour: Floats) -> Cloth:
    """Bind a knot at the throat, and let the tie hang down over the cloth."""
    down = np.linspace(0, 1, _TIE_POINTS)
    y, z = _down_the_front(loop, cloth, down)
    knot = smoothstep(0.24, 0.18, down)
    wide = (0.105 - 0.20 * down) * knot + (0.06 + 0.08 * down) * (1 - knot)
    deep = 0.075 * knot + 0.035 * (1 - knot)
    tube = _hang(y, z, wide, deep)
    stripes = 1 - 0.25 * (np.sin(60 * (tube[..., 0] + tube[..., 1])) > 0.6)  # noqa: PLR2004 - narrow ones
    middle = np.stack([np.zeros_like(y), y, z], axis=1)
    return _sheet(tube, colour * stripes.reshape(-1, 1), closed=False, inside=middle)


def _placket(loop: Floats, cloth: Floats, colour: Floats) -> Cloth:
    """Sew the strip that holds a shirt's buttons."""
    down = np.linspace(0, 1, _TIE_POINTS)
    y, z = _down_the_front(loop, cloth, down)
    strip = _hang(y + 0.06, z, np.full_like(y, 0.045), np.full_like(y, 0.012))
    sewn = _sheet(
        strip,
        np.tile(0.93 * colour, (strip[..., 0].size, 1)),
        closed=False,
        inside=np.stack([np.zeros_like(y), y, z], axis=1),
    )
    return sewn._replace(seam=np.abs(strip[..., 0]).ravel() - 0.034)


def _down_the_front(loop: Floats, cloth: Floats, down: Floats) -> tuple[Floats, Floats]:
    """Return y and z, each (N,), from the throat (0) to the chest (1) over the cloth's points (P, 3)."""
    throat = loop[np.abs(np.linspace(-np.pi, np.pi, _HEM_POINTS, endpoint=False)).argmin()]
    y = throat[1] + 0.05 - 0.9 * down
    front = cloth[(np.abs(cloth[:, 0]) < 0.15) & (cloth[:, 2] > throat[2] - 0.2)]  # noqa: PLR2004
    front = front[np.argsort(front[:, 1])]
    return y, np.interp(y, front[:, 1], front[:, 2])


def _hang(y: Floats, z: Floats, wide: Floats, deep: Floats) -> Floats:
    """Make a flat tube around points (N,) in the middle of the body, shape (N, _TIE_SIDES, 3)."""
    turn = np.linspace(0, 2 * np.pi, _TIE_SIDES, endpoint=False)
    return np.stack(
        [
            np.outer(wide, np.sin(turn)),
            np.tile(y[:, None], _TIE_SIDES),
            z[:, None] + 0.02 + np.outer(deep, np.cos(turn)),
        ],
        axis=-1,
    )


def _sheet(grid: Floats, colours: Floats, *, closed: bool, inside: Floats) -> Cloth:
    """Mesh a grid (R, C, 3) around the points (R, 3) that lie inside; `closed` joins the last row to the first."""
    rows, columns, _ = grid.shape
    positions = grid.reshape(-1, 3)
    triangles = grid_triangles(rows, columns, closed_rows=closed)
    normals = vertex_normals(positions, triangles)
    if ((positions - np.repeat(inside, columns, axis=0)) * normals).sum() < 0:
        normals = -normals
    return Cloth(positions, normals, positions, colours, triangles)


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
