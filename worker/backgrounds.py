"""Pictures and films that a service lends to be shown behind people, each by its SHA-256.

They are kept in a folder, of which what was used longest ago goes first. Each is decoded whole before it is kept.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from worker.behind import examine, open_background
from worker.canvas import Behind
from worker.errors import BackgroundMissing, BadBackground
from worker.stage import DIGEST, Stage

MAX_BACKGROUND_BYTES = 64 << 20


class Backgrounds:
    """The backgrounds that were lent. Safe to use from several threads.

    Args:
        folder: where they are kept, also over a restart.
        limit_bytes: how much of them.
    """

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes

    def find(self, digest: str) -> Path | None:
        """Find one, and keep it for longer; None where it is not here."""
        if not DIGEST.fullmatch(digest):
            return None
        path = self._folder / digest
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def check(self, stage: Stage) -> None:
        """Make sure that what a stage names is here; raises BackgroundMissing."""
        if stage.picture is not None and self.find(stage.picture) is None:
            raise BackgroundMissing

    def open(self, stage: Stage | None) -> Behind | None:
        """Open what a stage names; None where it names none.

        Raises:
            BackgroundMissing: it is not here any more.
        """
        if stage is None or stage.picture is None:
            return None
        try:
            return open_background(self._folder / stage.picture, (stage.width, stage.height), stage.fit)
        except FileNotFoundError:
            raise BackgroundMissing from None

    def keep(self, digest: str, content: IO[bytes]) -> None:
        """Take one in.

        Raises:
            BadBackground: it is no picture and no film that can be shown, or not what its digest says.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".coming-") as file:
            shutil.copyfileobj(content, file)
            file.flush()
            file.seek(0)
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise BadBackground("It is not what its digest says.")
            path = Path(file.name)
            examine(path)
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=".kept-") as home:
                kept = Path(home) / digest
                kept.hardlink_to(path)
                kept.replace(self._folder / digest)
        self._make_room(besides=digest)

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
        for path in self._folder.iterdir():
            try:
                if DIGEST.fullmatch(path.name):
                    yield path, path.stat()
            except FileNotFoundError:
                continue
