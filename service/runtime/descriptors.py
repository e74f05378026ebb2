"""File descriptors: each connection is one, and so is each file, each query and each render.

Whoever has taken the last one has stopped the service for everybody, so clients may have a part of them only.
"""

import resource

import structlog

ENOUGH = 1 << 20
"""More are not asked for, though some systems give as many as are asked for."""

log = structlog.get_logger()


def raise_limit() -> None:
    """Let this process open as many files as its system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    log.info("file_descriptors", limit=limit(), connections=most_connections(), streams=most_streams())


def limit() -> int:
    """Tell how many files this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def most_connections() -> int:
    """Tell how many connections clients may have, which leaves the rest for what serves them."""
    return limit() * 3 // 4


def most_waiting() -> int:
    """Tell how many connections may wait to be accepted: asyncio accepts all of them before any is sent away."""
    return max(64, min(2048, limit() // 16))


def most_streams() -> int:
    """Tell how many of these may stay open for long, so that short requests always find one."""
    return limit() // 2
