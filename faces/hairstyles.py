"""How hair is cut: each style places, combs, curls and gathers the strands of one head, or of one beard."""

import numpy as np
from scipy.interpolate import CubicSpline

from faces.geometry import Floats, smoothstep
from faces.hair import Roots, Surface, brow_place, clump, curl, fray, grow, locks
from faces.looks import Beard, Hair

_POINTS = 24  # of a long strand


def comb(hair: Hair, roots: Roots, surface: Surface, top: float, rng: np.random.Generator) -> Floats:
    """Grow a head of hair.

    Args:
        hair: the choices.
        roots: where it grows.
        surface: what it slides along.
        top: height of the crown.
        rng: varies every strand.

    Returns:
        Strands, shape (N, S, 3).

    """
    if hair.style == "short":
        return _short(hair, roots, surface, rng)
    if hair.style == "curly":
        return _curly(hair, roots, surface, rng)
    return _long(hair, roots, surface, top, rng)


def _side_of_parting(hair: Hair, roots: Roots) -> Floats:
    return np.sign(roots.canonical[:, 0] - hair.parting)


def _short(hair: Hair, roots: Roots, surface: Surface, rng: np.random.Generator) -> Floats:
    x, y, z = roots.canonical.T
    front = smoothstep(0.5, 1.3, z) * smoothstep(7.6, 8.0, y)
    crown = smoothstep(7.7, 8.2, y)
    middle = crown * smoothstep(0.75, 0.2, np.abs(x))  # further out, hair combed sideways would flare
    sweep = hair.sweep * (-1 if hair.parting > 0 else 1) * front
    direction = np.stack(
        [
            0.35 * _side_of_parting(hair, roots) * middle + sweep * (0.3 + 0.7 * middle),
            crown - 0.75,
            -0.9 * front - 0.5 * (1 - front) * crown - 0.25 * (1 - crown),
        ],
        axis=1,
    )
    direction += roots.normals * hair.puff * (0.45 + 0.55 * middle)[:, None] + 0.10 * rng.standard_normal(
        direction.shape
    )
    lock = locks(roots.positions, 60, rng)
    direction += (0.12 * rng.standard_normal((lock.max() + 1, 3)))[lock] * (0.3 + 0.7 * crown)[:, None]
    uneven = (1 + 0.15 * rng.standard_normal(lock.max() + 1))[lock].clip(0.5, 1.4)
    sides = 0.09 + 0.19 * smoothstep(
        7.25, 7.85, y
    )  # they taper, so that no wall of hair stands over the ears
    lengths = hair.length * (sides + uneven * (0.35 * crown + 0.37 * middle)) * _thinning(roots)
    strands, _ = grow(
        roots.positions, direction, lengths, 8, surface, rng, gravity=0.16, clearance=0.012, lift=0.05
    )
    return fray(clump(clump(strands, 0.3, rng), 0.3, rng, each=90), 0.05, rng)


def _thinning(roots: Roots) -> Floats:
    """Shorten hair along the hairline."""
    return 0.45 + 0.55 * smoothstep(0.2, 1.0, roots.density)


def _curly(hair: Hair, roots: Roots, surface: Surface, rng: np.random.Generator) -> Floats:
    crown = smoothstep(7.4, 8.1, roots.canonical[:, 1])
    direction = roots.normals + 0.25 * rng.standard_normal(roots.normals.shape) + np.array([0, 0.15, 0])
    lengths = hair.length * (0.45 + 0.55 * crown) * _thinning(roots)
    strands, lengths = grow(
        roots.positions, direction, lengths, 8, surface, rng, gravity=0.02, clearance=0.02
    )
    points = round(8 + 6 * hair.turns)  # fewer would show as corners
    fine = CubicSpline(np.linspace(0, 1, 9), strands, axis=1)(np.linspace(0, 1, points))
    return clump(curl(fine, lengths, 1.3 * hair.curl, hair.turns, rng), 0.55, rng)


