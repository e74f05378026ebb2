"""A head covering: one sheet from the crown over the shoulders that leaves the face free, with a cord if it has one.

The sheet lies around a capsule: a half sphere over the middle of the head, and below it rays from the axis of head and
neck. It can so lie under a chin and around a neck, where a sheet around a single point would stand like a tent.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from faces.clothes import Cloth, grid_triangles
from faces.geometry import Floats, Ints, smoothstep
from faces.looks import Scarf, linear
from faces.subdivision import head, vertex_normals

_AROUND, _OVER, _DOWN = 240, 36, 84  # columns; rows of the half sphere and below it
_LENGTH = 2.5  # how far below the head's middle the sheet ends, which is below the picture
_CHIN = (0, 6.17, 1.4)  # canonical
_AXIS_Z, _NECK_Z = 0.45, 0.18
_NEAR, _WIDE = 0.06, 0.17  # in what the sheet looks for the highest point below it: at the face, elsewhere
_EDGE = 0.018  # the sheet's distance from the skin at the face
_LOOSE = 0.30  # how far from its edge the sheet leaves the skin
_FOLLOWS = 0.22  # how far from the skin the sheet moves with it
_LINING = 0.35  # how light the inside is
_SQUARE = 2.3  # how square the opening is: 2 is an ellipse
_CORD_SIDES, _CORD_RADIUS = 10, 0.04


class Following(NamedTuple):
    """How N points of cloth go with the skin: the skin's points near each, and how much of their way; each (N, K)."""

    near: Ints
    weights: Floats

    def way(self, moved: Floats) -> Floats:
        """Say how far the cloth goes when the skin's points have moved by (P, 3)."""
        return (moved[self.near] * self.weights[..., None]).sum(axis=1)


def drape(scarf: Scarf, points: Floats) -> Cloth:
    """Lay the sheet over the head part's points (P, 3)."""
    top = float(points[:, 1].max())
    chin = points[np.abs(head().canonical - np.array(_CHIN)).sum(axis=1).argmin()]
    turn = np.linspace(-np.pi, np.pi, _AROUND, endpoint=False)  # 0 in front
    rise = np.linspace(0.02, np.pi / 2, _OVER, endpoint=False)
    over = np.stack(np.broadcast_arrays(np.sin(rise)[:, None], np.cos(rise)[:, None]), axis=-1)
    down = np.linspace(0, -_LENGTH, _DOWN)
    below = np.stack(np.broadcast_arrays(np.ones(_DOWN)[:, None], down[:, None]), axis=-1)
    rows = np.concatenate([over, below])  # (R, 1, 2): how far out, how far up
    places = np.stack(
        np.broadcast_arrays(rows[..., 0] * np.sin(turn), rows[..., 1], rows[..., 0] * np.cos(turn)), axis=-1
    )  # (R, _AROUND, 3)
    body = _Capsule(points, top)
    loose, close = (body.radius(places, reach) for reach in (_WIDE, _NEAR))
    low = smoothstep(0.0, 0.5, -rows[..., 1])
    if scarf.kind == "hanging":
        radius = _hang(loose, places, turn, low)
    else:
        radius = _wrap(loose, places, turn, chin[1] - body.middle[1])
    held = smoothstep(-1.5, -1.2, places[..., 1]) if scarf.kind == "hanging" else np.ones_like(radius)
    on_face = np.minimum(radius, _smooth(close, 3) + _EDGE)
    edge = radius
    for _ in range(4):  # where the edge lies depends on how near the sheet is to the face
        cut = _opening(scarf, body.position(places, edge), top, chin)
        at_face = smoothstep(_LOOSE, 0.0, cut) * held
        edge = radius * (1 - at_face) + on_face * at_face
    sheet = body.position(places, edge)
    cut = _opening(scarf, sheet, top, chin).ravel()

    positions = sheet.reshape(-1, 3)
    triangles = grid_triangles(len(rows), _AROUND, closed_rows=False)
    normals = vertex_normals(positions, triangles)
    if ((positions - body.middle) * normals).sum() < 0:
        normals = -normals
    shown = triangles[(cut[triangles] > 0).any(axis=1)]
    positions, cut = _trimmed(positions, cut, shown)
    return Cloth(
        positions, normals, positions, np.tile(linear(scarf.colour), (len(positions), 1)), shown, cut
    )


