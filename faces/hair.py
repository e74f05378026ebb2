"""Hair as strands: where it grows, how it falls, and the flat ribbons that are drawn.

Strands are arrays of shape (N, S, 3): N hairs of S points from root to tip. Nothing here knows a hair style;
`hairstyles.py` does.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from faces.geometry import Floats, Ints, smoothstep

DOWN = np.array([0.0, -1.0, 0.0])

# The hairline in canonical (z, y), from the nape over the ear to the forehead.
_HAIRLINE_Z = [-0.9, 0.1, 0.28, 0.36, 0.56, 0.62, 0.72, 0.86, 1.05, 1.25, 1.45]
_HAIRLINE_Y = [6.9, 6.95, 7.05, 7.36, 7.38, 7.28, 7.43, 7.74, 7.91, 7.98, 7.95]
_ABOVE_EARS = 7.65
_FRONT = 1.2  # canonical z
_BESIDE = 0.007  # decimetres between two hairs that are grown as one
_SCATTER = 0.12  # spread of lengths and of brightness from hair to hair


class Roots(NamedTuple):
    """Where hairs leave the skin, each (N, 3): position, normal, canonical position; and the mask's value (N,).

    `corners` and `weights`, both (N, 3), tell each root's triangle and its place in it, to follow the skin when it
    moves.
    """

    positions: Floats
    normals: Floats
    canonical: Floats
    density: Floats
    corners: Ints
    weights: Floats

    def carried(self, values: Floats) -> Floats:
        """Interpolate what the surface's points have, shape (P, K), at the roots, shape (N, K)."""
        return (values[self.corners] * self.weights[..., None]).sum(axis=1)


class Ribbons(NamedTuple):
    """A mesh of flat strips: positions, tangents and colours (V, 3), place along the strand (V,), triangles.

    `across` (V, 2) is the place across the strip, 0 or 1, and a number of its own.
    """

    positions: Floats
    tangents: Floats
    colours: Floats
    along: Floats
    triangles: Ints
    across: Floats


class Surface:
    """A skin that hairs must not enter; it holds the search tree so that each push is cheap."""

    def __init__(self, points: Floats, normals: Floats) -> None:
        self._points, self._normals, self._tree = points, normals, cKDTree(points)

    def nearest(self, positions: Floats) -> Ints:
        """Find the skin's point nearest to each position."""
        return self._tree.query(positions)[1]

    def push_out(self, positions: Floats, distance: Floats | float) -> Floats:
        """Lift positions (N, 3) to at least `distance` above the skin."""
        nearest = self.nearest(positions)
        normals = self._normals[nearest]
        height = ((positions - self._points[nearest]) * normals).sum(axis=1)
        return positions + np.maximum(distance - height, 0)[:, None] * normals


def scalp_mask(canonical: Floats, lift: float = 0.0, soft: float = 0.06) -> Floats:
    """Say how hair-bearing the scalp is, 0 to 1; `lift` raises the hairline."""
    hairline = np.interp(canonical[:, 2], _HAIRLINE_Z, _HAIRLINE_Y) + lift
    x, front = canonical[:, 0], smoothstep(0.8, 1.1, canonical[:, 2])
    uneven = 0.5 * np.sin(13 * x + 1.7) + 0.3 * np.sin(29 * x + 40 * lift) + 0.2 * np.sin(53 * x)
    hairline = hairline + 0.03 * front * uneven + 0.6 * lift * smoothstep(0.15, 0.4, np.abs(x)) * front
    beside_ear = smoothstep(0.80, 0.70, np.abs(canonical[:, 0]))
    above = smoothstep(-soft, soft, canonical[:, 1] - hairline)
    return above * np.where(canonical[:, 1] > _ABOVE_EARS, 1, beside_ear)


def beard_mask(canonical: Floats) -> Floats:
    """Say where a beard grows, 0 to 1. The lips stay free."""
    x, y, z = np.abs(canonical[:, 0]), canonical[:, 1], canonical[:, 2]
    above_lip = 6.785 - 0.7 * x**2  # it droops towards the corners of the mouth
    moustache = np.exp(-((x / 0.35) ** 6)) * np.exp(-(((y - above_lip) / 0.065) ** 4)) * (z > _FRONT)
    cheek_line = 0.34 * smoothstep(0.30, 0.72, x) + 0.12 * smoothstep(0.55, 0.75, x)
    cheek_line = cheek_line + 0.4 * smoothstep(0.62, 0.70, x)  # up to the hair beside the ears
    jaw = 6.17 + 0.3 * np.clip(1.4 - z, 0, 1)
    beard = smoothstep(6.80, 6.66, y - cheek_line) * smoothstep(-0.14, -0.05, y - jaw)
    beard = (
        beard * smoothstep(0.1, 0.35, z) * smoothstep(0.08, 0, x - 0.65 - 0.05 * smoothstep(6.95, 7.15, y))
    )
    lips = np.exp(-((x / 0.30) ** 4 + ((y - 6.60) / 0.11) ** 4))
    return np.clip(np.maximum(beard * (1 - lips), moustache), 0, 1)


