"""What the machine, or the container that this runs in, has for it."""

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def cores(limits: Path = _CGROUP) -> float:
    """Return how many cores may be used; a container may get parts of one.

    Args:
        limits: a folder of cgroup v2; a container sees its own.
    """
    here = float(len(os.sched_getaffinity(0)))
    quota, _, period = _read(limits / "cpu.max").partition(" ")
    return min(here, int(quota) / int(period)) if quota.isdigit() else here


def memory_bytes(limits: Path = _CGROUP) -> int:
    """Return how much memory may be used; the argument is that of `cores`."""
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _read(limits / "memory.max")
    return min(here, int(limit)) if limit.isdigit() else here


def _read(path: Path) -> str:
    """Return what a file says; nothing where there is no such limit."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
