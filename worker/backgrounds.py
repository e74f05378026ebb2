"""Pictures and films that a service lends to be shown behind people, each by its SHA-256.

They are kept in a folder, of which what was used longest ago goes first. Each is decoded whole before it is kept.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import IO

from worker.behind import examine, open_background
from worker.canvas import Behind
from worker.errors import BackgroundMissing, BadBackground
from worker.shelf import Shelf
from worker.stage import DIGEST, Stage

MAX_BACKGROUND_BYTES = 64 << 20


class Backgrounds:
    """The backgrounds that were lent. Safe to use from several threads.

    Args:
        folder: where they are kept, also over a restart.
        limit_bytes: how much of them.
    """

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        self._shelf = Shelf(folder, limit_bytes=limit_bytes, names=DIGEST)

    def find(self, digest: str) -> Path | None:
        """Find one, and keep it for longer; None where it is not here."""
        return self._shelf.find(digest)

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
            return open_background(self._shelf.folder / stage.picture, (stage.width, stage.height), stage.fit)
        except FileNotFoundError:
            raise BackgroundMissing from None

    def keep(self, digest: str, content: IO[bytes]) -> None:
        """Take one in.

        Raises:
            BadBackground: it is no picture and no film that can be shown, or not what its digest says.
        """
        self._shelf.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._shelf.folder, prefix=".coming-") as file:
            shutil.copyfileobj(content, file)
            file.flush()
            file.seek(0)
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise BadBackground("It is not what its digest says.")
            path = Path(file.name)
            examine(path)
            self._shelf.put(digest, path)
