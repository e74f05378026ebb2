"""Files that a service lends, in a folder of which what was used longest ago goes first."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path


class Shelf:
    """The files of one kind. Safe to use from several threads, and by several workers of one machine.

    Args:
        folder: where they are kept, also over a restart.
        limit_bytes: how much of them.
        names: what they may be called.
    """

    def __init__(self, folder: Path, *, limit_bytes: int, names: re.Pattern[str]) -> None:
        self.folder = folder
        self._limit_bytes = limit_bytes
        self._names = names

    def find(self, name: str) -> Path | None:
        """Find one, and keep it for longer; None where it is not here."""
        if not self._names.fullmatch(name):
            return None
        path = self.folder / name
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def put(self, name: str, file: Path) -> None:
        """Take a file of this folder in, in place of one that had its name; the file itself stays where it is."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".kept-") as home:
            kept = Path(home) / name
            kept.hardlink_to(file)
            kept.replace(self.folder / name)
        self._make_room(besides=name)

    def forget(self, *, before: float) -> None:
        """Forget what was used last before a moment, in seconds since 1970."""
        if not self.folder.is_dir():
            return
        for path, about in self._kept():
            if about.st_mtime < before:
                path.unlink(missing_ok=True)

    def _make_room(self, *, besides: str) -> None:
        """Forget what was used longest ago. Who has it open reads on."""
        kept = sorted(self._kept(), key=lambda each: each[1].st_mtime)
        left = sum(about.st_size for _, about in kept)
        for path, about in kept:
            if left <= self._limit_bytes:
                return
            if path.name != besides:
                path.unlink(missing_ok=True)
                left -= about.st_size

    def _kept(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.folder.iterdir():
            try:
                if self._names.fullmatch(path.name):
                    yield path, path.stat()
            except FileNotFoundError:
                continue
