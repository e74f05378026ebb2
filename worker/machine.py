"""What the machine, or the container or systemd unit that this runs in, has for it."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_ROOT = Path("/")

# A group that takes more than its `high` is made to wait for memory, which is no better than to have none.
_MEMORY = ("memory.max", "memory.high", "memory.limit_in_bytes")


def cores(root: Path = _ROOT) -> float:
    """Return how many cores may be used; a container may get parts of one.

    Args:
        root: where `proc` and `sys` are.
    """
    found = [float(len(os.sched_getaffinity(0)))]
    for folder in _groups("cpu", root):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if not quota:
            quota, period = (_read(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        if quota.isdigit() and period.isdigit():  # else "max", or -1
            found.append(int(quota) / int(period))
    return min(found)


def memory_bytes(root: Path = _ROOT) -> int:
    """Return how much memory may be used; the argument is that of `cores`."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    limits = (_read(folder / name) for folder in _groups("memory", root) for name in _MEMORY)
    return min(found + [int(limit) for limit in limits if limit.isdigit()])


def _groups(controller: str, root: Path) -> Iterator[Path]:
    """Yield the folders with the limits of this process: its control groups' own, and those above, which hold as well.

    A container may see its group alone, and may see it under another name than it has for itself (cgroups(7),
    cgroup_namespaces(7)): where a group is not found below what is mounted, what is mounted is the group.

    Args:
        controller: of cgroup v1; v2 has one tree for all.
        root: see `cores`.
    """
    own: dict[str, PurePosixPath] = {}  # by controller, and by nothing in v2
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, names, path = line.split(":", 2)
        own |= dict.fromkeys(names.split(","), PurePosixPath(path))
    for line in _read(root / "proc/self/mountinfo").splitlines():
        mount, _, file_system = line.partition(" - ")
        top, point = mount.split(" ")[3:5]
        kind, _, options = file_system.split(" ", 2)
        here = kind == "cgroup2" or (kind == "cgroup" and controller in options.split(","))
        group = own.get("" if kind == "cgroup2" else controller) if here else None
        if group is None:
            continue
        below = group.relative_to(top).parts if group.is_relative_to(top) else ()
        seen = () if ".." in below else below
        for depth in range(len(seen) + 1):
            yield root.joinpath(point.lstrip("/"), *seen[:depth])


def _read(path: Path) -> str:
    """Return what a file says; nothing where there is no such limit."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
