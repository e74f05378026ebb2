"""Ports that no other network on this machine will take."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

from regtest.errors import NotReady

# Below every system's ephemeral range (Linux starts at 32768, macOS at 49152), so that no outgoing connection
# takes a port while the node that owns it restarts.
_RANGE = range(20_000, 32_000)
_ATTEMPTS = 200


class Ports:
    """Reserves ports until it is closed.

    A port that was only probed can be lost to another network before its program listens, or while that program
    restarts. A lock on a file per port closes that gap between networks; the probe tells of everybody else.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.gettempdir()) / f"satspeak-ports-{os.getuid()}"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._locks: list[IO[bytes]] = []

    def take(self) -> int:
        """Reserve one more free port."""
        for port in random.sample(_RANGE, _ATTEMPTS):
            lock = (self._folder / str(port)).open("wb")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            except OSError:
                lock.close()
                continue
            self._locks.append(lock)
            return port
        raise NotReady("a free port", 0)

    def close(self) -> None:
        """Give all of them back."""
        # The files stay: whoever unlinks one could take it from under a lock that was just taken on it.
        while self._locks:
            self._locks.pop().close()
