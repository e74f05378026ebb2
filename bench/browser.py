"""A Chromium that plays H.264, and npm packages without npm: each pinned by the hash that its registry tells.

The Chromium on PATH is taken, as Debian has it; on a bare machine one comes from npm's `@sparticuz/chromium`, 70 MB
that are kept in `~/.cache/satspeak`. Playwright's wheel, which drives it, brings the Node.js that unpacks it.
"""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec

REGISTRY = "https://registry.npmjs.org"

ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ARGUMENTS = (
    "--no-sandbox",  # it may run as root, in a container
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
"""What it is started with: its microphone beeps once a second."""

_UNPACK = """
const {readFileSync, writeFileSync} = require("fs");
const [from, to] = process.argv.slice(1);
writeFileSync(to, require("zlib").brotliDecompressSync(readFileSync(from)));
"""


class Package(msgspec.Struct, frozen=True):
    """A version of an npm package, and its `dist.integrity`."""

    name: str
    version: str
    integrity: str

    @property
    def url(self) -> str:
        """Where its tarball is."""
        registry = os.environ.get("NPM_CONFIG_REGISTRY", REGISTRY).rstrip("/")
        return f"{registry}/{self.name}/-/{self.name.rpartition('/')[2]}-{self.version}.tgz"


CHROMIUM = Package(
    "@sparticuz/chromium",
    "153.0.0",
    "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
)
AXE = Package(
    "axe-core",
    "4.14.1",
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
)


def find_chromium() -> Path:
    """Return a Chromium, fetched where there is none on PATH."""
    for name in ON_PATH:
        if found := shutil.which(name):
            return Path(found)
    return _fetched_chromium()


def axe_source() -> str:
    """Return the script of axe-core."""
    return (fetch(AXE) / "axe.min.js").read_text()


def fetch(package: Package) -> Path:
    """Return the folder of a package, fetched once.

    Raises:
        httpx.HTTPError: The registry does not answer.
        ValueError: What it sends is not what was pinned.
    """
    folder = cache_folder() / f"{package.name.replace('/', '+')}-{package.version}"
    if not folder.exists():
        with httpx.Client(follow_redirects=True, timeout=300) as client:
            tarball = client.get(package.url).raise_for_status().content
        algorithm, _, expected = package.integrity.partition("-")
        if base64.b64encode(hashlib.new(algorithm, tarball).digest()).decode() != expected:
            raise ValueError(f"{package.url} is not the {package.name} {package.version} that was pinned")
        _put(folder, lambda scratch: _extract(tarball, scratch))
    return folder / "package"


def _fetched_chromium() -> Path:
    """Unpack the package: a headless Chromium and the libraries that a bare machine lacks."""
    folder = cache_folder() / f"chromium-{CHROMIUM.version}"
    if not folder.exists():
        packed = fetch(CHROMIUM) / "bin"

        def unpack(scratch: Path) -> None:
            _brotli(packed / "chromium.br", scratch / "chromium")
            for archive in ("al2023.tar", "swiftshader.tar"):
                _brotli(packed / f"{archive}.br", scratch / archive)
                with tarfile.open(scratch / archive) as tar:
                    tar.extractall(scratch, filter="data")
                (scratch / archive).unlink()
            script = (
                '#!/bin/sh\nhere=$(dirname "$0")\nLD_LIBRARY_PATH="$here/lib" exec "$here/chromium" "$@"\n'
            )
            (scratch / "run").write_text(script)
            for name in ("chromium", "run"):
                (scratch / name).chmod(0o755)

        _put(folder, unpack)
    return folder / "run"


def _brotli(packed: Path, to: Path) -> None:
    import playwright  # noqa: PLC0415 - only a bare machine needs its Node.js

    node = Path(playwright.__file__).parent / "driver" / "node"
    subprocess.run([node, "-e", _UNPACK, packed, to], check=True)


def _extract(tarball: bytes, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(tarball)) as tar:
        tar.extractall(folder, filter="data")


def _put(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder and put it in its place at once: two who come together do not see each other's half."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        fill(scratch)
        scratch.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def cache_folder() -> Path:
    """Name the folder of this user for what can be fetched again (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "satspeak"