def _trimmed(positions: Floats, cut: Floats, triangles: Ints) -> tuple[Floats, Floats]:
    """Draw what is left beyond the edge back onto it: else its teeth, though they are not drawn, would cast shadows."""
    sides = np.concatenate([triangles[:, [a, b]] for a in range(3) for b in range(3) if a != b])
    beyond, within = sides[(cut[sides[:, 0]] < 0) & (cut[sides[:, 1]] > 0)].T
    part = cut[beyond] / (cut[beyond] - cut[within])
    met = positions[beyond] + part[:, None] * (positions[within] - positions[beyond])
    total, count = np.zeros_like(positions), np.zeros(len(positions))
    np.add.at(total, beyond, met)
    np.add.at(count, beyond, 1)
    drawn = count > 0
    trimmed, edge = positions.copy(), cut.copy()
    trimmed[drawn] = total[drawn] / count[drawn][:, None]
    edge[drawn] = 1e-5
    return trimmed, edge


def line(scarf: Cloth) -> Cloth:
    """Lay a lining under the sheet, for what is seen of its inside lies in the shade."""
    return scarf._replace(
        positions=scarf.positions - 0.008 * scarf.normals,
        normals=-scarf.normals,
        colours=_LINING * scarf.colours,
        cut=None if scarf.cut is None else scarf.cut - 0.02,
    )


def shade_lining(lining: Cloth) -> Floats:
    """Let ever less light in under a scarf, the further from its edge."""
    cut = np.zeros(len(lining.positions)) if lining.cut is None else lining.cut
    return np.stack([0.10 + 0.5 * smoothstep(0.3, 0.0, cut), np.zeros(len(cut))], axis=1)


def follow(scarf: Cloth, points: Floats) -> Following:
    """Let the sheet go with the chin and the cheeks that it touches, of the head part's points (P, 3) at rest."""
    distance, near = cKDTree(points).query(scarf.positions, k=12)
    weights = 1 / (distance + 0.02) ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    touching = smoothstep(_FOLLOWS, 0.05, distance[:, 0])
    lower = smoothstep(7.3, 6.9, head().canonical[near[:, 0], 1])  # brows slide under it
    return Following(near, weights * (touching * lower)[:, None])


class _Capsule:
    """The body seen from within: how far away it is in each direction of the sheet."""

    def __init__(self, points: Floats, top: float) -> None:
        self.middle = np.array([0, top - 1.0, _AXIS_Z])
        from_middle = points - self.middle
        above = from_middle[:, 1] > 0
        ahead = points[:, 2] - self._axis(from_middle[:, 1])
        across = np.hypot(points[:, 0], ahead)
        self._distance = np.where(above, np.linalg.norm(from_middle, axis=1), across)
        sideways = np.stack([points[:, 0], 0 * across, ahead], axis=1) / np.maximum(across, 1e-6)[:, None]
        sideways[:, 1] = from_middle[:, 1]
        direction = from_middle / np.linalg.norm(from_middle, axis=1, keepdims=True)
        self._tree = cKDTree(np.where(above[:, None], direction, sideways))

    def radius(self, places: Floats, reach: float) -> Floats:
        """Find the outermost point within `reach` of places (R, A, 3) on the unit capsule; shape (R, A)."""
        flat = places.reshape(-1, 3)
        _, nearest = self._tree.query(flat)
        found = self._tree.query_ball_point(flat, reach)
        outermost = [
            self._distance[near].max() if near else self._distance[closest]
            for near, closest in zip(found, nearest, strict=True)
        ]
        return np.array(outermost).reshape(places.shape[:2])

    def position(self, places: Floats, radius: Floats) -> Floats:
        """Go out from the axis by a radius (R, A); shape (R, A, 3)."""
        low = places[..., 1] < 0
        out = places * radius[..., None]
        out[..., 1] = np.where(low, places[..., 1], out[..., 1])
        out[..., 2] += self._axis(places[..., 1]) - _AXIS_Z
        return self.middle + out

    @staticmethod
    def _axis(height: Floats) -> Floats:
        """Say where the axis runs (z) at heights relative to the head's middle: it leans back into the neck."""
        return _AXIS_Z + (_NECK_Z - _AXIS_Z) * smoothstep(-0.5, -1.3, height)


