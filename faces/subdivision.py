"""Smooth surfaces from the base mesh: Catmull-Clark subdivision kept as a sparse matrix.

The matrix depends on the mesh's connections alone, so a changed expression costs one sparse product.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from faces.geometry import Floats, Ints, base_mesh

_CHEST, _UPPER_ARM = 4.2, 2.3  # canonical y and x that the camera does not see beyond


class _Level(NamedTuple):
    """One subdivision: matrices from old points and uvs to new ones, and the new quads over each."""

    points: sparse.csr_matrix
    quads: Ints
    uvs: sparse.csr_matrix
    uv_quads: Ints


class _Edges(NamedTuple):
    """Unique edges: their ends (E, 2), the edge on each side of each quad (Q, 4), how many quads share it (E,)."""

    ends: Ints
    of_sides: Ints
    uses: Ints


class Part:
    """A subdivided piece of the body, such as the head or the upper teeth.

    Its points (P) carry the shape; its corners (C) split a point wherever the texture has a seam, as a graphics
    card wants them.

    Attributes:
        quads: (Q, 4) indices of points.
        triangles: (2Q, 3) indices of points.
        corner_points: (C,) the point of each corner.
        corner_uvs: (C, 2) texture coordinates.
        corner_triangles: (2Q, 3) indices of corners.

    """

    def __init__(self, faces: Ints, levels: int) -> None:
        self._sources, quads = _compact(faces[..., 0])
        uv_sources, uv_quads = _compact(faces[..., 1])
        self._matrix = sparse.identity(len(self._sources), format="csr")
        uvs = base_mesh().uvs[uv_sources]
        for _ in range(levels):
            level = _subdivide(quads, uv_quads, self._matrix.shape[0], len(uvs))
            self._matrix = (level.points @ self._matrix).tocsr()
            uvs = level.uvs @ uvs
            quads, uv_quads = level.quads, level.uv_quads
        self.quads = quads
        self.triangles = _triangles(quads)
        pairs = np.stack([quads.ravel(), uv_quads.ravel()], axis=1)
        corners, corner_quads = np.unique(pairs, axis=0, return_inverse=True)
        self.corner_points = corners[:, 0]
        self.corner_uvs = uvs[corners[:, 1]]
        self.corner_triangles = _triangles(corner_quads.reshape(-1, 4))

    def points(self, base: Floats) -> Floats:
        """Place the part's points, shape (P, 3), on a shaped base mesh."""
        return self._matrix @ base[self._sources]

    def normals(self, points: Floats) -> Floats:
        """Return the points' unit normals, shape (P, 3)."""
        return vertex_normals(points, self.triangles)

    @property
    def canonical(self) -> Floats:
        """The points on the unshaped base mesh, shape (P, 3)."""
        return self.points(base_mesh().vertices)


def vertex_normals(points: Floats, triangles: Ints) -> Floats:
    """Average the normals of the triangles around each point, weighted by area."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.stack(
        [
            np.bincount(triangles.T.ravel(), np.tile(faces[:, axis], 3), minlength=len(points))
            for axis in range(3)
        ],
        axis=1,
    )
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def is_seen(quads: Ints, vertices: Floats) -> NDArray[np.bool_]:
    """Say which of a body's quads (Q, 4, 2) the camera can see."""
    corners = vertices[quads[..., 0]]  # (Q, 4, 3)
    return np.asarray(
        (corners[..., 1].min(axis=1) > _CHEST) & (np.abs(corners[..., 0]).max(axis=1) < _UPPER_ARM)
    )


@cache
def head() -> Part:
    """Head, neck and the shoulders as far as the camera sees them."""
    body = base_mesh().groups["body"]
    return Part(body[is_seen(body, base_mesh().vertices)], levels=1)


@cache
def upper_teeth() -> Part:
    """Return the upper teeth with their gum."""
    return Part(base_mesh().groups["helper-upper-teeth"], levels=2)


@cache
def lower_teeth() -> Part:
    """Return the lower teeth with their gum."""
    return Part(base_mesh().groups["helper-lower-teeth"], levels=2)


@cache
def tongue() -> Part:
    """Return the tongue."""
    return Part(base_mesh().groups["helper-tongue"], levels=1)


@cache
def eyelashes() -> tuple[Part, ...]:
    """Return the left pair of eyelashes, then the right pair."""
    groups = base_mesh().groups
    return tuple(Part(groups[f"helper-{side}-eyelashes-{k}"], levels=1) for side in "lr" for k in (1, 2))