def _long(hair: Hair, roots: Roots, surface: Surface, top: float, rng: np.random.Generator) -> Floats:
    crown = smoothstep(7.75, 8.1, roots.canonical[:, 1])
    direction = np.stack(
        [
            _side_of_parting(hair, roots) * (0.9 * crown + 0.35),
            0.12 * crown - 0.5 * (1 - crown),
            -0.25 - 0.55 * smoothstep(0.9, 1.4, roots.canonical[:, 2]),
        ],
        axis=1,
    )
    direction += roots.normals * 0.35 + 0.05 * rng.standard_normal(direction.shape)
    lock = locks(np.c_[roots.positions, 2 * _side_of_parting(hair, roots)], 120, rng)
    direction += (0.12 * rng.standard_normal((lock.max() + 1, 3)))[lock]
    uneven = (1 + 1.2 * hair.layers * rng.standard_normal(lock.max() + 1))[lock]
    lengths = np.maximum((roots.positions[:, 1] - (top - hair.length)) * 1.06 + 0.25 * crown, 0.35) * uneven
    strands, lengths = grow(
        roots.positions,
        direction,
        lengths,
        13,
        surface,
        rng,
        gravity=0.22,
        clearance=0.03,
        lift=0.08,
        scatter=0.03 + hair.layers,
        field=lambda positions: _fall_beside_face(positions, top, hair),
    )
    strands = curl(strands, lengths, hair.curl, hair.turns, rng)
    strands = clump(clump(strands, 0.5, rng, keep_sides=True), 0.55, rng, each=130, keep_sides=True)
    strands = _rounded(strands)
    along = np.linspace(0, 1, strands.shape[1])
    strands[..., 0] -= np.sign(strands[..., 0]) * hair.tuck * smoothstep(0.7, 1, along)
    return fray(strands, 0.07, rng)


def _rounded(strands: Floats) -> Floats:
    """Bend the straight pieces of strands, with more points where they leave the crown and bend most."""
    grown = np.linspace(0, 1, strands.shape[1])
    return CubicSpline(grown, strands, axis=1)(np.linspace(0, 1, _POINTS) ** 1.3)


def _fall_beside_face(positions: Floats, top: float, hair: Hair) -> Floats:
    """Point down; off the face where a strand would hang before it; below the ears inwards and back.

    Hair that reaches the chest falls nearly straight.
    """
    x, below, z = positions[:, 0], top - positions[:, 1], positions[:, 2]
    before_face = smoothstep(0.55, 1.15, z) * smoothstep(0.3, 0.75, below)
    low = smoothstep(0.9, 1.7, below)
    low *= 1 - 0.75 * smoothstep(2.3, 2.8, hair.length)
    side = np.sign(x)
    return np.stack(
        [
            1.6 * hair.fullness * side * before_face * (1 - low)
            - 0.65 * side * low * smoothstep(0.5, 0.8, np.abs(x)),
            np.full(len(positions), -1.0),
            -1.3 * before_face - 0.5 * low,
        ],
        axis=1,
    )


def trim_beard(
    beard: Beard, roots: Roots, room: Floats, surface: Surface, rng: np.random.Generator
) -> Floats:
    """Grow a beard: down from the cheeks and chin, outwards under the nose; short where it thins out.

    Above the mouth no hair is longer than the `room` (N,) between its root and the lips.
    """
    x, y = roots.canonical[:, 0], roots.canonical[:, 1]
    side = np.sign(x)
    noise = rng.standard_normal(roots.positions.shape)
    zero = np.zeros(len(x))
    down = roots.normals * 0.4 + np.stack([0.1 * side, zero - 0.8, zero + 0.12], axis=1) + 0.16 * noise
    outwards = roots.normals * 0.35 + 0.12 * noise
    outwards += np.stack([side * (0.5 + 1.2 * np.abs(x)), zero - 0.42, zero + 0.15], axis=1)
    moustache = (y > 6.7) & (np.abs(x) < 0.42)  # noqa: PLR2004 - canonical places around the mouth
    lengths = beard.length * np.where(moustache, 0.45, 0.55 + 0.6 * smoothstep(6.55, 6.2, y))
    lengths = lengths * (0.4 + 0.6 * smoothstep(0.0, 0.6, roots.density))
    lengths = np.where(moustache, np.minimum(lengths, 1.1 * room), lengths)
    direction = np.where(moustache[:, None], outwards, down)
    strands, _ = grow(roots.positions, direction, lengths, 5, surface, rng, gravity=0.1, clearance=0.0)
    return clump(strands, 0.25, rng)


def comb_brows(roots: Roots, surface: Surface, rng: np.random.Generator) -> Floats:
    """Grow brows: upright beside the nose, lying ever flatter towards the temple, where they turn down."""
    t = np.clip(brow_place(roots.canonical[:, 0]), 0, 1)
    angle = np.radians(52 * (1 - t) ** 1.8 + 8 - 30 * t) + 0.08 * rng.standard_normal(len(t))
    side = np.sign(roots.canonical[:, 0])
    direction = (
        np.stack([side * np.cos(angle), np.sin(angle), np.zeros(len(t))], axis=1) + 0.15 * roots.normals
    )
    lengths = 0.056 * (0.6 + 0.4 * np.sin(np.pi * t)) * (0.3 + 0.7 * roots.density)
    return grow(roots.positions, direction, lengths, 4, surface, rng, gravity=0.0, clearance=0.002)[0]
