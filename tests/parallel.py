"""How the whole suite is spread over the processor's cores: files go to processes of pytest-xdist.

Only a run of everything is spread, since each process has to collect and to start its own servers: a run of some paths,
of `-k` or with a debugger stays in one, unless `-n` says otherwise. A file is never torn apart, so that what its module
shares is made once. Each process has its own network, database and store; what is built or fetched once for all of them
is locked where it is made.
"""

import itertools
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

MEMORY = 3 * 2**30
"""What a process takes at most, with its nodes, its servers and the voices that it loads: bytes, rounded up."""

MEMINFO = Path("/proc/meminfo")
"""Where Linux says how much of it is free."""

WAITING = "tests/regtest"
"""What mostly waits, so that somebody else can compute meanwhile."""

LONGEST = (
    "tests/spoken/test_every_character.py",
    "tests/service/test_order_machine.py",
    "tests/service/accounts/test_prepaid_machine.py",
    "tests/worker",
    "tests/spoken",
)
"""What computes longest, and so begins first: what is left at the end should be short."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the options
def pytest_cmdline_main(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    option = config.option
    if option.numprocesses is None and _takes_everything(config) and (processes := _processes()) > 1:
        option.numprocesses = processes
    if option.numprocesses and option.dist == "no":
        option.dist = "loadfile"
        option.loadscopereorder = False  # in the order of `pytest_collection_modifyitems`
        _prepare_processes()


def _prepare_processes() -> None:
    # As many workers render at once as there are processes, so each should keep to one core.
    os.environ.setdefault("SATSPEAK_WORKER_THREADS", "1")
    # All must find the same tests in the same order, also where they are made of a set.
    os.environ.setdefault("PYTHONHASHSEED", str(secrets.randbelow(2**32)))


def pytest_configure(config: pytest.Config) -> None:
    # A service that has to compile all that it imports takes four seconds to start instead of one, and tests start
    # hundreds. Whoever wants no bytecode beside the sources has it among what pytest keeps.
    keeps = config.pluginmanager.hasplugin("cacheprovider") and not hasattr(config, "workerinput")
    if keeps and os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        folder = str(config.cache.mkdir("bytecode"))
        sys.dont_write_bytecode, sys.pycache_prefix = False, folder
        os.environ["PYTHONPYCACHEPREFIX"] = folder


def pytest_report_header() -> list[str]:
    return [f"PYTHONHASHSEED: {seed}" for seed in [os.environ.get("PYTHONHASHSEED")] if seed]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        files: dict[Path, list[pytest.Item]] = {}
        for item in items:
            files.setdefault(item.path.relative_to(config.rootpath), []).append(item)
        items[:] = [item for path in _in_turn(files) for item in files[path]]


def _in_turn(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield who waits and who computes by turns, as long as there are both."""
    ordered = sorted(paths, key=_turn)
    waiting = [path for path in ordered if path.is_relative_to(WAITING)]
    computing = [path for path in ordered if not path.is_relative_to(WAITING)]
    for both in itertools.zip_longest(waiting, computing):
        yield from (path for path in both if path is not None)


def _turn(path: Path) -> int:
    return next((n for n, first in enumerate(LONGEST) if path.is_relative_to(first)), len(LONGEST))


def _takes_everything(config: pytest.Config) -> bool:
    option = config.option
    watched = option.usepdb or option.trace or option.capture == "no"  # by somebody at the terminal
    return config.args_source is config.ArgsSource.TESTPATHS and not (option.keyword or option.lf or watched)


def _processes() -> int:
    """Say how many fit: one more than there are cores, since who needs real nodes mostly waits, if memory is free."""
    return min(_cores() + 1, _free_bytes(MEMINFO) // MEMORY)


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free_bytes(meminfo: Path) -> int:
    """Tell how much memory is free; where the system does not say, half of what there is."""
    if meminfo.exists():
        fields = dict(line.split(":") for line in meminfo.read_text().splitlines())
        return int(fields["MemAvailable"].split()[0]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