def brow_mask(x: Floats, y: Floats, thickness: float) -> Floats:
    """Say where brows grow at canonical x and y, 0 to 1."""
    t = brow_place(x)
    middle = 7.435 + 0.075 * np.sin(np.pi * np.clip(0.78 * t + 0.06, 0, 1)) - 0.1 * np.maximum(t - 0.75, 0)
    width = 0.029 * thickness * (1 - 0.65 * smoothstep(0.35, 1.1, t)) * smoothstep(-0.25, 0.2, t)
    across = np.exp(-(np.abs((y - middle) / np.maximum(width, 1e-3)) ** 3))
    return across * smoothstep(-0.06, 0.2, t) * smoothstep(1.08, 0.7, t)


def brow_place(x: Floats) -> Floats:
    """Say where along its brow a canonical x lies: 0 at the nose, 1 at the temple."""
    return (np.abs(x) - 0.13) / 0.46


def sample_roots(
    points: Floats,
    normals: Floats,
    canonical: Floats,
    triangles: Ints,
    mask: Floats,
    count: int,
    rng: np.random.Generator,
) -> Roots:
    """Scatter `count` roots over a surface, as dense as the mask at its points says."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    chance = np.linalg.norm(np.cross(b - a, c - a), axis=1) * mask[triangles].mean(axis=1)
    chosen = triangles[rng.choice(len(triangles), count, p=chance / chance.sum())]
    u, v = rng.random((2, count))
    outside = u + v > 1
    u[outside], v[outside] = 1 - u[outside], 1 - v[outside]
    weights = np.stack([1 - u - v, u, v], axis=1)
    nowhere = np.zeros((count, 3))
    roots = Roots(nowhere, nowhere, nowhere, nowhere[:, 0], chosen, weights)
    return roots._replace(
        positions=roots.carried(points),
        normals=_unit(roots.carried(normals)),
        canonical=roots.carried(canonical),
        density=roots.carried(mask[:, None])[:, 0],
    )


def grow(
    roots: Floats,
    directions: Floats,
    lengths: Floats | float,
    steps: int,
    surface: Surface,
    rng: np.random.Generator,
    *,
    gravity: float,
    clearance: float,
    lift: float = 0.0,
    scatter: float = _SCATTER,
    field: Callable[[Floats], Floats] | None = None,
) -> tuple[Floats, Floats]:
    """Grow hairs step by step: each bends to gravity and to `field`, and stays outside the surface.

    Args:
        roots: (N, 3).
        directions: (N, 3) in which the hairs leave the skin.
        lengths: of each hair, or of all.
        steps: segments a hair.
        surface: what the hairs slide along.
        rng: varies the lengths.
        gravity: pull at the tip, relative to the hair's own direction.
        clearance: least distance from the surface at the root.
        lift: how much more of it at the tip: the volume of the hair.
        scatter: spread of the lengths.
        field: preferred direction at positions (N, 3).

    Returns:
        The strands (N, steps + 1, 3) and the hairs' lengths (N,).

    """
    lengths = np.broadcast_to(lengths, (len(roots),)) * (1 + scatter * rng.standard_normal(len(roots)))
    step = (lengths / steps)[:, None]
    position, direction = roots.copy(), _unit(directions)
    strand = [position]
    for k in range(1, steps + 1):
        if field is not None:
            direction = 0.65 * direction + 0.35 * field(position)
        direction = _unit(direction + gravity * DOWN * (k / steps) ** 0.5)
        distance = clearance + lift * (k / steps)
        direction = _unit(surface.push_out(position + direction * step, distance) - position)
        position = surface.push_out(position + direction * step, distance * 0.8)
        strand.append(position)
    return np.stack(strand, axis=1), lengths


def curl(strands: Floats, lengths: Floats, radius: float, turns: float, rng: np.random.Generator) -> Floats:
    """Wind each hair around its own path, more towards the tip."""
    along = np.linspace(0, 1, strands.shape[1])
    phase = rng.random(len(strands))[:, None] * 2 * np.pi
    angle = turns * 2 * np.pi * along[None] * lengths[:, None] / lengths.mean() + phase
    circle = np.stack([np.cos(angle), 0.6 * np.sin(1.1 * angle), np.sin(angle)], axis=-1)
    return strands + (radius * smoothstep(0, 0.25, along))[None, :, None] * circle


def clump(
    strands: Floats, amount: float, rng: np.random.Generator, *, each: int = 25, keep_sides: bool = False
) -> Floats:
    """Draw hairs towards one guide in `each`, so that they form locks; `keep_sides` never crosses a parting."""
    roots = strands[:, 0]
    side = np.sign(strands[:, -1, :1] - roots.mean(axis=0)[:1]) * (2 if keep_sides else 0)
    places = np.concatenate([roots, side], axis=1)
    guides = rng.choice(len(strands), max(len(strands) // each, 4), replace=False)
    _, nearest = cKDTree(places[guides]).query(places)
    guide = strands[guides][nearest]
    offset = (roots - guide[:, 0])[:, None] * 0.45
    pull = (amount * np.linspace(0, 1, strands.shape[1]) ** 1.2)[None, :, None]
    return strands * (1 - pull) + pull * (guide + offset)


def locks(places: Floats, each: int, rng: np.random.Generator) -> Ints:
    """Gather hairs into locks of about `each` by where they are (N, D); return each hair's lock, (N,)."""
    guides = rng.choice(len(places), max(len(places) // each, 4), replace=False)
    return cKDTree(places[guides]).query(places)[1].astype(np.int64)


def dye(strands: Floats, colour: Floats, rng: np.random.Generator) -> Floats:
    """Colour a head's hairs, (N, 3): locks differ in tone and warmth, more than hairs do."""
    shades = np.ones((len(strands), 3))
    for each, spread in ((220, 0.13), (30, 0.14)):
        lock = locks(strands[:, strands.shape[1] * 2 // 3], each, rng)
        tone = spread * rng.standard_normal((lock.max() + 1, 1))
        warmth = 0.3 * spread * rng.standard_normal((lock.max() + 1, 1)) * np.array([1, 0, -1])
        shades *= np.exp(tone + warmth)[lock]
    return colour * shades


def fray(strands: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Let a share of the hairs go their own way, outwards: a head whose hairs all keep in line is a helmet."""
    loose = rng.random(len(strands)) < share
    tips = strands[loose, -1]
    lengths = np.linalg.norm(tips - strands[loose, 0], axis=1)[:, None]
    way = 0.05 * rng.standard_normal(tips.shape) * np.sqrt(lengths)
    way[:, 0] = np.abs(way[:, 0]) * np.sign(tips[:, 0])  # never across the face
    way[:, 2] = -np.abs(way[:, 2])
    along = smoothstep(0.1, 1, np.linspace(0, 1, strands.shape[1]))
    frayed = strands.copy()
    frayed[loose] += along[None, :, None] * way[:, None]
    return frayed


def twin(strands: Floats, rng: np.random.Generator) -> Floats:
    """Let a second hair grow beside each, (2 N, S, 3): growing one costs far more than drawing it."""
    beside = np.repeat(strands, 2, axis=0)
    beside[1::2] += _BESIDE * rng.standard_normal((len(strands), 1, 3))
    lean = np.linspace(0, 1, strands.shape[1])[None, :, None]
    beside[1::2] += _BESIDE * lean * rng.standard_normal((len(strands), 1, 3))
    return beside


def ribbons(strands: Floats, width: Floats | float, colour: Floats, rng: np.random.Generator) -> Ribbons:
    """Turn strands into strips that face the camera and narrow towards the tip.

    Args:
        strands: (N, S, 3).
        width: of all, or of each (N,).
        colour: of all (3,), or of each (N, 3).
        rng: varies the brightness of every hair.
    """
    count, points, _ = strands.shape
    tangents = _unit(np.gradient(strands, axis=1))
    across = _unit(np.cross(tangents, np.array([0, 0.1, 1.0])))
    along = np.linspace(0, 1, points)
    half = (np.broadcast_to(width, count)[:, None] / 2 * (1 - 0.85 * along**2))[..., None]
    positions = np.stack([strands - across * half, strands + across * half], axis=2)  # (N, S, 2, 3)
    shades = np.clip(np.atleast_2d(colour) * (1 + _SCATTER * rng.standard_normal((count, 1))), 0, 1)
    first = 2 * (np.arange(count)[:, None] * points + np.arange(points - 1)[None])
    # Front to back: what lies behind is then never shaded, which halves the time of a picture.
    first = first.ravel()[np.argsort(-strands[:, :-1, 2].ravel())]
    pair = np.stack([first, first + 1, first + 2, first + 1, first + 3, first + 2], axis=1)
    return Ribbons(
        positions=positions.reshape(-1, 3),
        tangents=np.repeat(tangents.reshape(-1, 3), 2, axis=0),
        colours=np.repeat(shades, points * 2, axis=0),
        along=np.tile(np.repeat(along, 2), count),
        triangles=pair.reshape(-1, 3),
        across=np.stack(
            [np.tile([0.0, 1.0], count * points), np.repeat(np.arange(count) * 0.618 % 1, points * 2)], axis=1
        ),
    )


def _unit(vectors: Floats) -> Floats:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