def _compact(indices: Ints) -> tuple[Ints, Ints]:
    """Return the indices in use, and the quads renumbered over them."""
    used, renumbered = np.unique(indices, return_inverse=True)
    return used, renumbered.reshape(-1, 4)


def _triangles(quads: Ints) -> Ints:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _edges(quads: Ints) -> _Edges:
    sides = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    ends, of_sides, uses = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True, return_counts=True)
    return _Edges(ends, of_sides.reshape(-1, 4), uses)


def _incidence(rows: Ints, columns: Ints, value: float, shape: tuple[int, int]) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.full(len(rows), value), (rows, columns)), shape)


def _split(corners: Ints, centres: Ints, middles: Ints) -> Ints:
    """Cut each quad into four: one per corner, between its edge middles and the centre."""
    return np.concatenate(
        [np.stack([corners[:, k], middles[:, k], centres, middles[:, k - 1]], axis=1) for k in range(4)]
    )


def _subdivide(quads: Ints, uv_quads: Ints, points: int, uvs: int) -> _Level:
    edges = _edges(quads)
    uv_edges = _edges(uv_quads)
    quad_ids = np.arange(len(quads))
    return _Level(
        points=_smooth_matrix(quads, edges, points),
        quads=_split(quads, points + quad_ids, points + len(quads) + edges.of_sides),
        uvs=_linear_matrix(uv_quads, uv_edges, uvs),
        uv_quads=_split(uv_quads, uvs + quad_ids, uvs + len(quads) + uv_edges.of_sides),
    )


def _linear_matrix(quads: Ints, edges: _Edges, points: int) -> sparse.csr_matrix:
    """Old points, then quad centres, then edge middles: texture coordinates are not smoothed."""
    centres = _incidence(np.repeat(np.arange(len(quads)), 4), quads.ravel(), 0.25, (len(quads), points))
    count = len(edges.ends)
    middles = _incidence(np.repeat(np.arange(count), 2), edges.ends.ravel(), 0.5, (count, points))
    return sparse.vstack([sparse.identity(points), centres, middles]).tocsr()


def _smooth_matrix(quads: Ints, edges: _Edges, points: int) -> sparse.csr_matrix:
    """Catmull and Clark's rules (1978): moved old points, quad centres, edge points; open borders stay curves."""
    count, edge_count = len(quads), len(edges.ends)
    quad_of_corner = np.repeat(np.arange(count), 4)
    edge_of_end = np.repeat(np.arange(edge_count), 2)
    border = edges.uses == 1

    centres = _incidence(quad_of_corner, quads.ravel(), 0.25, (count, points))
    middles = _incidence(edge_of_end, edges.ends.ravel(), 0.5, (edge_count, points))
    quads_at_edge = _incidence(edges.of_sides.ravel(), quad_of_corner, 1.0, (edge_count, count))
    between_centres = sparse.diags(1 / edges.uses) @ quads_at_edge @ centres
    edge_points = (
        sparse.diags(np.where(border, 1.0, 0.5)) @ middles
        + sparse.diags(np.where(border, 0.0, 0.5)) @ between_centres
    )

    quads_at_point = _incidence(quads.ravel(), quad_of_corner, 1.0, (points, count))
    edges_at_point = _incidence(edges.ends.ravel(), edge_of_end, 1.0, (points, edge_count))
    valence = np.maximum(np.asarray(quads_at_point.sum(axis=1)).ravel(), 1)
    edge_valence = np.maximum(np.asarray(edges_at_point.sum(axis=1)).ravel(), 1)
    inner = sparse.diags(1 / valence) @ (
        sparse.diags(1 / valence) @ quads_at_point @ centres
        + 2 * sparse.diags(1 / edge_valence) @ edges_at_point @ middles
        + sparse.diags(valence - 3.0)
    )
    border_ids = np.flatnonzero(border)
    border_at_point = _incidence(
        edges.ends[border].ravel(), np.repeat(border_ids, 2), 1.0, (points, edge_count)
    )
    outer = 0.5 * sparse.identity(points) + 0.25 * border_at_point @ middles

    on_border = np.zeros(points, dtype=bool)
    on_border[edges.ends[border].ravel()] = True
    moved = sparse.diags((~on_border).astype(float)) @ inner + sparse.diags(on_border.astype(float)) @ outer
    return sparse.vstack([moved, centres, edge_points]).tocsr()