def _wrap(body: Floats, places: Floats, turn: Floats, chin: float) -> Floats:
    """Wind the sheet around head and neck, in folds around the neck; `chin` is its height on the capsule."""
    height = places[..., 1]
    aside = smoothstep(0.5, 1.1, np.abs(turn))  # in front it would hang from the nose
    neck = smoothstep(chin + 0.45, chin - 0.30, height)
    falling = _fall(body, 0.006) * aside + body * (1 - aside)
    around_neck = body + 0.10 + 0.05 * aside
    radius = _smooth(np.maximum(falling * (1 - neck) + around_neck * neck, body), 20)
    folds = 0.034 * np.sin(17 * height + 1.6 * np.cos(turn) + 0.8 * np.sin(2 * turn + 1))
    folds = folds + 0.016 * np.sin(29 * height - 2.1 * np.sin(turn))
    wide = 0.012 * np.sin(8 * height + 4 * np.cos(turn)) * smoothstep(0.2, -0.2, height)
    return radius + 0.05 + neck * (0.04 + folds * (1 - 0.6 * aside)) + wide * (1 - neck)


def _hang(body: Floats, places: Floats, turn: Floats, low: Floats) -> Floats:
    """Let the sheet hang from the sides and the back of the head down onto the shoulders, in upright folds."""
    height = places[..., 1]
    radius = _smooth(_fall(body, 0.0), 8)
    folds = 0.035 * np.sin(13 * turn + 0.9 * np.sin(2.2 * height)) + 0.012 * np.sin(27 * turn + height)
    return radius + 0.055 + folds * low


def _fall(body: Floats, inwards: float) -> Floats:
    """Let cloth fall from the body's widest place above, each row (R, A) a little further `inwards` than the last."""
    drop = inwards * np.arange(len(body))[:, None]
    return np.maximum.accumulate(body + drop, axis=0) - drop


def _smooth(radius: Floats, times: int) -> Floats:
    for _ in range(times):
        radius = 0.5 * radius + 0.25 * (np.roll(radius, 1, axis=1) + np.roll(radius, -1, axis=1))
        radius[1:-1] = 0.5 * radius[1:-1] + 0.25 * (radius[2:] + radius[:-2])
    return radius


def _opening(scarf: Scarf, sheet: Floats, top: float, chin: Floats) -> Floats:
    """Say how far places of the sheet (R, A, 3) are from the edge around the face, in decimetres; inside below zero."""
    x, y, z = np.abs(sheet[..., 0]), sheet[..., 1], sheet[..., 2]
    high, deep = top - 0.47, chin[1] - 0.05
    middle, half = (high + deep) / 2, (high - deep) / 2
    up, wide = (y - middle) / half, np.full_like(x, 0.615)
    wide = wide - 0.085 * smoothstep(0.1, -0.8, up)
    if scarf.kind == "hanging":
        wide = 0.66 + 0.06 * smoothstep(0.2, -1.6, up)
        up = np.maximum(up, 0)
    edge = ((x / wide) ** _SQUARE + np.abs(up) ** _SQUARE) ** (1 / _SQUARE) - 1
    return np.where(z > _AXIS_Z, edge * wide, 1.0)


def wind_cord(colour: str, scarf: Cloth, top: float) -> Cloth:
    """Lay a double cord around the crown, higher at the front than at the back."""
    around = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    turn = np.linspace(0, 2 * np.pi, _CORD_SIDES, endpoint=False)
    middle = np.array([0, top - 1.12, _AXIS_Z])
    from_centre = scarf.positions - middle
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
        tubes.append((middle + path[:, None] + _CORD_RADIUS * ring, ring))
    positions = np.concatenate([tube.reshape(-1, 3) for tube, _ in tubes])
    normals = np.concatenate([ring.reshape(-1, 3) for _, ring in tubes])
    one = grid_triangles(_AROUND, _CORD_SIDES, closed_rows=True)
    triangles = np.concatenate([one, one + _AROUND * _CORD_SIDES])
    return Cloth(positions, normals, positions, np.tile(linear(colour), (len(positions), 1)), triangles)
