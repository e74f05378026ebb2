"""Avatars that somebody made for themselves: the service lends their packs for as long as it has films made of them.

A pack comes as a tar of `avatar.json` and its films, and is kept in a folder, of which what was used longest ago goes
first. Nobody is told of them: whoever names one has it from the service.
"""

import os
import re
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import structlog

from worker.avatars import Pack, read_pack
from worker.errors import BadAssets, BadPack

NAME = re.compile(r"own_[0-9a-f]{24}")
"""No avatar of the worker's own is called so."""

MAX_PACK_BYTES = 64 << 20
"""Footage with its mouths and mattes is under 30 MB, of whatever length and lines it is."""

_FILE = re.compile(r"avatar\.json|[a-z0-9][a-z0-9_.-]{0,79}\.mp4")
_MOST_FILES = 32

log = structlog.get_logger()


class Lent:
    """The packs that were lent. Safe to use from several threads.

    Args:
        folder: Where they are kept, also over a restart.
        limit_bytes: How much of them.
        check: Refuses a pack, and the folder of its films, that cannot be shown here; raises BadAssets.
    """

    def __init__(self, folder: Path, *, limit_bytes: int, check: Callable[[Pack, Path], None]) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._check = check
        self._lock = threading.Lock()

    def find(self, name: str) -> Pack | None:
        """Find a pack, and keep it for longer; None where there is none."""
        if not NAME.fullmatch(name):
            return None
        home = self._folder / name
        try:
            os.utime(home)
            return read_pack(home / "avatar.json")
        except (OSError, BadAssets):  # not there, or just going
            return None

    def film(self, name: str, file: str) -> Path:
        """Return where a film is."""
        return self._folder / name / file

    def keep(self, name: str, archive: IO[bytes]) -> None:
        """Take a pack in, in place of one that had this name.

        Raises:
            BadPack: It is none, or cannot be shown here; says why.
        """
        if not NAME.fullmatch(name):
            raise BadPack(f"{name!r} is no name of an account's avatar.")
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".coming-") as coming:
            home = Path(coming) / name
            home.mkdir()
            _unpack(archive, home)
            try:
                pack = read_pack(home / "avatar.json")
                self._check(pack, home)
            except (BadAssets, OSError) as error:
                raise BadPack(f"It is no pack of an avatar: {str(error).replace(coming, '')}") from error
            with self._lock:
                shutil.rmtree(self._folder / name, ignore_errors=True)
                home.rename(self._folder / name)
                self._make_room(besides=name)
        log.info("avatar lent", avatar=name, emotions=sorted(pack.emotions))

    def _make_room(self, *, besides: str) -> None:
        """Forget what was used longest ago. Who has its films open reads on."""
        homes = sorted(
            (home for home in self._folder.iterdir() if NAME.fullmatch(home.name)),
            key=lambda home: home.stat().st_mtime,
        )
        sizes = {home: sum(file.stat().st_size for file in home.iterdir()) for home in homes}
        left = sum(sizes.values())
        for home in homes:
            if left <= self._limit_bytes:
                return
            if home.name != besides:
                shutil.rmtree(home, ignore_errors=True)
                left -= sizes[home]


def _unpack(archive: IO[bytes], home: Path) -> None:
    """Write the files of a tar: nothing but a pack's, and not without end."""
    size = 0
    try:
        with tarfile.open(fileobj=archive, mode="r|") as tar:
            for number, member in enumerate(tar):
                size += member.size
                if not member.isreg() or not _FILE.fullmatch(member.name) or number >= _MOST_FILES:
                    raise BadPack(f"{member.name[:80]!r} has no place in it.")
                if size > MAX_PACK_BYTES:
                    raise BadPack(f"It is larger than {MAX_PACK_BYTES >> 20} MB.")
                content = tar.extractfile(member)
                assert content is not None
                with (home / member.name).open("xb") as file:
                    shutil.copyfileobj(content, file)
    except (tarfile.TarError, FileExistsError) as error:
        raise BadPack(f"It is no tar of its files: {error}") from error
