"""The human face as numbers: a base mesh, its phenotypes and its ARKit face units, in plain numpy.

Everything comes from `data.npz`, which `python -m training faces-data` makes (MPFB2's base mesh and targets, the ARKit
face units by their own makers; all CC0).

Lengths are decimetres, y points up and z towards the viewer. *Base* arrays hold the vertices of the whole mesh,
shape (19158, 3). *Canonical* positions are those on the unshaped base mesh: they name a place on the face whoever
wears it, so masks and paint are written in them.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DATA = Path(__file__).with_name("data.npz")

LEFT_EYE = slice(14598, 14670)  # the helper spheres around which our own eyeballs turn
RIGHT_EYE = slice(14670, 14742)

_RACES = ("african", "asian", "caucasian")
_NEGLIGIBLE = 1e-4


class BaseMesh(NamedTuple):
    """The unshaped body: vertices (V, 3), texture coordinates (T, 2), quads by group as (Q, 4, 2) index pairs."""

    vertices: Floats
    uvs: Floats
    groups: Mapping[str, Ints]


class Target(NamedTuple):
    """A sparse displacement: which vertices move, and by how much at weight 1."""

    vertices: Ints
    offsets: Floats


class UnknownTarget(ValueError):
    """There is no target of this name."""


@cache
def _data() -> Mapping[str, NDArray[Any]]:
    with np.load(DATA) as data:
        return dict(data)


@cache
def base_mesh() -> BaseMesh:
    """Read the base mesh; of the body only what can be seen has quads."""
    data = _data()
    quads = {
        name.removeprefix("quads/"): values.astype(np.int64)
        for name, values in data.items()
        if name.startswith("quads/")
    }
    return BaseMesh(data["vertices"] / data["scale"], data["uvs"] / data["uv_scale"], quads)


def texture(name: str) -> NDArray[np.uint8]:
    """Return a mask of the body's skin, (2048, 2048): `lips` or `inside_mouth`."""
    return _data()[name]


@cache
def _targets() -> Mapping[str, slice]:
    ends = [int(end) for end in _data()["target_ends"]]
    return {
        name: slice(start, end) for name, start, end in zip(target_names(), [0, *ends], ends, strict=False)
    }


@cache
def target_names() -> tuple[str, ...]:
    """Name all targets that the data hold; reads nothing else of them, for who draws nobody."""
    with np.load(DATA) as data:
        return tuple(str(name) for name in data["target_names"])


@cache
def _target(name: str) -> Target:
    if name not in _targets():
        raise UnknownTarget(f"There is no target {name!r}.")
    data, part = _data(), _targets()[name]
    return Target(
        data["target_vertices"][part].astype(np.int64), data["target_offsets"][part] / data["scale"]
    )


def _add_target(base: Floats, name: str, weight: float) -> None:
    if abs(weight) < _NEGLIGIBLE:
        return
    target = _target(name)
    base[target.vertices] += weight * target.offsets


def phenotype(
    *,
    gender: float = 0.5,
    old: float = 0.0,
    race: tuple[float, float, float] = (0.0, 0.0, 1.0),
    weight: float = 0.5,
    muscle: float = 0.5,
    details: Mapping[str, float] | None = None,
) -> Floats:
    """Shape the base mesh into one person.

    Args:
        gender: 0 female to 1 male.
        old: 0 young to 1 old.
        race: parts of MakeHuman's three axes (african, asian, caucasian), scaled to sum to 1.
        weight: 0 slim, 0.5 average, 1 heavy.
        muscle: 0 slack, 0.5 average, 1 strong.
        details: weights of further targets, such as `nose/nose-hump-incr`.

    Returns:
        Base vertices, shape (V, 3).

    Raises:
        UnknownTarget: there is no such detail.

    """
    base = base_mesh().vertices.copy()
    weights = {
        "minweight": max(0, 1 - 2 * weight),
        "averageweight": 1 - abs(2 * weight - 1),
        "maxweight": max(0, 2 * weight - 1),
    }
    muscles = {
        "minmuscle": max(0, 1 - 2 * muscle),
        "averagemuscle": 1 - abs(2 * muscle - 1),
        "maxmuscle": max(0, 2 * muscle - 1),
    }
    for age, age_part in (("young", 1 - old), ("old", old)):
        for sex, sex_part in (("female", 1 - gender), ("male", gender)):
            part = age_part * sex_part
            for name, race_part in zip(_RACES, race, strict=True):
                _add_target(base, f"macrodetails/{name}-{sex}-{age}", part * race_part / sum(race))
            for muscle_name, muscle_part in muscles.items():
                for weight_name, weight_part in weights.items():
                    name = f"macrodetails/universal-{sex}-{age}-{muscle_name}-{weight_name}"
                    _add_target(base, name, part * muscle_part * weight_part)
    for name, amount in (details or {}).items():
        _add_target(base, name, amount)
    return base


@cache
def face_units() -> tuple[str, ...]:
    """Name the 52 ARKit face units that the data hold."""
    return tuple(sorted(name.removeprefix("units/") for name in _targets() if name.startswith("units/")))


def express(base: Floats, coefficients: Mapping[str, float]) -> Floats:
    """Move a face by ARKit coefficients; a name without its side (`mouthSmile`) means both sides."""
    moved = base.copy()
    for name, amount in coefficients.items():
        for unit in (name,) if name in face_units() else (f"{name}Left", f"{name}Right"):
            _add_target(moved, f"units/{unit}", amount)
    return moved


def fit_sphere(points: Floats) -> tuple[Floats, float]:
    """Fit a sphere by least squares and return its centre (3,) and radius."""
    system = np.c_[2 * points, np.ones(len(points))]
    solution = np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


def rotation(angles: tuple[float, float, float]) -> Floats:
    """Rotate by (pitch, yaw, roll) radians; the same matrix that `shaders/pose.glsl` builds. Shape (3, 3)."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(angles), np.cos(angles)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    roll = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return yaw @ pitch @ roll


def smoothstep(low: float, high: float, values: Floats | float) -> Floats:
    """Rise smoothly from 0 at `low` to 1 at `high`; falls when `low` is the larger."""
    t = np.clip((np.asarray(values, dtype=float) - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)
